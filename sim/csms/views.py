"""The books as JSON: for the bench, for tests, and for the driver's live page."""

import math
from fractions import Fraction
from typing import Any, Final

from sim.csms import wording
from sim.csms.backend import Backend
from sim.csms.meter_seals import MeterSeal, energy_wh
from sim.csms.payments import Payment
from sim.csms.pricing import round_half_up
from sim.csms.transaction import Minute, Receipt, Transaction, money

Json = dict[str, Any]

_PHASES: Final = {
    "EVConnected": "waiting",
    "Charging": "charging",
    "SuspendedEV": "paused",
    "SuspendedEVSE": "stopping",
}


def state(backend: Backend) -> Json:
    """Return stations, transactions (oldest first) and alarms."""
    return {
        "stations": [
            {
                "id": view.id,
                "connected": view.link is not None,
                "version": view.version,
                "boot": view.boot,
                "connectors": [{"evse": evse, "status": status} for evse, status in view.connectors.items()],
                "web_payments": view.web_payments,
                "tariff": view.tariff,
            }
            for view in backend.stations.values()
        ],
        "transactions": [summary(transaction) for transaction in backend.books.transactions.values()],
        "alarms": backend.alarms.as_json(),
    }


def summary(transaction: Transaction) -> Json:
    """Return a transaction without its minutes."""
    receipt = transaction.receipt
    return {
        "id": transaction.id,
        "station": transaction.station,
        "evse": transaction.evse,
        "payment": transaction.payment.id if transaction.payment else None,
        "state": transaction.phase,
        "started_at": transaction.started_at,
        "ended_at": transaction.ended_at,
        "stopped_reason": transaction.stopped_reason,
        "energy_wh": watt_hours(transaction.energy_dwh),
        "cost": money(transaction.cost_e4),
        "settled": bool(receipt and receipt.settled),
        "total": total(receipt) if receipt else None,
    }


def detail(backend: Backend, transaction: Transaction) -> Json:
    """Return a transaction with its minutes and, once it ended, its receipt."""
    receipt = transaction.receipt
    return {
        **summary(transaction),
        "limit": dict(transaction.payment.limit) if transaction.payment else None,
        "power_w": transaction.power_w,
        "problems": list(transaction.problems),
        "minutes": [minute_json(minute) for minute in transaction.minutes],
        "receipt": receipt_json(backend, transaction, receipt) if receipt else None,
    }


def minute_json(minute: Minute) -> Json:
    """Return one record: cumulative energy and cost, and this record's own share of the cost."""
    record = minute.record
    return {
        "page": record.page,
        "at": record.at.isoformat(timespec="milliseconds"),
        "kind": record.kind,
        "import_kwh": money(record.register_dwh),
        "energy_wh": watt_hours(minute.energy_dwh),
        "cost": money(record.cost_e4),
        "minute_cost": money(minute.minute_cost_e4),
        "ocmf": record.text,
        "verified": not minute.problems,
        "why": "; ".join(minute.problems),
    }


def receipt_json(backend: Backend, transaction: Transaction, receipt: Receipt) -> Json:
    """Return how a transaction closed; ``total`` is in the main unit with two decimals."""
    languages = {language: backend.books.charged(receipt, language) for language in wording.LANGUAGES}
    return {
        "energy_wh": watt_hours(receipt.energy_dwh),
        "total": total(receipt),
        "currency": receipt.currency,
        "minutes": receipt.minutes,
        "settled": receipt.settled,
        "verified": receipt.verified,
        "problems": list(receipt.problems),
        "meter_seals": [meter_seal_json(seal) for seal in transaction.meter_seals],
        "cost_details": _plain(receipt.cost_details),
        "costs": cost_lines(transaction),
        "charged_text": languages["en"] if receipt.settled else "",
        "charged_texts": languages if receipt.settled else {},
        "ended_received_ns": receipt.ended_received_ns,
        "settled_ns": receipt.settled_ns,
    }


def meter_seal_json(seal: MeterSeal) -> Json:
    """Return what the meter itself signed, unchanged, with the key that verifies it."""
    energy = None if seal.problems else energy_wh(seal.text)
    return {
        "context": seal.context,
        "ocmf": seal.text,
        "public_key": seal.public_key,
        "energy_wh": None if energy is None else float(energy),
        "verified": not seal.problems,
        "why": "; ".join(seal.problems),
    }


def cost_lines(transaction: Transaction) -> dict[str, str]:
    """Return the backend's own parts of the bill, tax included, with two decimals; they add up to the total.

    Parts are rounded for the eye; what rounding, bounds and cap leave over is the line ``adjust``.
    """
    bill = transaction.bill
    if bill is None:
        return {}
    parts = {
        "energy": bill.energy_cost,
        "time": bill.time_cost,
        "idle": bill.idle_cost,
        "fixed": bill.fixed_cost,
    }
    minor = {name: round_half_up(cost * 100) for name, cost in parts.items()}
    minor["adjust"] = bill.total_minor - sum(minor.values())
    return {name: two_decimals(value) for name, value in minor.items() if value}


