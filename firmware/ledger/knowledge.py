"""What a ledger knows besides its sealed texts: what was sold, and how many entries there must be."""

import sqlite3

import msgspec

from firmware.core.entries import LimitAccepted, TransactionEnded, TransactionStarted
from firmware.core.tariff import Tariff
from firmware.ledger.record import Record

_SEALED_OTHERWISE = """
    SELECT seq FROM (
        SELECT seq, transaction_id, body, substr(ocmf, 6, instr(substr(ocmf, 6), '|') - 1) AS payload
        FROM entry WHERE kind = 'UsageRecorded'
    ) WHERE 'T' || json_extract(body, '$.number') IS NOT json_extract(payload, '$.PG')
        OR transaction_id IS NOT json_extract(payload, '$.UT')
        OR json_extract(body, '$.kind') IS NOT json_extract(payload, '$.RD[0].TX')
        OR json_extract(body, '$.import_dwh') != round(json_extract(payload, '$.RD[0].RV') * 10000)
        OR json_extract(body, '$.cost_e4') != CAST(replace(json_extract(payload, '$.UC'), '.', '') AS INTEGER)
        OR json_extract(body, '$.charging_ms') IS NOT json_extract(payload, '$.UD')
        OR json_extract(body, '$.idle_ms') IS NOT json_extract(payload, '$.UW')
    ORDER BY seq LIMIT 1
"""

_BILLED_OTHERWISE = """
    SELECT e.transaction_id FROM span s
    JOIN entry ended ON ended.seq = s.ended
    JOIN entry e ON e.seq BETWEEN s.began AND s.ended AND e.transaction_id = s.transaction_id
    WHERE e.kind = 'UsageRecorded' AND json_extract(e.body, '$.kind') = 'E'
        AND json_extract(e.body, '$.cost_e4') IS NOT json_extract(ended.body, '$.cost.total_e4')
    LIMIT 1
"""


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

    def contradiction(self) -> str:
        """Say where what stands beside the seals, and goes to the backend, is not what is sealed, or ""."""
        execute = self._connection.execute
        if row := execute(_SEALED_OTHERWISE).fetchone():
            return f"entry {row[0]}: what stands beside the sealed record is not what is sealed"
        if row := execute(_BILLED_OTHERWISE).fetchone():
            return f"transaction {row[0]}: the bill is not the cost in its end record"
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
