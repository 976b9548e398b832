"""What the interlock is told on its command line: JSON, so that it reads no file."""

import json
from dataclasses import dataclass
from typing import Any

_MOST_EVSES = 255  # an EVSE's number is one byte in a frame of the lease
_LEAST_MA, _MOST_MA = 6_000, 80_000  # what a pilot can offer (IEC 61851-1, Table A.7)


class SettingsError(ValueError):
    """The settings are not what the interlock needs, or the board does not fit them; the text says where."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``socket`` is where the agent connects; ``evses`` maps numbers to the most each may offer, in mA."""

    socket: str
    backend: str
    address: str
    evses: dict[int, int]


def parse(text: str) -> Settings:
    """Return the settings in ``text``. Raises SettingsError."""
    try:
        table: Any = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"settings: no JSON: {error}") from error
    board = _value(table, "board", dict, "settings")
    evses: dict[int, int] = {}
    for entry in _value(table, "evses", list, "settings"):
        number = _number(entry, "id", 1, _MOST_EVSES)
        if number in evses:
            raise SettingsError(f"settings: evses: id {number} is there twice")
        evses[number] = _number(entry, "max_current_ma", _LEAST_MA, _MOST_MA)
    if not evses:
        raise SettingsError("settings: evses: empty, at least one is needed")
    backend, address = (_value(board, key, str, "settings: board") for key in ("backend", "address"))
    return Settings(_value(table, "socket", str, "settings"), backend, address, evses)


def _value(table: Any, key: str, kind: type, where: str) -> Any:
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: {table!r} is no object")
    if key not in table:
        raise SettingsError(f"{where}: {key}: missing")
    value = table[key]
    if type(value) is not kind:
        raise SettingsError(f"{where}: {key}: {value!r} is no {_KINDS[kind]}")
    return value


_KINDS = {dict: "object", list: "list", str: "text", int: "integer"}


def _number(table: Any, key: str, least: int, most: int) -> int:
    value: int = _value(table, key, int, "settings: evses")
    if not least <= value <= most:
        raise SettingsError(f"settings: evses: {key}: {value} is outside {least} to {most}")
    return value
