"""The pilot's wire between a coprocessor and a vehicle (IEC 61851-1, Tables A.2 and A.4)."""

from dataclasses import dataclass

STEADY_E4 = 10_000
_HIGH_MV = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000, "E": 0}
_LOW_MV = -12_000
STATES = tuple(_HIGH_MV)


@dataclass
class PilotCircuit:
    """What is at the end of the cable: nothing (A), a vehicle (B, C, D), a short to earth (E)."""

    state: str = "A"
    diode_ok: bool = True

    def peaks_mv(self, duty_e4: int) -> tuple[int, int]:
        """Return the positive and the negative peak at this duty; a steady pilot has one voltage."""
        if self.state == "E":
            return 0, 0
        high_mv = _HIGH_MV[self.state]
        low_mv = _LOW_MV if self.diode_ok or self.state == "A" else -high_mv
        if duty_e4 == STEADY_E4:
            return high_mv, high_mv
        return (low_mv, low_mv) if duty_e4 == 0 else (high_mv, low_mv)
