"""Finds the records and the public key that a command line names, for the tools that work on them offline."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware.ledger.connection import connect_offline
from firmware.ledger.errors import ledger_error
from firmware.ledger.store import ocmf_texts, open_transactions
from firmware.signing.keys import PUBLIC_KEY_FILE
from firmware.signing.seal import public_key

RECORDS_FILE = "records.ocmf"
LEDGER_FILE = "ledger.db"
_SQLITE = b"SQLite format 3\0"


class SourceError(Exception):
    """What was named is not there or is no records; the text says what would do."""


@dataclass(frozen=True, slots=True)
class Source:
    """OCMF texts in order, and the transactions that a ledger knows to be running."""

    path: Path
    texts: Iterable[bytes]
    still_open: frozenset[str] = frozenset()


@contextmanager
def open_source(named: Path) -> Iterator[Source]:
    """Open a records file, a ledger, or the one in a directory. Raises SourceError or LedgerError."""
    path = _found(named)
    try:
        with path.open("rb") as file:
            is_ledger = file.read(len(_SQLITE)) == _SQLITE
        content = b"" if is_ledger else path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    if not is_ledger:
        yield Source(path, _lines(path, content))
        return
    connection = connect_offline(path)
    try:
        texts = (text.encode() for text in ocmf_texts(connection))
        yield Source(path, texts, open_transactions(connection))
    except sqlite3.Error as error:
        raise ledger_error(path, error) from error
    finally:
        connection.close()


def find_key(given: str | None, beside: Path) -> bytes:
    """Return the DER public key: of ``--key`` (hex, or a file with hex), else of public_key.hex beside."""
    if given is not None:
        path = Path(given)
        return _key(path.read_text(errors="replace") if path.is_file() else given, f"--key {given}")
    path = beside.with_name(PUBLIC_KEY_FILE)
    if not path.is_file():
        raise SourceError(
            f"{path}: there is no public key beside the records; name one with --key HEX or FILE"
        )
    return _key(path.read_text(errors="replace"), str(path))


def _key(text: str, where: str) -> bytes:
    try:
        der = bytes.fromhex(text.strip())
        public_key(der)
    except ValueError as error:
        raise SourceError(
            f"{where}: no public key; wanted is the hex of an ECDSA P-256 key in DER (SubjectPublicKeyInfo)"
        ) from error
    return der


def _found(named: Path) -> Path:
    if not named.is_dir():
        return named
    for name in (RECORDS_FILE, LEDGER_FILE):
        if (named / name).is_file():
            return named / name
    raise SourceError(f"{named}: there is neither {RECORDS_FILE} nor {LEDGER_FILE} in it")


def _lines(path: Path, content: bytes) -> list[bytes]:
    lines = content.removesuffix(b"\n").split(b"\n")
    if not any(line.startswith(b"OCMF|") for line in lines):
        raise SourceError(
            f"{path}: no records in it; wanted is a ledger, or a file with one OCMF text a line"
        )
    return lines
