"""``wattseal meter read``: one full reading of each meter."""

import asyncio
import sys
from collections.abc import Sequence

from firmware.metering_cli import table
from firmware.metering_cli.reading import Absent
from firmware.metering_cli.sources import Source


def read(sources: Sequence[Source]) -> int:
    """Print a reading of each; return 0 when every meter was read, else 1."""
    return asyncio.run(_read(sources))


async def _read(sources: Sequence[Source]) -> int:
    missing = 0
    for source in sources:
        try:
            reading = await source.read()
        finally:
            await source.close()
        missing += isinstance(reading, Absent)
        sys.stdout.write("\n".join([source.label, *table.lines(reading)]) + "\n")
        sys.stdout.flush()
    return 1 if missing else 0
