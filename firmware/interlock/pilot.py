"""Control pilot voltages → states (IEC 61851-1, Table A.4): the literal table, hysteresis, time to stand."""

from dataclasses import dataclass, replace

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
STABLE_MS = 20
"""How long a new state must stand before it counts. Leaving C does not wait, to D neither: D asks for
ventilation, and may not be fed without. Nor does D, when the vehicle asks for nothing any more."""

PLUGGED_IN = frozenset("BCD")
WANTS_ENERGY = frozenset("CD")


def classify(high_mv: int, present: str) -> str:
    """Return the state that a positive peak means, with hysteresis in favour of the present one."""
    names = [state for state, _, _ in STATES]
    lowers = [lower for _, lower, _ in STATES]
    index = names.index(present)
    upper = lowers[index - 1] if index else 100_000
    if lowers[index] - HYSTERESIS_MV <= high_mv < upper + HYSTERESIS_MV:
        return present
    return next(state for state, lower, _ in STATES if high_mv >= lower)


@dataclass(frozen=True, slots=True)
class PilotState:
    """The state that counts, and the one that is on its way to."""

    state: str = "A"
    candidate: str = "A"
    since_ms: int = 0

    def sampled(self, high_mv: int, at_ms: int) -> "PilotState":
        """Return the pilot after a sample: into a state when it has stood, out of C at once."""
        seen = classify(high_mv, self.state)
        if seen == self.state:
            return replace(self, candidate=seen, since_ms=at_ms)
        since_ms = self.since_ms if seen == self.candidate else at_ms
        leaving = self.state == "C" or (self.state in WANTS_ENERGY and seen not in WANTS_ENERGY)
        if leaving or at_ms - since_ms >= STABLE_MS:
            return PilotState(seen, seen, at_ms)
        return PilotState(self.state, seen, since_ms)

    def due_ms(self) -> int | None:
        """Return when the candidate will count, if there is one."""
        return None if self.candidate == self.state else self.since_ms + STABLE_MS
