"""The ledger: durable facts in order, never changed. One owner, one connection, one thread."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from firmware.core.entries import (
    ContactorCycled,
    Entry,
    FaultCleared,
    FaultRaised,
    KeyRotated,
    MeterAccepted,
    SettingStored,
    TariffRemoved,
    TariffStored,
    TransactionEnded,
    UsageRecorded,
)
from firmware.ledger import outbox
from firmware.ledger.codec import UnreadableEntryError, from_row, to_row
from firmware.ledger.connection import connect
from firmware.ledger.errors import LedgerDamagedError, ledger_error
from firmware.ledger.outbox import OutboxItem

_BATCH = 256

# CROSS JOIN: the few open spans first, then only the entries since they began
_REPLAY = """
    SELECT seq, kind, body, ocmf FROM entry WHERE seq IN (
        SELECT seq FROM standing
        UNION SELECT seq FROM (
            SELECT seq FROM entry WHERE kind = 'UsageRecorded' ORDER BY seq DESC LIMIT 1)
        UNION SELECT e.seq FROM span s CROSS JOIN entry e
            WHERE s.ended IS NULL AND e.seq >= s.began AND e.transaction_id = s.transaction_id
    ) ORDER BY seq
"""


def _new_message_id() -> str:
    return uuid4().hex


class Ledger:
    """The station's memory. Open it once, in the process that owns it.

    Each method raises LedgerError (with what to do) when the storage fails; then nothing was stored.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, new_message_id: Callable[[], str]) -> None:
        self._path = path
        self._connection = connection
        self._new_message_id = new_message_id
        (self._acknowledged,) = connection.execute("SELECT acknowledged FROM cursor").fetchone()

    @classmethod
    def open(cls, path: Path, *, new_message_id: Callable[[], str] = _new_message_id) -> "Ledger":
        """Open the ledger at ``path``, or create it.

        Raises LedgerLockedError when another process has it, LedgerDamagedError when it is no ledger or does
        not hang together, LedgerError when it cannot be opened.
        """
        return cls(path, connect(path), new_message_id)

    def append(self, entry: Entry) -> int:
        """Store one entry durably and return its sequence number (from 1, without gaps)."""
        return self._store((entry,))

    def append_all(self, entries: Sequence[Entry]) -> None:
        """Store several entries durably in one transaction: all of them or none."""
        if entries:
            self._store(entries)

    def replay(self) -> Iterator[Entry]:
        """Yield what a reboot needs, in order.

        That is the newest entry of each setting and of each EVSE's tariff, contactor and meter, the last
        rotation of the key, the standing faults, all of every transaction that has not ended, each EVSE's
        last end record (no register may be lower) and the last usage record (the chain goes on from it).
        """
        with self._explaining():
            for row in self._connection.execute(_REPLAY).fetchall():
                yield from_row(*row)

    def next_unacknowledged(self) -> OutboxItem | None:
        """Return the oldest entry that the backend has not acknowledged, or None when it knows all."""
        with self._explaining():
            return outbox.next_after(self._connection, self._acknowledged)

    def acknowledge(self, seq: int) -> None:
        """Move the cursor past ``seq``. Once more for what is acknowledged already changes nothing.

        The end of a transaction is acknowledged durably; anything else without a sync of its own, so that a
        power cut may cause one more resend with the same message id (docs/adr/0003). Raises ValueError when
        an older entry is still to be sent.
        """
        if seq <= self._acknowledged:
            return
        with self._explaining():
            self._refuse_to_skip(seq)
            if self._kind(seq) == TransactionEnded.__name__:
                self._move_cursor(seq)
            else:
                with self._unsynced():
                    self._move_cursor(seq)
        self._acknowledged = seq

    def park(self, seq: int, why: str) -> None:
        """Set aside an entry that the backend will never take, with its reason; what follows can go on."""
        with self._explaining():
            self._refuse_to_skip(seq)
            with self._transaction():
                self._connection.execute("INSERT OR REPLACE INTO parked VALUES (?, ?)", (seq, why))
                self._move_cursor(max(seq, self._acknowledged))
        self._acknowledged = max(seq, self._acknowledged)

    def parked(self) -> list[tuple[int, str]]:
        """Return what was set aside: sequence numbers and reasons."""
        with self._explaining():
            return self._connection.execute("SELECT seq, why FROM parked ORDER BY seq").fetchall()

    def records(self) -> Iterator[str]:
        """Yield the OCMF texts of all usage records in order, byte for byte as they were sealed."""
        with self._explaining():
            yield from ocmf_texts(self._connection)

    def close(self) -> None:
        """Write the log back into the file and let go of it."""
        with self._explaining():
            self._connection.close()

    def _store(self, entries: Sequence[Entry]) -> int:
        rows = [(entry, to_row(entry)) for entry in entries]
        seq = 0
        with self._explaining(), self._transaction():
            for entry, row in rows:
                (seq,) = self._connection.execute(
                    "INSERT INTO entry (kind, transaction_id, message_id, body, ocmf)"
                    " VALUES (?, ?, ?, ?, ?) RETURNING seq",
                    (row.kind, row.transaction_id, self._new_message_id(), row.body, row.ocmf),
                ).fetchone()
                self._follow(entry, row.transaction_id, seq)
        return seq

    def _follow(self, entry: Entry, transaction_id: str | None, seq: int) -> None:
        """Keep what `replay` looks things up by; a minute of a running transaction changes none of it."""
        execute = self._connection.execute
        subject = _newest_word_on(entry)
        if subject is not None:
            self._stands(seq, *subject)
        if isinstance(entry, FaultCleared):
            cleared = outbox.subject("fault", entry.evse, entry.fault)
            execute("DELETE FROM standing WHERE subject = ?", (cleared,))
        if transaction_id is not None:
            execute("INSERT OR IGNORE INTO span VALUES (?, ?, NULL)", (transaction_id, seq))
        if isinstance(entry, TransactionEnded):
            execute("UPDATE span SET ended = ? WHERE transaction_id = ?", (seq, transaction_id))

    def _stands(self, seq: int, *subject: str | int) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO standing VALUES (?, ?)", (outbox.subject(*subject), seq)
        )

    def _refuse_to_skip(self, seq: int) -> None:
        skipped = outbox.unsent_between(self._connection, self._acknowledged, seq)
        if skipped is not None:
            raise ValueError(f"entry {skipped} is still to be sent, before {seq}")

    def _kind(self, seq: int) -> str:
        row = self._connection.execute("SELECT kind FROM entry WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise ValueError(f"there is no entry {seq}")
        return str(row[0])

    def _move_cursor(self, seq: int) -> None:
        self._connection.execute("UPDATE cursor SET acknowledged = ?", (seq,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _unsynced(self) -> Iterator[None]:
        """Commit without a sync: safe from a crash of the process, from a power cut only after the next."""
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ledger_error(self._path, error) from error
        except UnreadableEntryError as error:
            raise LedgerDamagedError(f"{self._path}: {error}") from error


def _newest_word_on(entry: Entry) -> tuple[str | int, ...] | None:
    """Return what an entry is the newest word on, so that `replay` needs no older one, or None."""
    match entry:
        case SettingStored(component=component, variable=variable):
            return "setting", component, variable
        case TariffStored(evse=evse) | TariffRemoved(evse=evse):
            return "tariff", evse
        case ContactorCycled(evse=evse):
            return "contactor", evse
        case MeterAccepted(evse=evse):
            return "meter", evse
        case UsageRecorded(evse=evse, kind="E"):
            return "register", evse
        case KeyRotated():
            return outbox.NEWEST_ROTATION
        case FaultRaised(evse=evse, fault=fault):
            return "fault", evse, fault
    return None


def ocmf_texts(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the sealed texts in order, a batch at a time, so that appending in between does no harm."""
    seq = 0
    while batch := connection.execute(
        "SELECT seq, ocmf FROM entry WHERE seq > ? AND ocmf IS NOT NULL ORDER BY seq LIMIT ?", (seq, _BATCH)
    ).fetchall():
        for seq, ocmf in batch:  # noqa: B007 -- the last one is where the next batch begins
            yield ocmf


def open_transactions(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the ids of the transactions that have not ended."""
    rows = connection.execute("SELECT transaction_id FROM span WHERE ended IS NULL")
    return frozenset(transaction_id for (transaction_id,) in rows)
