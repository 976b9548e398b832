"""One transaction in the backend's books: its records, its own bill, and what does not add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sim.csms.meter_seals import MeterSeal
from sim.csms.ocmf import Record
from sim.csms.payments import Payment
from sim.csms.pricing import Bill, Interval, Tariff
from sim.csms.verify import Checked

COUNTED_KINDS: Final = frozenset("CTSE")


@dataclass(frozen=True, slots=True)
class Minute:
    """One record as it stands in the books, with its share of the cost in 1/10000 of the main unit."""

    record: Record
    energy_dwh: int
    minute_cost_e4: int
    elapsed_ms: int
    problems: tuple[str, ...]

    @property
    def is_counted(self) -> bool:
        """Whether it is a minute of use: a record after the begin that carries consumed time."""
        return self.record.kind in COUNTED_KINDS and self.elapsed_ms > 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a transaction closed. ``total_minor`` is the backend's own sum, charged only if ``settled``."""

    energy_dwh: int
    total_minor: int
    currency: str
    minutes: int
    settled: bool
    verified: bool
    problems: tuple[str, ...]
    cost_details: Mapping[str, Any] | None
    ended_received_ns: int
    settled_ns: int


@dataclass(slots=True)
class Transaction:
    """A transaction as the station's messages tell it. ``phase`` is OCPP's charging state, or "Ended"."""

    id: str
    station: str
    evse: int
    payment: Payment | None
    started_at: str
    phase: str = "Idle"
    stopped_reason: str | None = None
    end_trigger: str = ""
    ended_at: str | None = None
    power_w: float | None = None
    minutes: list[Minute] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    meter_seals: list[MeterSeal] = field(default_factory=list)
    seals_good: bool = True
    limit_accepted: bool = False
    newest_event: int = -1
    bill: Bill | None = None
    receipt: Receipt | None = None

    @property
    def last(self) -> Record | None:
        """The newest record, None before the first."""
        return self.minutes[-1].record if self.minutes else None

    @property
    def energy_dwh(self) -> int:
        return self.minutes[-1].energy_dwh if self.minutes else 0

    @property
    def cost_e4(self) -> int:
        """The backend's own running cost."""
        return self.bill.cost_e4 if self.bill else 0

    def book(self, checked: Checked, tariffs: Mapping[str, Tariff]) -> tuple[str, ...]:
        """Take a verified record in and return all that is wrong with it; it is kept either way."""
        record, problems = checked.record, list(checked.problems)
        if record is None or checked.known or record.transaction != self.id:
            if record is not None and record.transaction != self.id:
                problems.append(f"origin: T{record.page} belongs to the transaction {record.transaction}")
            self._object(problems, seals=True)
            return tuple(problems)
        problems += self._sequence_problems(record)
        self._object(problems, seals=True)
        own_e4, price_problems = self._price(record, tariffs)
        self._object(price_problems, seals=False)
        problems += price_problems
        self.minutes.append(self._minute(record, own_e4, tuple(problems)))
        return tuple(problems)

    def keep(self, seal: MeterSeal) -> tuple[str, ...]:
        """Take in what the meter has signed and return what is wrong with it."""
        self.meter_seals.append(seal)
        self._object(list(seal.problems), seals=True)
        return seal.problems

    def close_problems(self, cost_details: Mapping[str, Any] | None) -> list[str]:
        """Return what stands against settling at the end: a missing half of the pair, or another total."""
        pair = self._pair_problems()
        self._object(pair, seals=True)
        total = _total_problems(cost_details, self)
        self._object(total, seals=False)
        return pair + total

    def object_to(self, problem: str) -> None:
        """Note something wrong with the messages themselves; the transaction will not settle."""
        self._object([problem], seals=False)

    def _object(self, problems: list[str], *, seals: bool) -> None:
        self.problems += problems
        self.seals_good = self.seals_good and not (seals and problems)

    def _minute(self, record: Record, own_e4: int, problems: tuple[str, ...]) -> Minute:
        before = self.minutes[-1] if self.minutes else None
        first = self.minutes[0].record if self.minutes else record
        elapsed = record.charging_ms + record.idle_ms
        return Minute(
            record=record,
            energy_dwh=record.register_dwh - first.register_dwh,
            minute_cost_e4=record.cost_e4 - (before.record.cost_e4 if before else 0),
            elapsed_ms=elapsed - (before.record.charging_ms + before.record.idle_ms if before else 0),
            problems=problems,
        )

    def _sequence_problems(self, record: Record) -> list[str]:
        name, before, found = f"T{record.page}", self.last, []
        if (before is None) != (record.kind == "B"):
            found.append(
                f"pair: {name} is of the kind {record.kind}, a transaction has one B and begins with it"
            )
        if before is not None and before.kind == "E":
            found.append(f"pair: {name} came after the end record T{before.page}")
        if record.connector != f"{self.station}*{self.evse}":
            found.append(f"origin: {name} is for {record.connector}, the transaction is on EVSE {self.evse}")
        first = self.minutes[0].record if self.minutes else record
        if record.begin_dwh != first.register_dwh:
            found.append(f"register: {name} names another begin register than T{first.page} read")
        if (record.tariff_id, record.tariff_version, record.currency) != (
            (first.tariff_id, first.tariff_version, first.currency)
        ):
            found.append(f"tariff: {name} is priced by another tariff than T{first.page}")
        return found + _elapsed_problems(before, record, name)

    def _price(self, record: Record, tariffs: Mapping[str, Tariff]) -> tuple[int, list[str]]:
        """Return the backend's own cost after this record, and how the record's differs from it."""
        if self.bill is None:
            tariff = tariffs.get(record.tariff_id)
            if tariff is None:
                return 0, [f"tariff: T{record.page} is priced by {record.tariff_id}, which is unknown here"]
            cap = self.payment.cap if self.payment else None
            self.bill = Bill(tariff, record.at, None if cap is None else Fraction(cap))
        elif self.last is not None:
            self.bill.add(_usage(self.last, record))
        own = self.bill.cost_e4
        if own == record.cost_e4:
            return own, []
        return own, [f"price: T{record.page} says {money(record.cost_e4)}, it comes to {money(own)}"]

    def _pair_problems(self) -> list[str]:
        if not self.minutes:
            return []
        kinds = [minute.record.kind for minute in self.minutes]
        return [] if kinds[-1] == "E" else [f"pair: the end record is missing, the last one is {kinds[-1]}"]


