"""From starting `wattseal run` to BootNotification at the backend, with a ledger that exists."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sim.bench import Bench
from sim.processes import ROOT, descendants, kill
from sim.trace import frames_in
from tests.bench.benches import MeasurementError, Tell, running_bench
from tests.bench.table import Row, percentile, row

STARTS = 30
FIRST_STARTS = 5
_WITHIN_S = 15.0
_REST_S = 0.3  # the backend notices that the last connection is gone


async def measure(tell: Tell) -> list[Row]:
    """Return the row of starts after power cuts; starts with no key and no ledger yet are told in it."""
    async with running_bench("starting", speed=1) as bench:
        await bench.cut_power()
        later = [await _start_s(bench) for _ in range(STARTS)]
        tell(f"{STARTS} starts, median {percentile(later, 50):.2f} s")
        first = []
        for _ in range(FIRST_STARTS):
            shutil.rmtree(bench.state_dir)
            first.append(await _start_s(bench))
    what = (
        "start of `wattseal run` → BootNotification received, after a power cut"
        f" (p50 {percentile(first, 50):.2f} with an empty state folder)"
    )
    return [row("boot_s", what, "s", later, hold=50, bar=1.0)]


async def _start_s(bench: Bench) -> float:
    """Start the station, wait for its BootNotification and take the power away again."""
    await asyncio.sleep(_REST_S)
    async with _station(bench) as begin_ns:
        deadline = time.monotonic() + _WITHIN_S
        while (boot_ns := _boot_notification_ns(bench, begin_ns)) is None:
            if time.monotonic() > deadline:
                raise MeasurementError(
                    f"no BootNotification within {_WITHIN_S:.0f} s, see {bench.station_log}"
                )
            await asyncio.sleep(0.1)
    return (boot_ns - begin_ns) / 1e9


@asynccontextmanager
async def _station(bench: Bench) -> AsyncIterator[int]:
    """Run ``wattseal run`` itself, without the bench's leash before it; give the moment of its start."""
    command = (sys.executable, "-m", "firmware", "run", "--config", str(bench.site_path))
    with bench.station_log.open("ab") as log:
        begin_ns = time.monotonic_ns()
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield begin_ns
    finally:
        if process.returncode is None:
            kill([process.pid, *descendants(process.pid)])
        await process.wait()
        for pid_file in bench.run_dir.glob("*.pid"):
            pid_file.unlink()


def _boot_notification_ns(bench: Bench, since_ns: int) -> int | None:
    """Return when the backend received the first BootNotification since then."""
    for line in frames_in(bench.frames_path):
        frame, at_ns = line["frame"], line["mono_ns"]
        if at_ns > since_ns and isinstance(frame, list) and frame[0] == 2 and frame[2] == "BootNotification":
            return int(at_ns)
    return None
