"""The backend's alarm list: faults that stations report, and what the books refuse to believe."""

from dataclasses import dataclass
from typing import Any, Final

MREC_FAULTS: Final = {
    "CX001": "ConnectorLockFailure",
    "CX002": "GroundFailure",
    "CX003": "HighTemperature",
    "CX004": "OverCurrentFailure",
    "CX005": "OverVoltage",
    "CX006": "UnderVoltage",
    "CX008": "EmergencyStop",
    "CX010": "InvalidVehicleMode",
    "CX014": "PilotFault",
    "CX015": "PowerLoss",
    "CX017": "EVSEContactorFault",
    "CX023": "ProximityFault",
}
"""CharIN's minimum required error codes by name; a code that is not here stands for itself."""


@dataclass(slots=True)
class Alarm:
    """One alarm. ``at`` is billing time (ISO 8601); ``code`` and ``text`` are for whoever acts on it.

    ``fault`` names what is wrong in one word; ``evse`` 0 is the station itself.
    """

    at: str
    station: str
    code: str
    text: str
    fault: str
    evse: int = 0
    transaction: str = ""
    active: bool = True
    cleared_at: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "station": self.station,
            "code": self.code,
            "text": self.text,
            "fault": self.fault,
            "active": self.active,
            "evse": self.evse,
            "transaction_id": self.transaction,
            "cleared_at": self.cleared_at,
        }


class AlarmList:
    """All alarms, oldest first. A fault that is raised again while active is one alarm."""

    def __init__(self) -> None:
        self._alarms: list[Alarm] = []

    def add(self, alarm: Alarm) -> None:
        """Put an alarm on the list that no message of a station clears."""
        self._alarms.append(alarm)

    def raise_fault(self, alarm: Alarm) -> None:
        """Put a fault on the list, unless the same is active already."""
        if self._find(alarm.station, alarm.evse, alarm.fault) is None:
            self._alarms.append(alarm)

    def clear_fault(self, station: str, evse: int, fault: str, at: str) -> None:
        """Mark a fault as over; a fault that was never raised here is no news."""
        alarm = self._find(station, evse, fault)
        if alarm is not None:
            alarm.active, alarm.cleared_at = False, at

    def as_json(self) -> list[dict[str, Any]]:
        return [alarm.as_json() for alarm in self._alarms]

    def _find(self, station: str, evse: int, fault: str) -> Alarm | None:
        for alarm in self._alarms:
            if alarm.active and (alarm.station, alarm.evse, alarm.fault) == (station, evse, fault):
                return alarm
        return None
