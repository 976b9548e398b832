"""How soon the contactor is commanded open, by cause: the real interlock and a bare loop on the same hal.

Both are drilled at the same board in turns, on an idle machine and with every core busy. What a bare loop
takes is the limit: hal, kernel and interpreter.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

from sim.processes import Child
from tests.bench.benches import MeasurementError, Tell, count_from, fresh_dir, socket_dir
from tests.bench.drill import CAUSES, Cause
from tests.bench.load import every_core_busy
from tests.bench.stations import Station, bare_loop, interlock, refused
from tests.bench.table import Row, percentile, row

SAMPLES = count_from("BENCH_SAMPLES", 10_000)
"""Of each cause, idle and loaded, of interlock and bare loop each."""
TURNS = 5
"""So often interlock and bare loop take turns; each is started anew for it."""
EVSES = 8
SERIES_WITHIN_S = 120.0
_STATIONS = {"interlock": interlock, "bare": bare_loop}
_WHAT: dict[Cause, str] = {
    "c": "vehicle leaves state C",
    "estop": f"emergency stop pressed, all {EVSES} EVSEs opened by it",
    "rcd": "residual current device trips",
}

Took = dict[tuple[str, str, Cause], list[float]]
Run = Callable[[Path, int, Path], AbstractAsyncContextManager[Station]]


async def measure(tell: Tell) -> list[Row]:
    """Return a row for each cause, held loaded, and that of the interlock's start."""
    logs = fresh_dir("interlock")
    took: Took = defaultdict(list)
    starts: dict[str, list[float]] = {"idle": [], "loaded": []}
    async with socket_dir() as sockets:
        address = sockets / "board.sock"
        command = ["-m", "tests.bench.drill_board", "--address", str(address), "--evses", str(EVSES)]
        board = await Child.start("board", command, logs / "board.log")
        try:
            await board.first_line(20)
            for load in starts:
                async with every_core_busy(logs / "load.log") if load == "loaded" else nullcontext():
                    await _turns(address, logs, load, took, starts[load])
                tell(_told(load, took))
        finally:
            await board.stop()
    priority = "refused" if "SCHED_FIFO" in refused(logs / "interlock.log") else "granted"
    return [*(_open_row(cause, took, priority) for cause in CAUSES), _start_row(starts)]


async def _turns(address: Path, logs: Path, load: str, took: Took, starts: list[float]) -> None:
    """Let interlock and bare loop take turns at the board until each cause has its samples."""
    for turn in range(TURNS):
        for name, run in _STATIONS.items():
            async with run(address, EVSES, logs / f"{name}.log") as station:
                for cause in CAUSES:
                    took[name, load, cause] += await one_series(
                        address, cause, -(-SAMPLES // TURNS), turn, station.agent_socket
                    )
            if name == "interlock":
                starts.append(station.start_ms)


async def one_series(address: Path, cause: Cause, samples: int, seed: int, agent: Path | None) -> list[float]:
    """Return what the board has timed in one series, in ms. Raises MeasurementError."""
    reader, writer = await asyncio.open_unix_connection(f"{address}.drill", limit=2**24)
    request = {"cause": cause, "samples": samples, "seed": seed, "agent": str(agent) if agent else None}
    writer.write(json.dumps(request).encode() + b"\n")
    try:
        async with asyncio.timeout(SERIES_WITHIN_S):
            reply = json.loads(await reader.readline() or "{}")
    except TimeoutError:
        raise MeasurementError(f"{cause}: {samples} openings took over {SERIES_WITHIN_S:.0f} s") from None
    finally:
        writer.close()
    if "took_ms" not in reply:
        raise MeasurementError(f"{cause}: {reply.get('error', 'the board gave no answer')}")
    times: list[float] = reply["took_ms"]
    return times


def _open_row(cause: Cause, took: Took, priority: str) -> Row:
    loaded = took["interlock", "loaded", cause]
    what = (
        f"{_WHAT[cause]} → contactor commanded open, every core busy, real-time priority {priority}"
        f" ({_spread(loaded)}; idle {_spread(took['interlock', 'idle', cause])};"
        f" bare loop on the same hal {_spread(took['bare', 'loaded', cause])},"
        f" idle {_spread(took['bare', 'idle', cause])})"
    )
    return row(f"open_after_{cause}_ms", what, "ms", loaded, hold=99.9, bar=10, limit=100)


def _start_row(starts: dict[str, list[float]]) -> Row:
    what = (
        f"interlock started → it listens and has looked at the inputs of {EVSES} EVSEs, idle machine"
        f" (loaded: p50 {percentile(starts['loaded'], 50):.0f}, greatest {max(starts['loaded']):.0f})"
    )
    return row("interlock_start_ms", what, "ms", starts["idle"], hold=100, bar=500)


def _spread(times: list[float]) -> str:
    marks = "/".join(f"{percentile(times, percent):.2f}" for percent in (50, 99, 99.9, 100))
    return f"p50/p99/p99.9/worst {marks} of {len(times)}"


def _told(load: str, took: Took) -> str:
    spreads = (f"{name} {cause} {_spread(took[name, load, cause])}" for name in _STATIONS for cause in CAUSES)
    return f"{load}: {'; '.join(spreads)}"
