"""Which ports a board can have, and which parts of an EVSE ask for them: the literal table.

The interlock's drivers open ports by these names (``evse1.contactor``; `firmware/interlock/wiring.py`).
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from config.schema import EvseParts

Table = Literal["outputs", "inputs", "pwms", "adcs", "thermometers"]
"""A table of the board file; without its last letter it is a port kind of the hal."""


class EvsePort(NamedTuple):
    """A port of each EVSE, ``evse1.…``; ``because``: the key of ``evses.N`` that asks for it, with its value.

    Empty: every EVSE has it.
    """

    table: Table
    name: str
    because: str
    needed: Callable[[EvseParts], bool]


class BoardPort(NamedTuple):
    """A port that the board has once, for all its EVSEs."""

    table: Table
    name: str
    needed: bool


def _always(_parts: EvseParts) -> bool:
    return True


def _locked(parts: EvseParts) -> bool:
    return parts.lock != "none"


def _monitored(parts: EvseParts) -> bool:
    return parts.residual_current


_ANY_LOCK = 'lock = "motor" or "solenoid"'
EVSE_PORTS: tuple[EvsePort, ...] = (
    EvsePort("outputs", "contactor", "economiser = false", lambda parts: not parts.economiser),
    EvsePort("pwms", "contactor", "economiser = true", lambda parts: parts.economiser),
    EvsePort("inputs", "contactor_mirror", "", _always),
    EvsePort("outputs", "lock_forward", _ANY_LOCK, _locked),
    EvsePort("outputs", "lock_reverse", 'lock = "motor"', lambda parts: parts.lock == "motor"),
    EvsePort("inputs", "lock_feedback", _ANY_LOCK, _locked),
    EvsePort("pwms", "pilot", "", _always),
    EvsePort("adcs", "pilot_high", "", _always),
    EvsePort("adcs", "pilot_low", "", _always),
    EvsePort("adcs", "proximity", "proximity = {…}", lambda parts: parts.proximity is not None),
    EvsePort("outputs", "residual_test", "residual_current = true", _monitored),
    EvsePort("inputs", "residual_current", "residual_current = true", _monitored),
    EvsePort("outputs", "ventilation", "ventilation = true", lambda parts: parts.ventilation),
    EvsePort("thermometers", "temperature", "derating = {…}", lambda parts: parts.derating is not None),
)
BOARD_PORTS: tuple[BoardPort, ...] = (
    BoardPort("inputs", "emergency_stop", needed=True),
    BoardPort("inputs", "door", needed=False),
    BoardPort("inputs", "power_failing", needed=False),
    BoardPort("outputs", "heartbeat", needed=False),
)


class Need(NamedTuple):
    """A port that a board must have, and the setting that asks for it; empty: every board has it."""

    table: Table
    name: str
    because: str


def needs(evses: dict[int, EvseParts]) -> Iterator[Need]:
    """Yield the ports that these EVSEs need, by their numbers."""
    for port in BOARD_PORTS:
        if port.needed:
            yield Need(port.table, port.name, "")
    for number, parts in evses.items():
        for wanted in EVSE_PORTS:
            if wanted.needed(parts):
                because = f"evses.{number}.{wanted.because}" if wanted.because else ""
                yield Need(wanted.table, f"evse{number}.{wanted.name}", because)
        if "PowerFailing" in parts.release_on:
            yield Need("inputs", "power_failing", f'evses.{number}.release_on = ["PowerFailing"]')
