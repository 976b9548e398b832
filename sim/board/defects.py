"""What can be broken at an EVSE: one table for the parts, the control protocol, scenarios and the page."""

from collections.abc import Callable
from typing import NamedTuple


class Defect(NamedTuple):
    """``breaks`` and ``mends`` are actions of the control protocol; one mending may serve several defects."""

    breaks: str
    mends: str
    explains: str


DEFECTS: dict[str, Defect] = {
    "leak": Defect("leak", "mend_leak", "residual current flows: the device trips for as long"),
    "residual_device_dead": Defect(
        "break_residual_device", "mend_residual_device", "no test and no residual current makes it trip"
    ),
    "residual_device_stuck": Defect(
        "stick_residual_device", "mend_residual_device", "it is tripped, whatever flows"
    ),
    "thermometer_broken": Defect("break_thermometer", "mend_thermometer", "the sensor gives no value"),
    "proximity_open": Defect("break_proximity", "mend_proximity", "the contact is open though a plug is in"),
    "proximity_shorted": Defect(
        "short_proximity", "mend_proximity", "the contact lies on earth: 0 ohm is no cable"
    ),
    "diode_broken": Defect("break_diode", "mend_diode", "the vehicle loads both halves of the pilot"),
    "pilot_shorted": Defect("short_pilot", "mend_pilot", "pilot on earth: 0 V, state E"),
    "pilot_torn": Defect("tear_pilot", "mend_pilot", "pilot line torn off: -12 V, state F"),
    "contactor_welded": Defect("weld_contactor", "unweld_contactor", "once closed, the contacts stay so"),
    "coil_broken": Defect("break_coil", "mend_coil", "the contactor does not pull in, and drops out"),
    "contactor_hangs": Defect(
        "hang_contactor", "free_contactor", "opened, it carries nothing, but its mirror contact stays closed"
    ),
    "mirror_stuck_open": Defect("stick_mirror_open", "free_mirror", "the mirror contact says open, always"),
    "mirror_stuck_closed": Defect(
        "stick_mirror_closed", "free_mirror", "the mirror contact says closed, always"
    ),
    "meter_stands": Defect("freeze_meter", "mend_meter", "the meter measures power and counts no energy"),
    "meter_repeats": Defect("repeat_meter", "mend_meter", "a gateway repeats what it read of the meter last"),
    "lock_jammed": Defect("jam_lock", "free_lock", "the bolt does not move"),
    "lock_feedback_stuck": Defect(
        "stick_lock_feedback", "free_lock_feedback", "the feedback stays at what it says now"
    ),
}


class Defects:
    """Which of `DEFECTS` one EVSE has now; ``changed`` is called after each change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._present: set[str] = set()
        self._changed = changed

    def __contains__(self, name: str) -> bool:
        return name in self._present

    def names(self) -> list[str]:
        """Return what is broken, in order of the alphabet."""
        return sorted(self._present)

    def add(self, name: str) -> None:
        """Break something. Raises KeyError for a defect that is none."""
        DEFECTS[name]
        self._present.add(name)
        self._changed()

    def remove(self, name: str) -> None:
        """Mend something."""
        self._present.discard(name)
        self._changed()
