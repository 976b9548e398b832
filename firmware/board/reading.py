"""What a board's inputs say, in numbers and in the words of the trade."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from config.schema import EvseParts
from firmware.board.wiring import ohms
from firmware.interlock.faults import DIODE_LOW_MV
from firmware.interlock.pilot import STATES, classify
from firmware.interlock.proximity import OPEN_OHM, cable_ma
from hal.ports import Board, BoardLostError, PortKind

INPUT_WORDS = {
    "contactor_mirror": ("main contacts open", "main contacts closed"),
    "lock_feedback": ("locked", "not locked"),
    "residual_current": ("tripped", "no fault"),
    "emergency_stop": ("pressed", "not pressed"),
    "door": ("open", "closed"),
    "power_failing": ("mains gone", "mains there"),
}
"""What an input means when it is active, and when it is not."""
MOVED = {"adc": 500, "thermometer": 1_000}
"""From how much on a change is worth a line: mV, and thousandths of a degree."""
_STEADY_MV = -1_500
_OF_AN_EVSE = re.compile(r"evse([0-9]+)\.(.+)")
_PILOT_WORDS = {state: meaning for state, _, meaning in STATES}


class Reading(NamedTuple):
    """One input now. ``value`` None: it does not answer. ``meaning`` may be empty."""

    name: str
    kind: PortKind
    value: int | bool | None
    meaning: str

    def number(self) -> str:
        """Return the value as a person reads it."""
        match self.kind, self.value:
            case _, None:
                return "no answer"
            case "input", value:
                return "active" if value else "inactive"
            case "adc", value:
                return f"{value} mV"
            case _, value:
                return f"{value / 1000:.1f} °C"

    def text(self) -> str:
        """Return value and meaning in one."""
        return f"{self.number()}, {self.meaning}" if self.meaning else self.number()

    def differs(self, before: "Reading") -> bool:
        """Return whether this is worth telling after ``before``."""
        if self.meaning != before.meaning or None in (self.value, before.value):
            return (self.meaning, self.value) != (before.meaning, before.value)
        moved = abs(int(self.value or 0) - int(before.value or 0))
        return moved >= MOVED.get(self.kind, 1)


def readings(
    board: Board, evses: dict[int, EvseParts], before: dict[str, Reading] | None = None
) -> Iterator[Reading]:
    """Yield every input of the board by its name; ``before`` keeps a pilot's state within its hysteresis."""
    known = before or {}
    names = board.names()
    for name in sorted(names["input"]):
        value = _answer(board.input(name).read)
        yield Reading(name, "input", value, _input_words(name, value))
    for name in sorted(names["adc"]):
        value = _answer(board.adc(name).read_mv)
        yield Reading(name, "adc", value, _voltage_words(name, value, evses, known.get(name)))
    for name in sorted(names["thermometer"]):
        yield Reading(name, "thermometer", _answer(board.thermometer(name).read_mc), "")


def _answer(read: Callable[[], int]) -> int | None:
    """Return what one port says, None when it does not answer; whether the board is there, refresh tells."""
    try:
        return read()
    except BoardLostError:
        return None


def _input_words(name: str, active: int | None) -> str:
    words = INPUT_WORDS.get(name.rpartition(".")[2])
    return words[not active] if words and active is not None else ""


def _voltage_words(name: str, mv: int | None, evses: dict[int, EvseParts], before: Reading | None) -> str:
    found = _OF_AN_EVSE.fullmatch(name)
    if found is None or mv is None:
        return ""
    match found[2]:
        case "pilot_high":
            return _pilot_words(mv, before)
        case "pilot_low":
            return _negative_words(mv)
        case "proximity":
            return _plug_words(mv, evses.get(int(found[1])))
    return ""


def _pilot_words(mv: int, before: Reading | None) -> str:
    """Return the state of a positive peak, as the interlock would see it (IEC 61851-1, Table A.4)."""
    present = before.meaning[:1] if before is not None and before.meaning else "A"
    state = classify(mv, present)
    return f"{state}  {_PILOT_WORDS[state]}"


def _negative_words(mv: int) -> str:
    if mv >= _STEADY_MV:
        return "no negative half: the pilot is steady"
    return "-12 V: PWM, diode there" if mv <= DIODE_LOW_MV else "too near to 0 V: no diode, or a weak supply"


def _plug_words(mv: int, parts: EvseParts | None) -> str:
    if parts is None or parts.proximity is None:
        return ""
    ohm = ohms(mv, parts.proximity)
    if ohm > OPEN_OHM:
        return "no plug"
    rated_ma = cable_ma(ohm, parts.proximity.codes)
    return f"{ohm} Ω: " + ("no code of a cable" if rated_ma is None else f"cable for {rated_ma // 1000} A")
