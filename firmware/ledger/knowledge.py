"""What a ledger knows besides its sealed texts: what was sold, and how many entries there must be."""

import sqlite3

import msgspec

from firmware.core.entries import LimitAccepted, TransactionEnded, TransactionStarted
from firmware.core.tariff import Tariff
from firmware.ledger.record import Record


class Knowledge:
    """Questions to a ledger that no agent has open. All raise sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tariff_of(self, record: Record) -> Tariff | None:
        """Return the tariff that was in force at a transaction's start."""
        bodies = self._bodies(record.transaction_id, TransactionStarted.__name__)
        return msgspec.json.decode(bodies[0], type=TransactionStarted).tariff if bodies else None

    def limits_of(self, transaction_id: str) -> frozenset[int]:
        """Return the amounts that a transaction's bill was limited to, in 1/10000 of the main unit."""
        bodies = self._bodies(transaction_id, LimitAccepted.__name__)
        limits = (msgspec.json.decode(body, type=LimitAccepted).limit.cost_e4 for body in bodies)
        return frozenset(max(0, limit) for limit in limits if limit is not None)

    def ended(self, transaction_id: str) -> TransactionEnded | None:
        """Return a transaction's end with its bill, None while it runs."""
        bodies = self._bodies(transaction_id, TransactionEnded.__name__)
        return msgspec.json.decode(bodies[-1], type=TransactionEnded) if bodies else None

    def missing(self) -> str:
        """Say which entries the ledger itself knows to be missing, or "".

        Entries are numbered from 1 without gaps. One that was taken off the end is missed where something
        later points at it: the backend's acknowledgement, a transaction's span, a standing fault or setting.
        """
        execute = self._connection.execute
        (count, first, last) = execute("SELECT count(*), min(seq), max(seq) FROM entry").fetchone()
        if count and last - first + 1 != count:
            return f"{last - first + 1 - count} of its entries {first} to {last} are missing"
        (known,) = execute(
            "SELECT max(seq) FROM (SELECT acknowledged AS seq FROM cursor UNION SELECT max(began) FROM span"
            " UNION SELECT max(ended) FROM span UNION SELECT max(seq) FROM standing"
            " UNION SELECT max(seq) FROM parked)"
        ).fetchone()
        if known is not None and known > (last or 0):
            return f"it ends with entry {last or 0}, but has had an entry {known}"
        return ""

    def _bodies(self, transaction_id: str, kind: str) -> list[str]:
        """Return the bodies of a transaction's entries of one kind, searched within its span."""
        rows = self._connection.execute(
            "SELECT e.body FROM span s CROSS JOIN entry e WHERE s.transaction_id = ?1"
            " AND e.transaction_id = ?1 AND e.seq >= s.began AND (s.ended IS NULL OR e.seq <= s.ended)"
            " AND e.kind = ?2 ORDER BY e.seq",
            (transaction_id, kind),
        )
        return [body for (body,) in rows]
