"""What is drilled at the board: the interlock that ships, or the bare loop; one at a time."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from firmware.interlock.lease import Decoder, Status, fault_names
from sim.processes import ROOT, Child
from tests.bench.benches import MeasurementError

_RECLOSE_MS = 20
"""A contactor's rest; the default of a second would make a series of 10,000 last for half an hour."""
_RETRY_S = 0.001
_WITHIN_S = 10.0


@dataclass(frozen=True)
class Station:
    """``agent_socket``: where leases are granted, None: it needs none. ``start_ms``: until it was at work."""

    agent_socket: Path | None
    start_ms: float


@asynccontextmanager
async def interlock(address: Path, evses: int, log: Path) -> AsyncIterator[Station]:
    """Run the real interlock with a residual current device and a motor lock at every EVSE."""
    socket = address.with_name("interlock.sock")
    rules = {"max_current_ma": 32_000, "residual_current": True, "reclose_ms": _RECLOSE_MS}
    settings = {
        "socket": str(socket),
        "board": {"backend": "remote", "address": str(address)},
        "evses": [{"id": evse, "rules": rules} for evse in range(1, evses + 1)],
    }
    command = (sys.executable, "-m", "firmware.interlock", json.dumps(settings))
    begin_ns = time.monotonic_ns()
    with log.open("ab") as stderr:  # without the bench's leash before it: it has one of its own
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=stderr)
    try:
        async with asyncio.timeout(_WITHIN_S):
            await _at_work(socket)
        yield Station(socket, (time.monotonic_ns() - begin_ns) / 1e6)
    except TimeoutError:
        raise MeasurementError(f"the interlock was not at work within {_WITHIN_S:.0f} s, see {log}") from None
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@asynccontextmanager
async def bare_loop(address: Path, evses: int, log: Path) -> AsyncIterator[Station]:
    """Run the bare loop."""
    begin_ns = time.monotonic_ns()
    child = await Child.start("bare loop", ["-m", "tests.bench.bare_loop", str(address), str(evses)], log)
    try:
        await child.first_line(_WITHIN_S)
        yield Station(None, (time.monotonic_ns() - begin_ns) / 1e6)
    finally:
        await child.stop()


def refused(log: Path) -> Sequence[str]:
    """Return what the kernel refused the interlock, from its own log."""
    for line in log.read_text().splitlines():
        if '"interlock.started"' in line:
            without: list[str] = json.loads(line)["without"]
            return without
    raise MeasurementError(f"the interlock did not say that it started, see {log}")


async def _at_work(socket: Path) -> None:
    """Return when it answers and has its board: a status is told only after a look at the inputs."""
    while True:
        with suppress(FileNotFoundError, ConnectionRefusedError):
            reader, writer = await asyncio.open_unix_connection(socket)
            break
        await asyncio.sleep(_RETRY_S)
    decoder = Decoder()
    while data := await reader.read(4096):
        told = [message for message in decoder.feed(data) if isinstance(message, Status)]
        if any("BoardLost" not in fault_names(status.faults) for status in told):
            break
    writer.close()
