"""Ledger entries ↔ OCPP 2.x messages: what 2.1 and 2.0.1 have in common. Each version is a subclass."""

from collections.abc import Mapping
from typing import Any, ClassVar

from firmware.core.effects import ConnectorStatus
from firmware.core.entries import (
    ChargingBegan,
    ContactorCycled,
    FaultCleared,
    FaultRaised,
    KeyRotated,
    LimitAccepted,
    MeterAccepted,
    MeterRecordBegan,
    MeterSealKept,
    MeterSealMissing,
    SettingStored,
    StopDecided,
    TariffRemoved,
    TariffStored,
    TransactionEnded,
    TransactionEntry,
    TransactionStarted,
    UsageRecorded,
    VehicleConnected,
)
from firmware.core.events import TransactionAnswered
from firmware.core.fault import Fault
from firmware.core.units import Stamp
from firmware.csms import meter_values
from firmware.csms.fault_events import of_fault
from firmware.csms.messages import Identity, Message, OutboxItem
from firmware.csms.quantities import floor, timestamp

VENDOR = "Wattseal"
"""``vendorId`` of what OCPP has no field or message for."""

_CONNECTOR = 1


class Ocpp2:
    """One version's mapping. ``actions`` are the calls it takes from the backend."""

    version: ClassVar[str]
    has_types_5_and_6: ClassVar[bool] = False
    has_severity: ClassVar[bool] = False
    actions: ClassVar[frozenset[str]] = frozenset({
        "DataTransfer", "GetBaseReport", "GetTransactionStatus", "GetVariables", "RequestStartTransaction",
        "RequestStopTransaction", "Reset", "SetVariables", "TriggerMessage",
    })  # fmt: skip
    triggers: ClassVar[frozenset[str]] = frozenset({
        "AbnormalCondition", "Authorized", "CablePluggedIn", "ChargingRateChanged", "ChargingStateChanged",
        "Deauthorized", "EnergyLimitReached", "EVCommunicationLost", "EVConnectTimeout", "EVDeparted",
        "EVDetected", "MeterValueClock", "MeterValuePeriodic", "RemoteStart", "RemoteStop", "ResetCommand",
        "SignedDataReceived", "StopAuthorized", "TimeLimitReached", "Trigger", "UnlockCommand",
    })  # fmt: skip
    """TriggerReasonEnumType of this version."""

    def __init__(self, public_key_der: bytes, catalogue: Mapping[str, Fault]) -> None:
        self._newest_key = meter_values.public_key_text(public_key_der)
        self._catalogue = catalogue

    def boot(self, identity: Identity, reason: str) -> Message:
        """Return BootNotification; texts longer than the protocol's fields are cut."""
        station = {"model": identity.model[:20], "vendorName": identity.vendor[:50]}
        if identity.serial:
            station["serialNumber"] = identity.serial[:25]
        if identity.firmware_version:
            station["firmwareVersion"] = identity.firmware_version[:50]
        return Message("BootNotification", {"reason": reason, "chargingStation": station})

    def heartbeat(self) -> Message:
        """Return the sign of life."""
        return Message("Heartbeat", {})

    def status(self, evse: int, status: ConnectorStatus, at: Stamp) -> Message:
        """Return the connector's status."""
        payload = {
            "timestamp": timestamp(at.utc_ms),
            "connectorStatus": status,
            "evseId": evse,
            "connectorId": _CONNECTOR,
        }
        return Message("StatusNotification", payload)

    def message(self, item: OutboxItem) -> Message | None:
        """Return the message of a ledger entry, or None for an entry that the backend has no need of.

        The same item always gives the same message: a resend carries the same bytes.
        """
        match item.entry:
            case FaultRaised() | FaultCleared() as entry:
                return of_fault(entry, item.seq, self._catalogue, severity=self.has_severity)
            case UsageRecorded(kind="E") | StopDecided() | MeterSealKept(when="end") | MeterRecordBegan():
                return None  # they travel in Ended, as the end record, the reason and the meter's seal
            case MeterSealKept() as kept:
                return Message("DataTransfer", meter_values.late_seal(kept, VENDOR))
            case MeterSealMissing():
                return None  # the fault of that name tells it
            case ContactorCycled() | MeterAccepted() | SettingStored() | TariffStored() | TariffRemoved():
                return None
            case KeyRotated(ocmf=ocmf):
                return Message("DataTransfer", {"vendorId": VENDOR, "messageId": "KeyRotated", "data": ocmf})
            case entry:
                key = meter_values.public_key_text(bytes.fromhex(item.sealed_by)) if item.sealed_by else ""
                return Message(
                    "TransactionEvent", self._transaction_event(entry, item.signed, key or self._newest_key)
                )

    def answered(self, entry: TransactionEntry, answer: Mapping[str, Any], at: Stamp) -> TransactionAnswered:
        """Return what the backend's answer to a transaction event says."""
        token = answer.get("idTokenInfo")
        total_cost = answer.get("totalCost")
        return TransactionAnswered(
            at,
            entry.transaction_id,
            getattr(entry, "seq_no", 0),
            token_accepted=token is None or token["status"] == "Accepted",
            total_cost_e4=None if total_cost is None else floor(total_cost, 4),
        )

    def _transaction_event(
        self, entry: TransactionEntry, signed: tuple[str, ...], key: str
    ) -> dict[str, Any]:
        match entry:
            case TransactionStarted():
                return self._started(entry)
            case LimitAccepted():
                return self._limit_accepted(entry)
            case VehicleConnected():
                return self._event("Updated", entry, "CablePluggedIn", chargingState="EVConnected")
            case ChargingBegan():
                return self._event("Updated", entry, "ChargingStateChanged", chargingState="Charging")
            case UsageRecorded():
                return self._usage(entry, (*signed, entry.ocmf)[0], key)
            case TransactionEnded():
                return self._ended(entry, signed, key)
        raise TypeError(f"{type(entry).__name__} is no transaction event")

    def _started(self, entry: TransactionStarted) -> dict[str, Any]:
        event = self._event(
            "Started", entry, "RemoteStart", chargingState="Idle", remoteStartId=entry.remote_start_id
        )
        token = {"idToken": entry.id_token, "type": self.token_type(entry.token_type)}
        return event | {"idToken": token, "evse": {"id": entry.evse, "connectorId": _CONNECTOR}}

    def _limit_accepted(self, entry: LimitAccepted) -> dict[str, Any]:
        return self._event("Updated", entry, "LimitSet")

    def _usage(self, entry: UsageRecorded, ocmf: str, key: str) -> dict[str, Any]:
        event = self._event(
            "Updated",
            entry,
            entry.trigger if entry.trigger in self.triggers else "MeterValuePeriodic",
            chargingState=entry.charging_state,
            timeSpentCharging=entry.charging_ms // 1000,
        )
        return event | {"meterValue": [meter_values.of_record(entry, ocmf, key)]}

    def _ended(self, entry: TransactionEnded, signed: tuple[str, ...], key: str) -> dict[str, Any]:
        """Without idToken, and with the register: some backends give no cost otherwise."""
        event = self._event(
            "Ended",
            entry,
            entry.trigger,
            chargingState="Idle",
            timeSpentCharging=entry.cost.charging_ms // 1000,
            stoppedReason=entry.stopped_reason,
        )
        values = meter_values.of_end(entry, signed, key)
        return event | ({"meterValue": values} if values else {})

    def _event(self, kind: str, entry: Any, trigger: str, **info: Any) -> dict[str, Any]:
        return {
            "eventType": kind,
            "timestamp": timestamp(entry.at.utc_ms),
            "triggerReason": trigger if trigger in self.triggers else "ChargingStateChanged",
            "seqNo": entry.seq_no,
            "offline": entry.offline,
            "transactionInfo": {"transactionId": entry.transaction_id, **info},
        }

    def token_type(self, name: str) -> str:
        """Return the token type as this version spells it."""
        return name
