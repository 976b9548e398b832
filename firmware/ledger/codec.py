"""Entries ⇄ rows. A body is the entry's JSON; the sealed text has a column of its own, kept as it is."""

from dataclasses import fields, replace
from typing import Any, NamedTuple, get_args

import msgspec

from firmware.core.entries import Entry, KeyRotated, TransactionEntry, UsageRecorded

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Entry)}
_TRANSACTION_KINDS = get_args(TransactionEntry)
UPLINK_KINDS = (
    *(kind.__name__ for kind in _TRANSACTION_KINDS if "seq_no" in {field.name for field in fields(kind)}),
    "FaultRaised",
    "FaultCleared",
    "KeyRotated",
    "MeterSealKept",
)
"""What the backend must hear of: the kinds with a number in the transaction's sequence, faults, new keys,
and what a meter signed too late for the transaction's end."""


class UnreadableEntryError(ValueError):
    """A row that this firmware cannot make an entry of; the text says which and why."""


class Row(NamedTuple):
    """An entry as it lies in the ledger. ``transaction_id`` is None outside of transactions."""

    kind: str
    transaction_id: str | None
    body: str
    ocmf: str | None


def to_row(entry: Entry) -> Row:
    """Return the entry's row. Raises ValueError for a usage record that has not been sealed."""
    values = msgspec.to_builtins(entry)
    ocmf = None
    if isinstance(entry, UsageRecorded):
        if entry.payload or not entry.ocmf:
            raise ValueError(f"usage record {entry.number} is not sealed")
        ocmf = values.pop("ocmf")
        del values["payload"]
    elif isinstance(entry, KeyRotated):
        ocmf = values.pop("ocmf")
        if not ocmf:
            raise ValueError(f"key rotation {entry.number} is not sealed")
    transaction_id = entry.transaction_id if isinstance(entry, _TRANSACTION_KINDS) else None
    return Row(type(entry).__name__, transaction_id, msgspec.json.encode(values).decode(), ocmf)


def from_row(seq: int, kind: str, body: str, ocmf: str | None) -> Entry:
    """Return the entry of row ``seq``. Raises UnreadableEntryError."""
    if kind not in KINDS:
        raise UnreadableEntryError(f"entry {seq}: {kind} is no kind of entry that this firmware knows")
    try:
        entry: Entry = msgspec.json.decode(body, type=KINDS[kind])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnreadableEntryError(f"entry {seq}: {kind}: {error}") from error
    if ocmf is not None and isinstance(entry, UsageRecorded | KeyRotated):
        return replace(entry, ocmf=ocmf)
    return entry
