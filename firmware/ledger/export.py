"""Writes a ledger's records out for others: OCMF lines, the transparency software's XML, or a table.

Everything streams: however many records there are, one is in memory at a time.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from firmware.signing.durable import write_durably


def ocmf_lines(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the texts as they are, one a line: what any OCMF tool and `wattseal ledger verify` read."""
    return (text + b"\n" for text in texts)


def of_transaction(texts: Iterable[bytes], transaction_id: str) -> Iterator[bytes]:
    """Yield the texts whose UT it is, untouched. A line that is no record is of no transaction."""
    return (text for text in texts if _transaction(text) == transaction_id)


def _transaction(text: bytes) -> object:
    try:
        payload = json.loads(text.split(b"|")[1])
    except (IndexError, ValueError, RecursionError):
        return None
    return payload.get("UT") if isinstance(payload, dict) else None


class Counted:
    """An iterable that knows how many items have passed."""

    def __init__(self, items: Iterable[bytes]) -> None:
        self._items = items
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for item in self._items:
            self.count += 1
            yield item


def write_out(chunks: Iterable[bytes], out: Path | None) -> None:
    """Write to a file, whole or not at all, or to standard output. Raises OSError."""
    if out is not None:
        write_durably(out, chunks, mode=0o644)
        return
    sys.stdout.buffer.writelines(chunks)
    sys.stdout.buffer.flush()