def live(backend: Backend, payment: Payment) -> Json:
    """Return what the driver's page shows now; ``phase`` is one of `wording`'s, or refused, or receipt."""
    transaction = backend.books.transactions.get(payment.transaction or "")
    view = backend.stations.get(payment.station)
    shown: Json = {
        "phase": _phase(payment, transaction),
        "reason": payment.reason,
        "error": payment.error,
        "connected": view is not None and view.link is not None,
        "minutes_paid": payment.minutes,
        "amount_paid": payment.amount,
    }
    if transaction is None:
        return shown
    rows = [_row(minute) for minute in transaction.minutes[1:]]
    receipt = transaction.receipt
    return {
        **shown,
        "transaction_id": transaction.id,
        "power_w": transaction.power_w,
        "energy_kwh": f"{transaction.energy_dwh / 10_000:.3f}",
        "cost": two_decimals(round_half_up(Fraction(transaction.cost_e4, 100))),
        "elapsed_s": _elapsed_ms(transaction) // 1000,
        "remaining_s": _remaining_s(backend, payment, transaction),
        "share": _share(payment, transaction),
        "minutes": rows,
        "ended_by": {name: wording.reason(_ended_by(transaction), name) for name in wording.LANGUAGES},
        "receipt": receipt_json(backend, transaction, receipt) if receipt else None,
        "refund": _refund(payment, receipt),
    }


def _phase(payment: Payment, transaction: Transaction | None) -> str:
    if payment.error:
        return "refused"
    if transaction is None:
        return "starting"
    if transaction.receipt is not None:
        return "receipt"
    if payment.stop_requested:
        return "stopping"
    phases = {
        "Charging": "charging",
        "SuspendedEV": "paused",
        "SuspendedEVSE": "stopping",
        "EVConnected": "waiting",
    }
    return phases.get(transaction.phase, "plug_in")


def _ended_by(transaction: Transaction) -> str | None:
    ran_out = transaction.end_trigger == "CostLimitReached"
    return "LocalOutOfCredit" if ran_out else transaction.stopped_reason


def _row(minute: Minute) -> Json:
    return {
        "time": minute.record.at.strftime("%H:%M:%S"),
        "page": minute.record.page,
        "energy_kwh": f"{minute.energy_dwh / 10_000:.4f}",
        "cost": money(minute.minute_cost_e4),
        "verified": not minute.problems,
    }


def _elapsed_ms(transaction: Transaction) -> int:
    last = transaction.last
    return last.charging_ms + last.idle_ms if last else 0


def _remaining_s(backend: Backend, payment: Payment, transaction: Transaction) -> int | None:
    """Return seconds to the end: of the time chosen, or of the amount at the present rate; None unknown."""
    last = transaction.last
    if last is None or transaction.receipt is not None:
        return None
    since_last_s = max(0.0, backend.clock.utc_ms() / 1000 - last.at.timestamp())
    if "maxTime" in payment.limit:
        left = float(payment.limit["maxTime"]) - _elapsed_ms(transaction) / 1000 - since_last_s
        return max(0, round(left))
    if payment.cap is None or len(transaction.minutes) < 2:
        return None
    newest = transaction.minutes[-1]
    if newest.minute_cost_e4 <= 0 or newest.elapsed_ms <= 0:
        return None
    left_e4 = int(payment.cap * 10_000) - last.cost_e4
    left_s = left_e4 * newest.elapsed_ms / newest.minute_cost_e4 / 1000
    return max(0, round(left_s - since_last_s))


def _share(payment: Payment, transaction: Transaction) -> float:
    """Return how much of the choice is used, 0 to 1."""
    if payment.cap is not None:
        return min(1.0, transaction.cost_e4 / max(1.0, float(payment.cap * 10_000)))
    chosen_s = payment.limit.get("maxTime") or 1
    return min(1.0, _elapsed_ms(transaction) / 1000 / chosen_s)


def _refund(payment: Payment, receipt: Receipt | None) -> str | None:
    if receipt is None or payment.amount is None or not receipt.settled:
        return None
    return two_decimals(payment.amount * 100 - receipt.total_minor)


def total(receipt: Receipt) -> str:
    return two_decimals(receipt.total_minor)


def two_decimals(minor: int) -> str:
    """Return an amount in the minor unit as text of the main unit."""
    sign, size = ("-" if minor < 0 else ""), abs(minor)
    return f"{sign}{size // 100}.{size % 100:02d}"


def watt_hours(energy_dwh: int) -> float | int:
    """Return 0.1 Wh as Wh, whole where it is whole."""
    return energy_dwh // 10 if energy_dwh % 10 == 0 else energy_dwh / 10


def _plain(value: Any) -> Any:
    """Return a payload with its decimals as JSON numbers; NaN, which JSON has not, as text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    return float(value) if math.isfinite(value) else str(value)
