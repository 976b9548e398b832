"""Checks a station's sealed records as an auditor would: every seal, the chain, and what the records say.

It knows docs/OCMF.md, docs/KEYS.md and a public key, nothing of the code that made the records. However many
there are, it keeps no more than the last one of each EVSE and the newest ids that have ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from firmware.ledger.account import BadRecordError, check_succession, counted_as
from firmware.ledger.record import FormError, Record, Rotation, parse
from firmware.signing.seal import has_signed, public_key, signature_holds

_ENDED_KEPT = 256


class Pricing(Protocol):
    """What knows the prices of records."""

    def check(self, record: Record) -> None:
        """Hold a record's cost against its usage. Raises BadRecordError."""

    def notes(self) -> Sequence[str]:
        """Say what could not be priced, and what was held down by a limit."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds. ``notes`` say what could not be checked; ``key_der`` is the station's key at the end."""

    records: int
    transactions: int
    notes: tuple[str, ...] = ()
    rotations: int = 0
    station: str = field(default="", compare=False)
    key_der: bytes = field(default=b"", compare=False)

    def __str__(self) -> str:
        counted = f"{counted_as(self.records, 'record')}, {counted_as(self.transactions, 'transaction')}"
        if self.rotations:
            counted += f", {counted_as(self.rotations, 'new key')}"
        return "; ".join((f"{counted}, all seals and the chain hold", *self.notes))


def verify(
    texts: Iterable[bytes],
    keys_der: bytes | Sequence[bytes],
    still_open: frozenset[str] = frozenset(),
    *,
    station: str = "",
    pricing: Pricing | None = None,
) -> Verdict:
    """Check OCMF texts in order.

    ``keys_der`` are public keys that the station has had, the oldest first: the first record may be sealed by
    any of them, from there on the records themselves say which one counts. ``still_open`` are transactions
    that need no end record yet, ``station`` is the one that the keys are known to belong to ("": not known).

    Raises BadRecordError for the first one that is wrong ("record 17: …"), ValueError for a key that is none.
    """
    keys = (keys_der,) if isinstance(keys_der, bytes) else tuple(keys_der)
    for key in keys:
        public_key(key)
    stream = Stream(keys, station, pricing)
    for position, text in enumerate(texts, start=1):
        try:
            stream.take(text)
        except (FormError, BadRecordError) as error:
            raise BadRecordError(f"record {position}: {error}") from error
    return stream.verdict(still_open)


class Stream:
    """All records of one station so far: where their chain stands, and the last one of each EVSE."""

    def __init__(self, keys: tuple[bytes, ...], station: str, pricing: Pricing | None) -> None:
        self._keys = keys
        self._station = station
        self._pricing = pricing
        self._count = self._transactions = self._rotations = 0
        self._last: Record | Rotation | None = None
        self._first = ""
        self._numbers: dict[str, int] = {}
        self._evses: dict[str, Record] = {}
        self._ended: dict[str, None] = {}

    def take(self, text: bytes) -> None:
        """Take the next text. Raises BadRecordError or FormError."""
        record = self._opened(text)
        if self._station and record.station != self._station:
            raise BadRecordError(f'{record.name}: of station "{record.station}", not "{self._station}"')
        self._check_link(record)
        if isinstance(record, Rotation):
            self._change_key(record)
        else:
            self._follow(record)
        self._count += 1
        self._last, self._station = record, record.station

    def verdict(self, still_open: frozenset[str]) -> Verdict:
        """Return what holds at the end. Raises BadRecordError for a transaction without its end record."""
        open_ones = [last for last in self._evses.values() if last.kind != "E"]
        for last in open_ones:
            if last.transaction_id not in still_open:
                raise BadRecordError(
                    f"record {self._count}: transaction {last.transaction_id} has no end record after "
                    f"{last.name}; either it is missing, or the transaction was still running"
                )
        notes = [f"transaction {last.transaction_id} is still open" for last in open_ones]
        if self._first:
            notes.append(f"begins at {self._first}: what came before it is not here to check")
        if self._pricing is not None:
            notes += self._pricing.notes()
        return Verdict(
            self._count, self._transactions, tuple(notes), self._rotations, self._station, self._keys[-1]
        )

    def _opened(self, text: bytes) -> Record | Rotation:
        """Return the record under a seal that holds; nothing else is looked into."""
        try:
            sealed = text.decode()
        except UnicodeDecodeError as error:
            raise BadRecordError(f"byte {error.start + 1} of it is not UTF-8") from error
        if not sealed.startswith("OCMF|"):
            raise BadRecordError("it is no OCMF text")
        holding = next((key for key in self._keys if signature_holds(sealed, key)), None)
        if holding is None:
            raise BadRecordError("its seal does not hold: it was changed, or another key sealed it")
        self._keys = (holding,)
        return parse(sealed.split("|")[1])

    def _check_link(self, record: Record | Rotation) -> None:
        last, count = self._last, record.name[0]
        if last is None:
            self._begin(record)
        before = self._numbers.get(count)
        if before is not None and record.number != before + 1:
            follows = f"follows {count}{before}" if before else f"there is no {count}1 before it"
            raise BadRecordError(
                f"{record.name}: {follows}; a record is missing, there twice, or out of order"
            )
        if last is not None and record.before != last.digest:
            raise BadRecordError(f"{record.name}: its hash (UH) is not that of {last.name} here")
        self._numbers[count] = record.number

    def _begin(self, record: Record | Rotation) -> None:
        """Take the first record: the station's own first one, or one of a stream that begins later."""
        if record.before:
            self._first = record.name
        elif record.number == 1:
            self._numbers = {"T": 0, "F": 0}
        else:
            raise BadRecordError(f"{record.name}: only the station's first record has no predecessor (UH)")

    def _change_key(self, record: Rotation) -> None:
        new, old = record.new_key_der, self._keys[0]
        try:
            countersigned = has_signed(new, record.countersigned, record.countersignature)
        except ValueError as error:
            raise BadRecordError(f"{record.name}: the new key (UK) is no ECDSA P-256 key") from error
        if not countersigned:
            raise BadRecordError(f"{record.name}: the new key (UK) has not signed it (UN)")
        if new == old:
            raise BadRecordError(f"{record.name}: the new key (UK) is the old one")
        self._keys = (new,)
        self._rotations += 1

    def _follow(self, record: Record) -> None:
        if not record.evse.startswith(f"{record.station}*"):
            raise BadRecordError(f'{record.name}: EVSE "{record.evse}" (CI) is not of "{record.station}"')
        before = self._evses.get(record.evse)
        begun_ms = record.mono_ms if before is None or record.kind == "B" else before.begun_ms
        record = record._replace(begun_ms=begun_ms)
        if record.kind == "B":
            self._check_id(record, before)
            self._transactions += 1
        check_succession(before, record)
        if self._pricing is not None:
            self._pricing.check(record)
        self._evses[record.evse] = record
        if record.kind == "E":
            self._ended[record.transaction_id] = None
            if len(self._ended) > _ENDED_KEPT:
                del self._ended[next(iter(self._ended))]

    def _check_id(self, record: Record, before: Record | None) -> None:
        """An id begins once. Of the ended ones the newest are known, whichever EVSE they were at."""
        transaction_id = record.transaction_id
        if transaction_id in self._ended:
            raise BadRecordError(f"{record.name}: transaction {transaction_id} had ended")
        for other in self._evses.values():
            if other is not before and other.kind != "E" and other.transaction_id == transaction_id:
                raise BadRecordError(f"{record.name}: transaction {transaction_id} runs at {other.evse}")
