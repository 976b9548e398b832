"""The backend's alarm list: faults that stations report, and what the books refuse to believe."""

from dataclasses import dataclass
from typing import Any


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
        """Put an alarm on the list that nothing clears."""
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

    def has_active_fault(self, station: str, evse: int) -> bool:
        """Tell whether a fault is active on an EVSE or on the whole station."""
        return any(
            alarm.active and alarm.station == station and alarm.evse in (0, evse) and not alarm.transaction
            for alarm in self._alarms
        )

    def as_json(self) -> list[dict[str, Any]]:
        return [alarm.as_json() for alarm in self._alarms]

    def _find(self, station: str, evse: int, fault: str) -> Alarm | None:
        for alarm in self._alarms:
            if alarm.active and (alarm.station, alarm.evse, alarm.fault) == (station, evse, fault):
                return alarm
        return None
