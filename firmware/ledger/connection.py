"""The one connection to a ledger file, and a look at one that nobody has open."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware.ledger.errors import LedgerDamagedError, LedgerError, ledger_error
from firmware.ledger.migrations import MIGRATIONS, migrate

PAGE_SIZE = 1024
"""Bytes. See docs/adr/0003: the size at which a charged minute writes least."""

_CHECKPOINT_PAGES = 1000
_WAIT_S = 0.5  # for a predecessor that is just being killed


def connect(path: Path) -> sqlite3.Connection:
    """Open or create the ledger at ``path`` for its one owner, whole and up to date.

    The lock is exclusive and taken before write-ahead logging begins: SQLite up to 3.51.2 can damage a WAL
    file when two connections race. Raises LedgerError, LedgerLockedError or LedgerDamagedError.
    """
    with _explaining(path):
        _create_private(path)
        connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        with _closing_on_error(connection):
            _configure(connection)
            _check(connection, path)
            migrate(connection, path)
    return connection


def connect_offline(path: Path) -> sqlite3.Connection:
    """Open the ledger at ``path`` for reading only, while no agent has it; its file is left as it is.

    Raises LedgerLockedError when an agent has it, LedgerError or LedgerDamagedError otherwise.
    """
    if not path.is_file():
        raise LedgerError(f"{path}: there is no such file")
    with _explaining(path):
        connection = sqlite3.connect(_read_only(path), uri=True, timeout=0, isolation_level=None)
        with _closing_on_error(connection):
            _check(connection, path)
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if not 1 <= version <= len(MIGRATIONS):
                raise LedgerError(f"{path}: no ledger of this firmware (schema {version})")
    return connection


def _create_private(path: Path) -> None:
    """Make the file with the owner's rights only: it holds payment references."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise LedgerError(f"{path}: cannot be opened: {error.strerror}") from error


def _configure(connection: sqlite3.Connection) -> None:
    for pragma in (
        f"page_size = {PAGE_SIZE}",
        "locking_mode = EXCLUSIVE",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        "temp_store = MEMORY",
        "cache_size = -256",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise LedgerDamagedError(
            f"{path}: damaged ({found}); move it away and keep it, it may hold unsent records"
        )


def _read_only(path: Path) -> str:
    """Return the URI of a read-only view. A file with a log beside it needs a directory it can be read in."""
    log = path.with_name(path.name + "-wal")
    uri = path.absolute().as_uri() + "?mode=ro"
    if log.exists() or os.access(path.parent, os.W_OK):
        return uri
    return uri + "&immutable=1"


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ledger_error(path, error) from error


@contextmanager
def _closing_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
