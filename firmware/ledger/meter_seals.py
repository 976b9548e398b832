"""What signing meters have themselves signed, out of a ledger: byte for byte, with the key to verify it."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from firmware.core.entries import MeterRecordBegan, MeterSealKept
from firmware.core.events import MeterSeal
from firmware.ledger.codec import from_row
from firmware.signing.durable import write_durably


class KeptSeal(NamedTuple):
    """A text with the transaction under which it was kept (for one that was left over: found with)."""

    transaction_id: str
    seal: MeterSeal


def meter_seals(connection: sqlite3.Connection) -> Iterator[KeptSeal]:
    """Yield all that meters signed, in the order in which it was kept. Raises UnreadableEntryError."""
    rows = connection.execute(
        "SELECT seq, kind, body, ocmf FROM entry"
        " WHERE kind IN ('MeterRecordBegan', 'MeterSealKept') ORDER BY seq"
    )
    for row in rows:
        entry = from_row(*row)
        if isinstance(entry, MeterRecordBegan | MeterSealKept) and entry.seal is not None:
            yield KeptSeal(entry.transaction_id, entry.seal)


def export_meter_seals(seals: Iterable[KeptSeal], out: Path) -> int:
    """Write the texts to ``out``, one a line, and their keys to ``out``.keys; return how many there were.

    Raises OSError; then neither file has changed, or only the keys'.
    """
    kept = [each.seal for each in seals]
    write_durably(out.with_name(out.name + ".keys"), _lines(seal.public_key_hex for seal in kept), mode=0o644)
    write_durably(out, _lines(seal.data for seal in kept), mode=0o644)
    return len(kept)


def _lines(texts: Iterable[str]) -> Iterator[bytes]:
    return (text.encode() + b"\n" for text in texts)
