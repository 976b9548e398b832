"""OCPP 2.1: what it has beyond 2.0.1 — limits, local cost, tariffs, web payments."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from firmware.core.entries import (
    CostSummary,
    LimitAccepted,
    TransactionEnded,
    TransactionEntry,
    TransactionStarted,
)
from firmware.core.events import Limit, TransactionAnswered
from firmware.core.units import Stamp
from firmware.csms.ocpp2 import Ocpp2
from firmware.csms.quantities import floor, number

_VENDOR = "wattseal"


class V21(Ocpp2):
    """The mapping of OCPP 2.1."""

    version = "ocpp2.1"
    has_types_5_and_6 = True
    has_severity = True
    actions = Ocpp2.actions | {
        "ClearTariffs", "GetTariffs", "NotifyWebPaymentStarted", "SetDefaultTariff",
    }  # fmt: skip
    triggers = Ocpp2.triggers | {
        "CostLimitReached", "LimitSet", "OperationModeChanged", "RunningCost", "SoCLimitReached",
        "TariffChanged", "TariffNotAccepted", "TxResumed",
    }  # fmt: skip

    def answered(self, entry: TransactionEntry, answer: Mapping[str, Any], at: Stamp) -> TransactionAnswered:
        """Return what the answer says, its transaction limit included (0 and less as they are)."""
        limit = answer.get("transactionLimit")
        return replace(super().answered(entry, answer, at), limit=None if limit is None else _limit(limit))

    def _started(self, entry: TransactionStarted) -> dict[str, Any]:
        event = super()._started(entry)
        event["transactionInfo"]["tariffId"] = entry.tariff.tariff_id
        return event

    def _limit_accepted(self, entry: LimitAccepted) -> dict[str, Any]:
        event = super()._limit_accepted(entry)
        event["transactionInfo"]["transactionLimit"] = _limit_payload(entry.limit)
        return event

    def _ended(self, entry: TransactionEnded, signed: tuple[str, ...], key: str) -> dict[str, Any]:
        return super()._ended(entry, signed, key) | {"costDetails": cost_details(entry.cost)}


def _limit(payload: Mapping[str, Any]) -> Limit:
    """Return a limit in the core's units. SupportedLimits leaves the state of charge out."""
    cost, energy, time = payload.get("maxCost"), payload.get("maxEnergy"), payload.get("maxTime")
    return Limit(
        cost_e4=None if cost is None else floor(cost, 4),
        energy_dwh=None if energy is None else floor(energy, 1),
        time_ms=None if time is None else floor(time, 3),
    )


def _limit_payload(limit: Limit) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    if limit.cost_e4 is not None:
        payload["maxCost"] = number(limit.cost_e4, 4)
    if limit.energy_dwh is not None:
        payload["maxEnergy"] = number(limit.energy_dwh, 1)
    if limit.time_ms is not None:
        payload["maxTime"] = limit.time_ms // 1000
    return payload


def cost_details(cost: CostSummary) -> dict[str, Any]:
    """Return CostDetailsType. Parts exclude tax; the total including tax is the bill, in the minor unit.

    ``chargingTime`` is the whole time, idle time included, as the schema has it; energy is Wh.
    """
    return {
        "totalCost": {
            "currency": cost.currency,
            "typeOfCost": cost.kind,
            "fixed": _untaxed(cost.fixed_cost_e4),
            "energy": _untaxed(cost.energy_cost_e4) | _service_part(cost),
            "chargingTime": _untaxed(cost.charging_time_cost_e4),
            "idleTime": _untaxed(cost.idle_time_cost_e4),
            "total": {"exclTax": number(cost.total_excl_tax_e4, 4), "inclTax": number(cost.total_minor, 2)},
        },
        "totalUsage": {
            "energy": number(cost.energy_dwh, 1),
            "chargingTime": (cost.charging_ms + cost.idle_ms) // 1000,
            "idleTime": cost.idle_ms // 1000,
        },
    }


def _untaxed(cost_e4: int) -> dict[str, Any]:
    return {"exclTax": number(cost_e4, 4)}


def _service_part(cost: CostSummary) -> dict[str, Any]:
    """Electricity and service fee are shown apart in China; OCPP has one energy price for both."""
    if cost.service_cost_e4 == 0:
        return {}
    electricity_e4 = cost.energy_cost_e4 - cost.service_cost_e4
    return {
        "customData": {
            "vendorId": _VENDOR,
            "electricity": number(electricity_e4, 4),
            "service": number(cost.service_cost_e4, 4),
        }
    }
