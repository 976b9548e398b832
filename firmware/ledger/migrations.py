"""The ledger's schema as numbered steps. A step that has shipped is never changed; a change is a new step.

``PRAGMA user_version`` counts the steps a file has had. Each runs in one transaction with its count.
"""

import sqlite3
from pathlib import Path

from firmware.ledger.errors import LedgerError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # 1: entries in order; an index by transaction would cost a page more each minute, spans cost none
        """CREATE TABLE entry (
            seq INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            transaction_id TEXT,
            message_id TEXT NOT NULL,
            body TEXT NOT NULL,
            ocmf TEXT
        )""",
        # the entries of a transaction lie between these, ended is NULL while it is open
        """CREATE TABLE span (
            transaction_id TEXT PRIMARY KEY,
            began INTEGER NOT NULL,
            ended INTEGER
        ) WITHOUT ROWID""",
        # the newest entry of each setting, each tariff and each standing fault
        "CREATE TABLE standing (subject TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE cursor (id INTEGER PRIMARY KEY CHECK (id = 1), acknowledged INTEGER NOT NULL)",
        "INSERT INTO cursor VALUES (1, 0)",
        "CREATE TABLE parked (seq INTEGER PRIMARY KEY, why TEXT NOT NULL)",
    ),
)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the ledger at ``path`` up to the newest step. Raises LedgerError if newer firmware wrote it."""
    (done,) = connection.execute("PRAGMA user_version").fetchone()
    if done > len(MIGRATIONS):
        raise LedgerError(
            f"{path}: the ledger has schema {done}, this firmware knows {len(MIGRATIONS)}; "
            "install the firmware that wrote it, or newer"
        )
    for number, statements in enumerate(MIGRATIONS[done:], start=done + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
