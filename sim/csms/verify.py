"""Verifies a station's stream of usage records: seals, numbering, chain, registers and times.

One `Stream` per station, from the first record this backend saw of it. A problem is a sentence that begins
with a word to search for: ``seal``, ``key``, ``missing``, ``order``, ``chain``, ``register``, ``time`` …
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sim.csms.ocmf import PublicKey, Record, UnreadableKeyError, UnreadableRecordError, read_record
from sim.csms.rotation import Rotation, read_rotation

KINDS: Final = frozenset("BCSTXE")
NEW_REGISTER: Final = frozenset({"exchanged", "rolled-over", "by-engineer"})
"""A begin record with one of these (UF) may read less than the record before it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one record text: the record if it can be read, and what is wrong with it.

    ``known`` says that the same bytes came before: nothing new, and never an error.
    """

    record: Record | None
    problems: tuple[str, ...] = ()
    known: bool = False


@dataclass(slots=True)
class Stream:
    """All records of one station in the order of their arrival, and the key pinned at first sight."""

    station: str
    key: PublicKey | None = None
    records: list[Record] = field(default_factory=list)
    rotations: list[Rotation] = field(default_factory=list)
    _by_page: dict[int, Record] = field(default_factory=dict)
    _head: Record | None = None
    _newest_digest: str = ""
    _newest_on: dict[str, Record] = field(default_factory=dict)

    def take(self, text: str, public_key: str = "") -> Checked:
        """Take one record text in, with the key that came beside it ("" if none did), and verify it."""
        try:
            record = read_record(text)
        except UnreadableRecordError as error:
            return Checked(None, (f"unreadable: {error}",))
        before = self._by_page.get(record.page)
        if before is not None:
            return self._again(before, record)
        problems = (*self._key_problems(public_key), *self._problems(record))
        self._keep(record)
        return Checked(record, problems)

    def rotate(self, text: str) -> tuple[str, ...]:
        """Take the record of a new key in; return what is wrong with it. Only a good one changes the key.

        Where no key has been seen yet, the new one is pinned as the first one would have been.
        """
        try:
            rotation = read_rotation(text)
        except UnreadableRecordError as error:
            return (f"unreadable: {error}",)
        if any(known.text == text for known in self.rotations):
            return ()  # the same bytes again: nothing new
        problems = tuple(self._rotation_problems(rotation))
        if not problems:
            self.rotations.append(rotation)
            self.key, self._newest_digest = rotation.key, rotation.digest
        return problems

    def _rotation_problems(self, rotation: Rotation) -> Iterator[str]:
        name = f"F{rotation.number}"
        if self.key is not None and not self.key.has_sealed(rotation):
            yield f"seal: {name} is not sealed by the key that it replaces"
        if self.key is not None and rotation.key.hex == self.key.hex:
            yield f"key: {name} replaces a key by itself"
        if not rotation.proven:
            yield f"key: {name} names a key that nobody proves to have"
        if rotation.station != self.station:
            yield f"origin: {name} is of {rotation.station}, not of {self.station}"
        if self.rotations and rotation.number != self.rotations[-1].number + 1:
            yield f"missing: F{self.rotations[-1].number} is followed by {name}"
        if self._newest_digest and rotation.previous != self._newest_digest:
            yield f"chain: {name} does not carry the hash of what came before it"

    def _keep(self, record: Record) -> None:
        self.records.append(record)
        self._by_page[record.page] = record
        if self._head is None or record.page > self._head.page:
            self._head = record
            self._newest_digest = record.digest
            self._newest_on[record.connector] = record

    def _again(self, before: Record, record: Record) -> Checked:
        if before.text == record.text:
            return Checked(before, known=True)
        return Checked(before, (f"doubled: another record T{record.page} came with different bytes",))

    def _key_problems(self, public_key: str) -> Iterator[str]:
        if not public_key:
            return
        try:
            key = PublicKey.from_ocpp(public_key)
        except UnreadableKeyError as error:
            yield f"key: {error}"
            return
        if self.key is None:
            self.key = key
        elif self.key.hex != key.hex:
            yield f"key: {self.station} shows another public key than the one pinned at first sight"

    def _problems(self, record: Record) -> Iterator[str]:
        name = f"T{record.page}"
        yield from self._seal_problems(record, name)
        yield from _content_problems(record, name, self.station)
        if self._head is not None:
            yield from _succession_problems(self._head, self._newest_digest, record, name)
        elif self.rotations:
            if record.page == 1 and record.previous != self._newest_digest:
                yield f"chain: {name} does not carry the hash of F{self.rotations[-1].number}"
        else:
            yield from _anchor_problems(record, name)
        before = self._newest_on.get(record.connector)
        if before is not None and before.page < record.page and _runs_back(before, record):
            yield f"register: {name} reads less than T{before.page}"

    def _seal_problems(self, record: Record, name: str) -> Iterator[str]:
        if self.key is None:
            yield f"key: {name} came before any public key"
        elif not self.key.has_sealed(record):
            yield f"seal: {name} does not verify with the pinned key, it was altered or forged"


def _runs_back(before: Record, record: Record) -> bool:
    another = record.kind == "B" and record.notes & NEW_REGISTER
    return record.register_dwh < before.register_dwh and not another


def _content_problems(record: Record, name: str, station: str) -> Iterator[str]:
    if record.kind not in KINDS:
        yield f"kind: {name} has the reading reason {record.kind}"
    if not record.connector.startswith(f"{station}*"):
        yield f"origin: {name} is for the connector {record.connector}, not of {station}"
    if record.state != "G":
        yield f"meter: {name} has the meter state {record.state}, not G (good)"
    if record.flags != ("t" if record.clock == "U" else ""):  # without a clock, energy is still energy
        yield f"meter: {name} carries the error flags {record.flags or 'of no error'}"


def _anchor_problems(record: Record, name: str) -> Iterator[str]:
    if (record.page == 1) != (record.previous == ""):
        yield f"chain: {name} is the first record seen, and its link to the one before is not what it must be"


def _succession_problems(head: Record, digest: str, record: Record, name: str) -> Iterator[str]:
    """Hold a record against the newest one before it; what came in the wrong order is held no further.

    ``digest`` is that of the text before it, which may be of a rotation since.
    """
    if record.page < head.page:
        yield f"order: {name} came after T{head.page}"
        return
    if record.page > head.page + 1:
        yield f"missing: T{head.page} is followed by {name}"
    elif record.previous != digest:
        yield f"chain: {name} does not carry the hash of T{head.page}"
    stale = "last-believed" in record.notes  # another EVSE may have had a later reading since
    if record.clock == head.clock == "S" and record.at < head.at and not stale:
        yield f"time: {name} is stamped before T{head.page}, both by a synchronised clock"
