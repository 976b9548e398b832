"""What the interlock is told on its command line: JSON, so that it reads no file."""

import json
from dataclasses import dataclass
from typing import Any


class SettingsError(ValueError):
    """The settings are not what the interlock needs; the text says where."""


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
        evses = {int(evse["id"]): int(evse["max_current_ma"]) for evse in table["evses"]}
        settings = Settings(table["socket"], table["board"]["backend"], table["board"]["address"], evses)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"settings: {error}") from error
    except KeyError as error:
        raise SettingsError(f"settings: {error.args[0]}: missing") from error
    if not evses:
        raise SettingsError("settings: evses: empty, at least one is needed")
    return settings
