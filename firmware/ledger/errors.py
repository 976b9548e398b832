"""What can be wrong with a ledger, in words for the person who has to act."""

import sqlite3
from pathlib import Path


class LedgerError(Exception):
    """The ledger could not do it, and nothing was stored."""


class LedgerDamagedError(LedgerError):
    """The file is no ledger any more, or its content does not hang together."""


class LedgerLockedError(LedgerError):
    """Another process owns the ledger: a ledger has one connection."""


_ADVICE = {
    "SQLITE_FULL": (LedgerError, "the disk is full; free space on it, charging starts again by itself"),
    "SQLITE_READONLY": (LedgerError, "cannot be written to; check the mount and the file's owner"),
    "SQLITE_CANTOPEN": (
        LedgerError,
        "cannot be opened; check that its directory exists and may be written to",
    ),
    "SQLITE_PERM": (LedgerError, "may not be opened; check the file's owner"),
    "SQLITE_IOERR": (LedgerError, "the storage reports an error; check the disk or the card"),
    "SQLITE_BUSY": (LedgerLockedError, "in use by another process; stop the station's agent first"),
    "SQLITE_LOCKED": (LedgerLockedError, "in use by another process; stop the station's agent first"),
    "SQLITE_NOTADB": (
        LedgerDamagedError,
        "not a ledger; move it away and keep it, it may hold unsent records",
    ),
    "SQLITE_CORRUPT": (LedgerDamagedError, "damaged; move it away and keep it, it may hold unsent records"),
}


def ledger_error(path: Path, error: sqlite3.Error) -> LedgerError:
    """Return the error that says what ``error`` means for the ledger at ``path``."""
    name = getattr(error, "sqlite_errorname", None) or ""
    for prefix, (kind, advice) in _ADVICE.items():
        if name.startswith(prefix):
            return kind(f"{path}: {advice} ({error})")
    return LedgerError(f"{path}: {error}")
