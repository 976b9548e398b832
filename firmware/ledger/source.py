"""Finds the records and the public keys that a command line names, for tools that work on them offline."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from firmware.ledger.connection import connect_offline
from firmware.ledger.errors import ledger_error
from firmware.ledger.knowledge import Knowledge
from firmware.ledger.meter_seals import KeptSeal, meter_seals
from firmware.ledger.store import ocmf_texts, open_transactions
from firmware.signing.keys import PUBLIC_KEY_FILE, PUBLIC_KEYS_FILE
from firmware.signing.seal import public_key

RECORDS_FILE = "records.ocmf"
LEDGER_FILE = "ledger.db"
_SQLITE = b"SQLite format 3\0"
_LONGEST_LINE = 65_536
"""Bytes. A record is some 600; what is longer is none, and is not read into memory."""


class SourceError(Exception):
    """What was named is not there or is no records; the text says what would do."""


@dataclass(frozen=True, slots=True)
class Source:
    """OCMF texts in order, the transactions that a ledger knows to be running, and what else it knows.

    ``meter_seals`` are the texts of meters that sign by themselves, which only a ledger has.
    """

    path: Path
    texts: Iterable[bytes]
    still_open: frozenset[str] = frozenset()
    knowledge: Knowledge | None = None
    meter_seals: Iterable[KeptSeal] = ()


@dataclass(frozen=True, slots=True)
class Keys:
    """Public keys, the oldest first, and the station that they are said to belong to ("": not said)."""

    ders: tuple[bytes, ...]
    station: str = ""


@contextmanager
def open_source(named: Path) -> Iterator[Source]:
    """Open a records file, a ledger, or the one in a directory. Raises SourceError or LedgerError."""
    path = _found(named)
    try:
        file = path.open("rb")
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    with file:
        if not _is_ledger(path, file):
            yield Source(path, _lines(file))
            return
    connection = connect_offline(path)
    try:
        texts = (text.encode() for text in ocmf_texts(connection))
        seals = meter_seals(connection)
        yield Source(path, texts, open_transactions(connection), Knowledge(connection), seals)
    except sqlite3.Error as error:
        raise ledger_error(path, error) from error
    finally:
        connection.close()


def find_keys(given: str | None, beside: Path) -> Keys:
    """Return the public keys: of ``--key`` (hex, or a file with hex), else of those beside the records.

    A file may name the key's station after it: ``3059… chu-003``. Beside the records, public_keys.hex lists
    all that a station has had, once one was replaced; else public_key.hex has its only one.
    """
    if given is not None:
        path = Path(given)
        is_file = len(given) < 256 and path.is_file()
        return _keys(path.read_text(errors="replace") if is_file else given, f"--key {given}")
    for path in (beside.with_name(PUBLIC_KEYS_FILE), beside.with_name(PUBLIC_KEY_FILE)):
        if path.is_file():
            return _keys(path.read_text(errors="replace"), str(path))
    raise SourceError(f"{path}: there is no public key beside the records; name one with --key HEX or FILE")


def _keys(text: str, where: str) -> Keys:
    ders, stations = [], set()
    for line in text.strip().splitlines() or [""]:
        digits, _, station = line.strip().partition(" ")
        try:
            ders.append(bytes.fromhex(digits))
            public_key(ders[-1])
        except ValueError as error:
            raise SourceError(
                f"{where}: no public key; wanted is the hex of an ECDSA P-256 key in DER "
                "(SubjectPublicKeyInfo), and after a space, if you like, the station's id"
            ) from error
        stations.add(station.strip())
    if len(stations) > 1:
        raise SourceError(f"{where}: keys of different stations ({', '.join(sorted(stations))})")
    return Keys(tuple(ders), stations.pop())


def _found(named: Path) -> Path:
    if not named.is_dir():
        return named
    for name in (RECORDS_FILE, LEDGER_FILE):
        if (named / name).is_file():
            return named / name
    raise SourceError(f"{named}: there is neither {RECORDS_FILE} nor {LEDGER_FILE} in it")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines without their ends; a piece of one that is too long to be a record stands for it."""
    while line := file.readline(_LONGEST_LINE):
        yield line.removesuffix(b"\n")


def _is_ledger(path: Path, file: BinaryIO) -> bool:
    """Tell a ledger from records, and leave ``file`` at its begin. Raises SourceError when it is neither."""
    try:
        is_ledger = file.read(len(_SQLITE)) == _SQLITE
        file.seek(0)
        has_records = is_ledger or any(line.startswith(b"OCMF|") for line in _lines(file))
        file.seek(0)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    if not has_records:
        raise SourceError(
            f"{path}: no records in it; wanted is a ledger, or a file with one OCMF text a line"
        )
    return is_ledger
