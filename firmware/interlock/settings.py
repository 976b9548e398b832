"""What the interlock is told on its command line: JSON, so that it reads no file.

``{"socket": path, "board": io, "evses": [{"id": 1, "hold_e4": 4000, "proximity_divider": {"supply_mv": 3300,
"pull_up_ohm": 330}, "rules": {"max_current_ma": 32000, …}}]}``; ``board`` is what `hal.backends.open_board`
takes, ``rules`` are the fields of `model.Rules`. What is left out is as there; an unknown key is an error.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from firmware.interlock.json_object import JsonObject, SettingsError
from firmware.interlock.model import Derating, Rules

_MOST_EVSES = 255  # an EVSE's number is one byte in a frame of the lease
_LEAST_MA, _MOST_MA = 6_000, 80_000  # what a pilot can offer (IEC 61851-1, Table A.7)


class Divider(NamedTuple):
    """The proximity contact's supply and the resistor from there to the contact."""

    supply_mv: int
    pull_up_ohm: int


class EvseSettings(NamedTuple):
    """One EVSE. ``hold_e4`` is the duty that holds a coil with an economiser; ``path`` begins the
    path of each of its keys."""

    number: int
    rules: Rules
    hold_e4: int = 4_000
    divider: Divider | None = None
    path: str = "settings: evses[0]."


class Settings(NamedTuple):
    """``socket`` is where the agent connects; ``board`` is for `hal.backends.open_board`."""

    socket: str
    board: dict[str, Any]
    evses: tuple[EvseSettings, ...]


def parse(text: str) -> Settings:
    """Return the settings in ``text``. Raises SettingsError."""
    try:
        table = JsonObject(json.loads(text))
    except ValueError as error:
        raise SettingsError(f"settings: no JSON: {error}") from error
    entries = table.value("evses", list)
    settings = Settings(
        table.value("socket", str),
        table.value("board", dict),
        tuple(_evse(JsonObject(entry, f"evses[{at}].")) for at, entry in enumerate(entries)),
    )
    table.done()
    JsonObject(settings.board, "board.").value("backend", str)
    if not settings.evses:
        raise SettingsError("settings: evses: empty, at least one is needed")
    _require_once(evse.number for evse in settings.evses)
    return settings


def _require_once(numbers: Iterable[int]) -> None:
    seen: set[int] = set()
    for number in numbers:
        if number in seen:
            raise SettingsError(f"settings: evses: id {number} is there twice")
        seen.add(number)


def _evse(table: JsonObject) -> EvseSettings:
    rules = table.inner("rules")
    settings = EvseSettings(
        table.number("id", 1, _MOST_EVSES),
        _rules(rules),
        table.number("hold_e4", 1, 10_000, 4_000),
        _divider(table),
        table.path,
    )
    if settings.rules.proximity != "none" and settings.divider is None:
        raise table.error("proximity_divider", "missing, rules.proximity needs it")
    table.done()
    return settings


def _divider(table: JsonObject) -> Divider | None:
    inner = table.optional("proximity_divider")
    if inner is None:
        return None
    divider = Divider(inner.number("supply_mv", 1, 100_000), inner.number("pull_up_ohm", 1, 1_000_000))
    inner.done()
    return divider


def _rules(table: JsonObject) -> Rules:
    """Return the rules; what is left out is as `Rules` has it."""
    plain = Rules(table.number("max_current_ma", _LEAST_MA, _MOST_MA))
    rules = Rules(
        plain.max_current_ma,
        phases=table.choice("phases", (1, 3), plain.phases),
        lock=table.choice("lock", ("motor", "solenoid", "none"), plain.lock),
        lock_holds=table.choice("lock_holds", ("plug", "holster"), plain.lock_holds),
        release_on=table.choices("release_on", ("EmergencyStop", "PowerFailing")),
        proximity=table.choice("proximity", ("none", "iec", "gbt"), plain.proximity),
        residual_current=table.flag("residual_current"),
        ventilation=table.flag("ventilation"),
        economiser=table.flag("economiser"),
        reclose_ms=table.number("reclose_ms", 0, 600_000, plain.reclose_ms),
        derating=_derating(table),
        voltage_mv=_band(table, plain.voltage_mv),
    )
    table.done()
    return rules


def _derating(table: JsonObject) -> Derating | None:
    inner = table.optional("derating")
    if inner is None:
        return None
    plain = Derating()
    derating = Derating(
        inner.number("from_mc", -40_000, 150_000, plain.from_mc),
        inner.number("stop_mc", -40_000, 150_000, plain.stop_mc),
        inner.number("resume_mc", -40_000, 150_000, plain.resume_mc),
    )
    if not (derating.from_mc < derating.stop_mc and derating.resume_mc < derating.stop_mc):
        raise inner.error("stop_mc", "must be above from_mc and resume_mc")
    inner.done()
    return derating


def _band(table: JsonObject, default: tuple[int, int]) -> tuple[int, int]:
    band = table.value("voltage_mv", list, list(default))
    if len(band) != 2 or any(type(mv) is not int for mv in band) or not 0 < band[0] < band[1]:
        raise table.error("voltage_mv", f"{band!r} is no pair of a lower and an upper voltage")
    return band[0], band[1]
