"""``wattseal meter`` as a person starts it, beside simulated meters on a line that may be set wrong."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from sim.board.dlt645 import Dlt645Line
from sim.board.meter import MeterBus
from sim.board.meter_map import Measured
from sim.board.meters import meters_on
from tests.metering_cli.strict_line import StrictLine

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30
LOADED = Measured((229.5, 230.2, 230.9), (2300.0, 2290.0, 2310.0), 1_234_567.8)
ONE_PHASE = Measured((229.5, 0.0, 0.0), (2300.0, 0.0, 0.0), 1_234_567.8)
IDLE = Measured((229.5, 230.2, 230.9), (0.0, 0.0, 0.0), 1_234_567.8)
DEAD = Measured((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0)


class Said(NamedTuple):
    code: int | None
    out: str
    err: str


class Place(NamedTuple):
    """A line with meters on it; ``tty`` is the station's end."""

    line: StrictLine
    meters: MeterBus | Dlt645Line
    tty: str


@asynccontextmanager
async def meters(
    name: str, baudrate: int, parity: str = "N", unit: int = 1, measured: Measured = LOADED
) -> AsyncIterator[Place]:
    """Have a meter of that map on a line."""
    line = StrictLine(baudrate, parity)
    line.start()
    meters = meters_on(line.device_tty, name, {unit: lambda: measured}, lambda: 0.0)
    await meters.start()
    try:
        yield Place(line, meters, line.station_tty)
    finally:
        await meters.stop()
        line.close()


async def start(*words: str | Path) -> asyncio.subprocess.Process:
    """Start ``wattseal meter …``."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "firmware", "meter", *map(str, words)),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


async def run(*words: str | Path) -> Said:
    """Run ``wattseal meter …`` to its end."""
    return await ended(await start(*words))


async def ended(process: asyncio.subprocess.Process) -> Said:
    """Wait for the end. Nobody ever sees a traceback."""
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert b"Traceback" not in err, err.decode()
    return Said(process.returncode, out.decode(), err.decode())


async def interrupted(process: asyncio.subprocess.Process, after: Callable[[str], bool], stream: str) -> Said:
    """Press Ctrl-C once a line of ``stream`` (stdout or stderr) is as awaited; wait for the end."""
    reader = process.stdout if stream == "stdout" else process.stderr
    assert reader is not None
    while not after((await asyncio.wait_for(reader.readline(), PATIENCE_S)).decode()):
        pass
    process.send_signal(signal.SIGINT)
    return await ended(process)