def _usage(before: Record, record: Record) -> Interval:
    return Interval(
        begin=before.at,
        energy_dwh=record.register_dwh - before.register_dwh,
        charging_ms=record.charging_ms - before.charging_ms,
        idle_ms=record.idle_ms - before.idle_ms,
    )


def _elapsed_problems(before: Record | None, record: Record, name: str) -> list[str]:
    if before is None:
        nothing_yet = record.charging_ms == record.idle_ms == 0
        return [] if nothing_yet else [f"time: {name} begins the transaction and has used time already"]
    usage = _usage(before, record)
    if usage.charging_ms < 0 or usage.idle_ms < 0:
        return [f"time: {name} has less used time than T{before.page}"]
    return []


def _total_problems(cost_details: Mapping[str, Any] | None, transaction: Transaction) -> list[str]:
    """Hold the station's total (minor unit, tax included) and energy (Wh) against ours."""
    own = Decimal(transaction.bill.total_minor if transaction.bill else 0) / 100
    own_energy = Decimal(transaction.energy_dwh) / 10
    if cost_details is None:
        return ["price: the end carries no cost details"] if own or own_energy else []
    if cost_details.get("failureToCalculate"):
        return [f"price: the station could not price: {cost_details.get('failureReason', 'no reason given')}"]
    found = []
    claimed = cost_details["totalCost"]["total"].get("inclTax")
    if claimed is None or Decimal(claimed) != own:
        found.append(f"price: the station's total is {claimed}, it comes to {own:.2f}")
    energy = Decimal(cost_details["totalUsage"]["energy"])
    if energy != own_energy:
        found.append(f"price: the station's energy is {energy} Wh, the records say {own_energy} Wh")
    return found


def money(cost_e4: int) -> str:
    """Return 1/10000 of the main unit as text with four decimals."""
    return f"{cost_e4 // 10_000}.{cost_e4 % 10_000:04d}" if cost_e4 >= 0 else f"-{money(-cost_e4)}"
