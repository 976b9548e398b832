"""OCPP 2.0.1: no limits, no local cost, no web payments; the backend's totalCost is the bill."""

from typing import Any

from firmware.core.entries import LimitAccepted, TransactionEnded
from firmware.csms.ocpp2 import Ocpp2

_TOKEN_TYPES = frozenset({
    "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization",
})  # fmt: skip
_STOPPED_REASONS = {"ReqEnergyTransferRejected": "Other"}


class V201(Ocpp2):
    """The mapping of OCPP 2.0.1."""

    version = "ocpp2.0.1"

    def token_type(self, name: str) -> str:
        """A direct payment is a token of the backend's own making."""
        return name if name in _TOKEN_TYPES else "Central"

    def _limit_accepted(self, entry: LimitAccepted) -> dict[str, Any]:
        """A limit cannot be told; the event keeps the sequence numbers without a gap."""
        return self._event("Updated", entry, "ChargingStateChanged")

    def _ended(self, entry: TransactionEnded, signed: tuple[str, ...], key: str) -> dict[str, Any]:
        event = super()._ended(entry, signed, key)
        info = event["transactionInfo"]
        info["stoppedReason"] = _STOPPED_REASONS.get(info["stoppedReason"], info["stoppedReason"])
        return event
