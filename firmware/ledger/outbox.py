"""What is still to be sent: the ledger itself, seen past an acknowledgement cursor (docs/adr/0003)."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from firmware.core.entries import Entry, KeyRotated, TransactionEnded, UsageRecorded
from firmware.ledger.codec import UPLINK_KINDS, from_row

NEWEST_ROTATION = ("key",)
"""The subject under which the newest rotation of the key stands."""

_KINDS = ", ".join(f"'{kind}'" for kind in UPLINK_KINDS)


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One entry for the backend, under the message id that it keeps through all resends.

    ``signed`` are the OCMF texts that go with it: a usage record's own; at the end of a transaction the begin
    and the end record, as far as there are any; a rotation's; otherwise none. ``sealed_by`` is the public key
    (hex of its DER) that they verify with, "" for the station's newest: a key may have been replaced since.
    """

    seq: int
    message_id: str
    entry: Entry
    signed: tuple[str, ...]
    sealed_by: str = ""


def subject(*names: str | int) -> str:
    """Return what an entry stands for, as the table ``standing`` has it."""
    return json.dumps(names, ensure_ascii=False)


def next_after(connection: sqlite3.Connection, cursor: int) -> OutboxItem | None:
    """Return the first entry past ``cursor`` that the backend must hear of."""
    row = connection.execute(
        f"SELECT seq, message_id, kind, body, ocmf FROM entry WHERE seq > ? AND kind IN ({_KINDS})"
        " ORDER BY seq LIMIT 1",
        (cursor,),
    ).fetchone()
    if row is None:
        return None
    seq, message_id, kind, body, ocmf = row
    entry = from_row(seq, kind, body, ocmf)
    signed = _signed(connection, entry)
    return OutboxItem(seq, message_id, entry, signed, _sealed_by(connection, seq) if signed else "")


def unsent_between(connection: sqlite3.Connection, cursor: int, seq: int) -> int | None:
    """Return the first entry for the backend after ``cursor`` and before ``seq``, if there is one."""
    row = connection.execute(
        f"SELECT seq FROM entry WHERE seq > ? AND seq < ? AND kind IN ({_KINDS}) ORDER BY seq LIMIT 1",
        (cursor, seq),
    ).fetchone()
    return None if row is None else int(row[0])


def _signed(connection: sqlite3.Connection, entry: Entry) -> tuple[str, ...]:
    match entry:
        case UsageRecorded(ocmf=ocmf) | KeyRotated(ocmf=ocmf):
            return (ocmf,)
        case TransactionEnded(transaction_id=transaction_id):
            return tuple(_legal_pair(connection, transaction_id))
        case _:
            return ()


def _sealed_by(connection: sqlite3.Connection, seq: int) -> str:
    """Return the key before the first rotation at or after an entry, "" if there has been none."""
    newest = connection.execute(
        "SELECT seq FROM standing WHERE subject = ?", (subject(*NEWEST_ROTATION),)
    ).fetchone()
    if newest is None or newest[0] < seq:
        return ""
    (replaced,) = connection.execute(
        "SELECT json_extract(body, '$.replaced') FROM entry WHERE seq >= ? AND kind = 'KeyRotated'"
        " ORDER BY seq LIMIT 1",
        (seq,),
    ).fetchone()
    return str(replaced)


def _legal_pair(connection: sqlite3.Connection, transaction_id: str) -> Iterator[str]:
    """Yield the begin record, then the end record. Each is searched from its own end of the span."""
    for reading, order in (("B", "ASC"), ("E", "DESC")):
        yield from (
            ocmf
            for (ocmf,) in connection.execute(
                "SELECT e.ocmf FROM span s CROSS JOIN entry e"
                " WHERE s.transaction_id = ?1 AND e.transaction_id = ?1"
                " AND e.seq BETWEEN s.began AND s.ended AND e.kind = 'UsageRecorded'"
                f" AND json_extract(e.body, '$.kind') = ?2 ORDER BY e.seq {order} LIMIT 1",
                (transaction_id, reading),
            )
        )
