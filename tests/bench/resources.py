"""What the processes take while charging: memory, processor, storage; read from /proc."""

import asyncio
import os
import time
from pathlib import Path

from tests.bench.benches import agent_pid, begin_charge, interlock_pid, running
from tests.bench.table import Row, row

WATCH_S = 100
WINDOW_S = 10
STORAGE_MINUTES = 60
STORAGE_SPEED = 60
SETTLE_S = 5


def measure_load() -> list[Row]:
    agent, interlock, cpu, mean = asyncio.run(_load())
    what = "resident memory while charging, 1 Hz metering, display on"
    return [
        row("rss_agent_mib", f"agent: {what}", "MiB", agent, hold=100, bar=64),
        row("rss_interlock_mib", f"interlock: {what}", "MiB", interlock, hold=100, bar=16),
        _cpu_row(cpu, mean),
    ]


def _cpu_row(windows: list[float], mean: float) -> Row:
    """The mean over the whole time is held against the bar; the percentiles are those of its windows."""
    what = f"agent's processor time while charging, windows of {WINDOW_S} s, value is the mean"
    each = row("cpu_percent", what, "% of a core", windows, hold=50, bar=3)
    return Row(each.id, each.what, each.unit, round(mean, 3), each.p50, each.p99, each.bar, each.limit)


async def _load() -> tuple[list[float], list[float], list[float], float]:
    async with running(1) as bench:
        await begin_charge(bench)
        await asyncio.sleep(SETTLE_S)
        agent, interlock = agent_pid(bench), interlock_pid(bench)
        memory: list[tuple[float, float]] = []
        windows = []
        began, began_cpu = time.monotonic(), _cpu_s(agent)
        for _ in range(WATCH_S // WINDOW_S):
            since, since_cpu = time.monotonic(), _cpu_s(agent)
            for _ in range(WINDOW_S):
                memory.append((_rss_mib(agent), _rss_mib(interlock)))
                await asyncio.sleep(1)
            windows.append(100 * (_cpu_s(agent) - since_cpu) / (time.monotonic() - since))
        mean = 100 * (_cpu_s(agent) - began_cpu) / (time.monotonic() - began)
    return [each[0] for each in memory], [each[1] for each in memory], windows, mean


def measure_storage() -> list[Row]:
    per_minute = asyncio.run(_bytes_per_minute())
    what = f"bytes the agent has written to storage per charged minute, mean of {STORAGE_MINUTES} minutes"
    return [Row("bytes_per_minute", what, "B", per_minute, per_minute, per_minute, 16_384, None)]


async def _bytes_per_minute() -> float:
    async with running(STORAGE_SPEED) as bench:
        await begin_charge(bench)
        await asyncio.sleep(SETTLE_S)
        agent = agent_pid(bench)
        before = _written(agent)
        await asyncio.sleep(STORAGE_MINUTES * 60 / STORAGE_SPEED)
        return round((_written(agent) - before) / STORAGE_MINUTES, 1)


def _rss_mib(pid: int) -> float:
    return _field(pid, "status", "VmRSS:") / 1024


def _written(pid: int) -> int:
    return _field(pid, "io", "write_bytes:")


def _field(pid: int, file: str, name: str) -> int:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
