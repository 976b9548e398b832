"""From starting `wattseal run` to BootNotification at the backend, with a ledger that exists."""

import asyncio
import json
import time

from sim.bench import Bench
from tests.bench.benches import running
from tests.bench.table import Row, row

STARTS = 30


def measure() -> list[Row]:
    seconds = asyncio.run(_starts())
    what = "start of `wattseal run` (supervisor, interlock, agent) → BootNotification received"
    return [row("boot_s", what, "s", seconds, hold=50, bar=1.0)]


async def _starts() -> list[float]:
    seconds = []
    async with running(1) as bench:
        for _ in range(STARTS):
            await bench.cut_power()
            began_ns = time.monotonic_ns()
            await bench.restore_power()
            seconds.append((_boot_ns(bench, began_ns) - began_ns) / 1e9)
    return seconds


def _boot_ns(bench: Bench, after_ns: int) -> int:
    for line in bench.frames_path.read_text().splitlines():
        entry = json.loads(line)
        if entry["mono_ns"] > after_ns and entry["frame"][2:3] == ["BootNotification"]:
            return int(entry["mono_ns"])
    raise RuntimeError("the station is in service and never sent BootNotification")
