"""Control pilot voltages → states (IEC 61851-1, Table A.4): the literal table and its hysteresis."""

from typing import NamedTuple

STATES: tuple[tuple[str, int, str], ...] = (
    # state, lower threshold in mV, what it means; thresholds lie midway between the nominal voltages,
    # so the standard's ±1 V of each state is inside its band
    ("A", 10_500, "12 V: no vehicle"),
    ("B", 7_500, "9 V: vehicle connected"),
    ("C", 4_500, "6 V: vehicle wants energy"),
    ("D", 1_500, "3 V: vehicle wants energy and ventilation"),
    ("E", -1_500, "0 V: pilot shorted or supply lost"),
    ("F", -100_000, "-12 V: not available, or the pilot is torn"),
)
HYSTERESIS_MV = 300
PLUGGED_IN = frozenset("BCD")

_NAMES = tuple(state for state, _, _ in STATES)
_LOWERS = tuple(lower for _, lower, _ in STATES)


class PilotState(NamedTuple):
    """The state that counts, and the one that the last sample showed: on its way in, or noise."""

    state: str = "A"
    seen: str = "A"


def classify(high_mv: int, present: str) -> str:
    """Return the state that a positive peak means, with hysteresis in favour of the present one."""
    index = _NAMES.index(present)
    upper = _LOWERS[index - 1] if index else 100_000
    if _LOWERS[index] - HYSTERESIS_MV <= high_mv < upper + HYSTERESIS_MV:
        return present
    return next(state for state, lower, _ in STATES if high_mv >= lower)
