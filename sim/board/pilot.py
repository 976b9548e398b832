"""The control pilot's circuit: duty, vehicle and defects → peak voltages (IEC 61851-1, Table A.4)."""

from typing import Literal

from sim.board.defects import Defects

STEADY_HIGH_E4 = 10_000
STEADY_LOW_E4 = 0
LOW_MV = -12_000
HIGH_MV = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000}

PilotState = Literal["A", "B", "C", "D", "E", "F"]


def offered_a(duty_e4: int) -> float:
    """Return the current per phase in amperes that a pilot duty offers, 0 outside 10 to 96 %.

    IEC 61851-1, annex A: duty % × 0.6 up to 85 %, (duty % − 64) × 2.5 above.
    """
    if not 1_000 <= duty_e4 <= 9_600:
        return 0.0
    percent = duty_e4 / 100
    return percent * 0.6 if percent <= 85 else (percent - 64) * 2.5


def seen_state(vehicle: PilotState, defects: Defects) -> PilotState:
    """Return the state that the charger sees when the vehicle makes ``vehicle``."""
    if "pilot_shorted" in defects:
        return "E"
    return "F" if "pilot_torn" in defects else vehicle


def peaks_mv(seen: PilotState, duty_e4: int, defects: Defects) -> tuple[int, int]:
    """Return the pilot's highest and lowest voltage in mV."""
    if seen == "E":
        return 0, 0
    if seen == "F" or duty_e4 == STEADY_LOW_E4:
        return LOW_MV, LOW_MV
    high_mv = HIGH_MV[seen]
    if duty_e4 == STEADY_HIGH_E4:
        return high_mv, high_mv
    both_halves = "diode_broken" in defects and seen != "A"
    return high_mv, -high_mv if both_halves else LOW_MV
