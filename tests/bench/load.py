"""The machine fully loaded: one busy process per core."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sim.processes import Child

_BURN = "while True: pass"


@asynccontextmanager
async def every_core_busy(log: Path) -> AsyncIterator[None]:
    """Keep every core busy at the priority that processes have who ask for none."""
    async with AsyncExitStack() as stack:
        for core in range(os.cpu_count() or 1):
            child = await Child.start(f"load {core}", ["-c", _BURN], log)
            stack.push_async_callback(child.stop)
        yield
