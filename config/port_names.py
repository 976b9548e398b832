"""Which ports a board can have, and which parts of an EVSE ask for them: the literal table.

The interlock's drivers open ports by these names (``evse1.contactor``; `firmware/interlock/wiring.py`).
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from config.schema import EvseParts

Table = Literal["outputs", "inputs", "pwms", "adcs", "thermometers"]
"""A table of the board file; without its last letter it is a port kind of the hal."""


class EvsePort(NamedTuple):
    """A port of each EVSE. ``because`` is the key of ``evses.N`` that asks for it, and the value that does.

    Empty: every EVSE has it.
    """

    table: Table
    name: str
    meaning: str
    because: str
    needed: Callable[[EvseParts], bool]


class BoardPort(NamedTuple):
    """A port that the board has once, for all its EVSEs."""

    table: Table
    name: str
    meaning: str
    needed: bool


def _always(parts: EvseParts) -> bool:
    return True


EVSE_PORTS: tuple[EvsePort, ...] = (
    EvsePort("outputs", "contactor", "contactor coil", "economiser = false", lambda it: not it.economiser),
    EvsePort("pwms", "contactor", "contactor coil", "economiser = true", lambda it: it.economiser),
    EvsePort("inputs", "contactor_mirror", "active: the main contacts are open", "", _always),
    EvsePort(
        "outputs", "lock_forward", "locks", 'lock = "motor" or "solenoid"', lambda it: it.lock != "none"
    ),
    EvsePort("outputs", "lock_reverse", "releases", 'lock = "motor"', lambda it: it.lock == "motor"),
    EvsePort(
        "inputs",
        "lock_feedback",
        "active: locked",
        'lock = "motor" or "solenoid"',
        lambda it: it.lock != "none",
    ),
    EvsePort("pwms", "pilot", "control pilot, 1 kHz", "", _always),
    EvsePort("adcs", "pilot_high", "positive peak of the pilot", "", _always),
    EvsePort("adcs", "pilot_low", "negative peak of the pilot", "", _always),
    EvsePort(
        "adcs",
        "proximity",
        "proximity contact",
        "proximity = {…}",
        lambda it: it.proximity is not None,
    ),
    EvsePort(
        "outputs",
        "residual_test",
        "test of the residual current device",
        "residual_current = true",
        lambda it: it.residual_current,
    ),
    EvsePort(
        "inputs",
        "residual_current",
        "active: tripped",
        "residual_current = true",
        lambda it: it.residual_current,
    ),
    EvsePort("outputs", "ventilation", "ventilation", "ventilation = true", lambda it: it.ventilation),
    EvsePort(
        "thermometers",
        "temperature",
        "temperature of the housing",
        "derating = {…}",
        lambda it: it.derating is not None,
    ),
)
BOARD_PORTS: tuple[BoardPort, ...] = (
    BoardPort("inputs", "emergency_stop", "active: pressed", needed=True),
    BoardPort("inputs", "door", "active: open", needed=False),
    BoardPort("inputs", "power_failing", "active: mains gone", needed=False),
    BoardPort("outputs", "heartbeat", "toggled while the interlock works; feeds the coils", needed=False),
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
