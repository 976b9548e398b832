"""Checks a station's sealed records as an auditor would: every seal, the chain, and what the records say.

It knows docs/OCMF.md and the public key, nothing of the code that made the records.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from firmware.ledger.record import FormError, Record, parse
from firmware.signing.seal import signature_holds


class BadRecordError(Exception):
    """A record, or what lies between it and the ones before, is not as the station sealed it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds. ``notes`` say what could not be checked."""

    records: int
    transactions: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        counted = f"{counted_as(self.records, 'record')}, {counted_as(self.transactions, 'transaction')}"
        return "; ".join((f"{counted}, all seals and the chain hold", *self.notes))


def verify(
    texts: Iterable[bytes], public_key_der: bytes, still_open: frozenset[str] = frozenset()
) -> Verdict:
    """Check OCMF texts in order. ``still_open`` are transactions that need no end record yet.

    Raises BadRecordError for the first one that is wrong ("record 17: …"), ValueError for a key that is none.
    """
    chain = _Chain()
    for position, text in enumerate(texts, start=1):
        try:
            chain.follow(_opened(text, public_key_der))
        except (FormError, BadRecordError) as error:
            raise BadRecordError(f"record {position}: {error}") from error
    return chain.verdict(still_open)


def _opened(text: bytes, public_key_der: bytes) -> Record:
    """Return the record under a seal that holds; nothing else is looked into."""
    try:
        sealed = text.decode()
    except UnicodeDecodeError as error:
        raise BadRecordError(f"byte {error.start + 1} of it is not UTF-8") from error
    if not sealed.startswith("OCMF|"):
        raise BadRecordError("it is no OCMF text")
    if not signature_holds(sealed, public_key_der):
        raise BadRecordError("its seal does not hold: it was changed, or another key sealed it")
    return parse(sealed.split("|")[1])


class _Chain:
    """All records so far: the last one, and the last one of each transaction and each meter."""

    def __init__(self) -> None:
        self._count = 0
        self._first: Record | None = None
        self._last: Record | None = None
        self._of_transaction: dict[str, Record] = {}
        self._registers: dict[tuple[str, str], Decimal] = {}

    def follow(self, record: Record) -> None:
        """Take the next record. Raises BadRecordError."""
        if self._last is None:
            _check_first(record)
            self._first = record
        else:
            _check_link(self._last, record)
        before = self._of_transaction.get(record.transaction_id)
        if before is None:
            _check_begin(record)
        else:
            _check_progress(before, record)
        self._check_register(record)
        self._count += 1
        self._last = self._of_transaction[record.transaction_id] = record

    def _check_register(self, record: Record) -> None:
        before = self._registers.get(record.meter, record.register)
        if record.register < before:
            raise BadRecordError(
                f"{_name(record)}: the register runs back from {before} to {record.register} kWh"
            )
        self._registers[record.meter] = record.register

    def verdict(self, still_open: frozenset[str]) -> Verdict:
        """Return what holds at the end. Raises BadRecordError for a transaction without its end record."""
        open_ones = [last for last in self._of_transaction.values() if last.kind != "E"]
        for last in open_ones:
            if last.transaction_id not in still_open:
                raise BadRecordError(
                    f"record {self._count}: transaction {last.transaction_id} has no end record after "
                    f"T{last.number}; either it is missing, or the transaction was still running"
                )
        notes = [f"transaction {last.transaction_id} is still open" for last in open_ones]
        if self._first is not None and self._first.number != 1:
            notes.append(f"begins at T{self._first.number}: what came before it is not here to check")
        return Verdict(self._count, len(self._of_transaction), tuple(notes))


def _check_first(record: Record) -> None:
    if (record.number == 1) != (record.before == ""):
        raise BadRecordError(f"{_name(record)}: only the station's first record has no predecessor (UH)")


def _check_link(last: Record, record: Record) -> None:
    if record.station != last.station:
        raise BadRecordError(f'{_name(record)}: of station "{record.station}", before it "{last.station}"')
    if record.number != last.number + 1:
        raise BadRecordError(
            f"{_name(record)}: follows T{last.number}; a record is missing, there twice, or out of order"
        )
    if record.before != last.digest:
        raise BadRecordError(f"{_name(record)}: its hash (UH) is not that of T{last.number} here")


def _check_begin(record: Record) -> None:
    if record.kind != "B":
        raise BadRecordError(
            f"{_name(record)}: transaction {record.transaction_id} has no begin record before it"
        )
    if record.register != record.begin_register:
        raise BadRecordError(f"{_name(record)}: the begin register (UB) is not the reading")


def _check_progress(before: Record, record: Record) -> None:
    """Check a record against the one before it in the same transaction."""
    if before.kind == "E":
        raise BadRecordError(f"{_name(record)}: transaction {record.transaction_id} had ended")
    if record.kind == "B":
        raise BadRecordError(f"{_name(record)}: transaction {record.transaction_id} begins twice")
    for what, was, now in (
        ("the begin register (UB)", before.begin_register, record.begin_register),
        ("the currency (UU)", before.currency, record.currency),
        ("the meter (CI, MS)", before.meter, record.meter),
    ):
        if was != now:
            raise BadRecordError(f"{_name(record)}: {what} changed within the transaction")
    for what, least, sum_now in (
        ("cost (UC)", before.cost, record.cost),
        ("charging time (UD)", Decimal(before.charging_ms), Decimal(record.charging_ms)),
        ("idle time (UW)", Decimal(before.idle_ms), Decimal(record.idle_ms)),
    ):
        if sum_now < least:
            raise BadRecordError(f"{_name(record)}: the {what} falls from {least} to {sum_now}")


def _name(record: Record) -> str:
    return f"T{record.number}"


def counted_as(count: int, noun: str) -> str:
    """Return "1 record", "2 records"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
