"""Writes a ledger's records into a file that third-party tools read: one OCMF text a line, in order."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from firmware.signing.durable import write_durably


def export(texts: Iterable[bytes], out: Path) -> int:
    """Write ``texts`` to ``out``, whole or not at all; return how many there were. Raises OSError."""
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for text in texts:
            count += 1
            yield text + b"\n"

    write_durably(out, lines(), mode=0o644)
    return count
