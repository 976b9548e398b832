"""Faults as OCPP 2.x NotifyEvent: which component has the problem, how bad it is, what it is called."""

from collections.abc import Mapping
from typing import Any

from firmware.core.entries import FaultCleared, FaultRaised
from firmware.core.fault import Fault
from firmware.csms.messages import Message
from firmware.csms.quantities import timestamp

COMPONENTS = {
    "EmergencyStop": "EmergencyStopSensor",
    "ContactorWelded": "PowerContactor",
    "ContactorFailedToOpen": "PowerContactor",
    "ContactorFailedToClose": "PowerContactor",
    "ChargingStopFailed": "PowerContactor",
    "ConnectorLockFailure": "ConnectorPlugRetentionLock",
    "PilotFault": "CPPWMController",
    "DiodeFault": "CPPWMController",
    "ProximityFault": "Connector",
    "ResidualCurrent": "RCD",
    "ResidualCurrentSelfTestFailed": "RCD",
    "OverTemperature": "TemperatureSensor",
    "TemperatureSensorFault": "TemperatureSensor",
    "OverVoltage": "ElectricalFeed",
    "UnderVoltage": "ElectricalFeed",
    "PhaseLoss": "ElectricalFeed",
    "PowerFailing": "ElectricalFeed",
    "OverCurrent": "EVSE",
    "DoorOpen": "CaseAccessSensor",
    "BoardLost": "Controller",
    "InterlockLost": "Controller",
    "MeterSilent": "FiscalMetering",
    "MeterImplausible": "FiscalMetering",
    "MeterFrozen": "FiscalMetering",
    "MeterExchanged": "FiscalMetering",
    "MeterRolledOver": "FiscalMetering",
    "EnergyWhileOpen": "FiscalMetering",
    "MeterSealMissing": "FiscalMetering",
    "LedgerFailed": "Controller",
    "BackendUnreachable": "DataLink",
}
"""Standardised component (OCPP 2.1 part 2, appendix 3) of each fault; others are reported on the EVSE.

The variable is ``Problem`` and its instance the catalogue's name: several faults of one component, which may
have one ``techCode`` in common, come and go each for itself.
"""

_VARIABLE = "Problem"
_ERROR_SEVERITY = 4
_MAX_INFO = 500


def of_fault(
    entry: FaultRaised | FaultCleared, event_id: int, catalogue: Mapping[str, Fault], *, severity: bool
) -> Message:
    """Return the NotifyEvent of a fault that came or went; ``severity`` as a field is new in 2.1."""
    raised = isinstance(entry, FaultRaised)
    at = timestamp(entry.at.utc_ms)
    event: dict[str, Any] = {
        "eventId": event_id,
        "timestamp": at,
        "trigger": "Alerting",
        "actualValue": "true" if raised else "false",
        "cleared": not raised,
        "eventNotificationType": "HardWiredNotification",
        "component": _component(entry),
        "variable": {"name": _VARIABLE, "instance": entry.fault},
        **_words(entry, catalogue),
    }
    if severity:
        event["severity"] = catalogue[entry.fault].severity if entry.fault in catalogue else _ERROR_SEVERITY
    if isinstance(entry, FaultRaised) and entry.transaction_id:
        event["transactionId"] = entry.transaction_id
    return Message("NotifyEvent", {"generatedAt": at, "seqNo": 0, "eventData": [event]})


def _component(entry: FaultRaised | FaultCleared) -> dict[str, Any]:
    name = COMPONENTS.get(entry.fault, "EVSE" if entry.evse else "ChargingStation")
    return {"name": name} | ({"evse": {"id": entry.evse}} if entry.evse else {})


def _words(entry: FaultRaised | FaultCleared, catalogue: Mapping[str, Fault]) -> dict[str, str]:
    """Return code and text; a fault of a newer ledger that this catalogue lacks keeps its name."""
    fault = catalogue.get(entry.fault)
    title = fault.title[1] if fault else entry.fault
    detail = entry.detail if isinstance(entry, FaultRaised) else ""
    return {
        "techCode": (fault.tech_code if fault else "") or entry.fault,
        "techInfo": (f"{title}: {detail}" if detail else title)[:_MAX_INFO],
    }
