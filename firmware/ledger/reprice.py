"""Prices a station's records anew from their registers, times and tariff, and holds the cost against it.

A cost may be lower than the tariff's where a limit held it down (docs/adr/0004): there it stands
still, and where the limits are known it is one of them. It is never higher.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from firmware.core.pricing import Cost, Prices, fixed_cost, prices_at, total_e4
from firmware.core.tariff import LocalTime, Tariff, local_time
from firmware.ledger.account import BadRecordError, counted_as, kwh
from firmware.ledger.record import Record


class Offers(Protocol):
    """Who knows what was sold."""

    def tariff_of(self, record: Record) -> Tariff | None:
        """Return the tariff that a transaction's begin record names, None where it is not known."""

    def limits_of(self, transaction_id: str) -> Collection[int] | None:
        """Return the amounts that a bill was limited to, in 1/10000; None where they are not known."""


class _Bill(NamedTuple):
    """A transaction's price up to its last record. ``held_e4`` is where a limit holds the cost."""

    tariff: Tariff
    begun: LocalTime
    last: Record
    prices: Prices
    cost: Cost
    held_e4: int | None


class Repricer:
    """Prices the records of one station in order; it keeps the running bill of each EVSE."""

    def __init__(self, offers: Offers) -> None:
        self._offers = offers
        self._bills: dict[str, _Bill | None] = {}
        self._unpriced = self._held = 0

    def check(self, record: Record) -> None:
        """Hold a record's cost against its usage. Raises BadRecordError."""
        bill = self._begun(record) if record.kind == "B" else self._bills[record.evse]
        if bill is None:
            self._unpriced += 1
        else:
            bill = self._priced(bill, record)
        self._bills[record.evse] = None if record.kind == "E" else bill

    def notes(self) -> Sequence[str]:
        """Say what could not be priced, and what was held down by a limit."""
        unpriced = (
            f"{counted_as(self._unpriced, 'record')} not priced: no tariff of theirs was given"
            if self._unpriced
            else ""
        )
        held = (
            f"{counted_as(self._held, 'transaction')} held below the tariff's price, as by a limit"
            if self._held
            else ""
        )
        return [note for note in (unpriced, held) if note]

    def _begun(self, record: Record) -> _Bill | None:
        tariff = self._offers.tariff_of(record)
        if tariff is None:
            return None
        if (tariff.tariff_id, tariff.version, tariff.currency) != (*record.tariff, record.currency):
            raise BadRecordError(
                f"{record.name}: the tariff (UI, UV, UU) is not {tariff.tariff_id} {tariff.version}, "
                "which was agreed at the start"
            )
        begun = _local(record)
        return _Bill(tariff, begun, record, prices_at(tariff, begun), Cost(), None)

    def _priced(self, bill: _Bill, record: Record) -> _Bill:
        last, energy_dwh = bill.last, record.register_dwh - record.begin_dwh
        cost = bill.cost.plus(
            bill.prices,
            record.register_dwh - last.register_dwh,
            record.charging_ms - last.charging_ms,
            record.idle_ms - last.idle_ms,
        )
        if energy_dwh > 0 and not cost.fixed:
            cost = cost._replace(fixed=fixed_cost(bill.tariff, bill.begun))
        held_e4 = self._held_at(bill, record, total_e4(bill.tariff, cost, energy_dwh, None))
        prices = prices_at(bill.tariff, _local(record))
        return bill._replace(last=record, prices=prices, cost=cost, held_e4=held_e4)

    def _held_at(self, bill: _Bill, record: Record, priced_e4: int) -> int | None:
        """Return the limit that held the cost, None while none has. Raises BadRecordError."""
        if record.cost_e4 == priced_e4 or (record.cost_e4 == bill.held_e4 and record.cost_e4 < priced_e4):
            return bill.held_e4
        limits = self._offers.limits_of(record.transaction_id)
        may_be_a_limit = bill.held_e4 is None if limits is None else record.cost_e4 in limits
        if record.cost_e4 > priced_e4 or not may_be_a_limit:
            raise BadRecordError(
                f"{record.name}: the cost (UC) is {kwh(record.cost_e4)}, "
                f"by the tariff {bill.tariff.tariff_id} it is {kwh(priced_e4)}"
            )
        self._held += 1
        return record.cost_e4


def _local(record: Record) -> LocalTime:
    return local_time(record.at.utc_ms, record.at.offset_min)
