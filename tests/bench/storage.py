"""What a charged minute writes to storage."""

import asyncio
import time
from itertools import pairwise

from tests.bench import proc
from tests.bench.benches import Tell, agent_pid, begin_charge, running_bench
from tests.bench.table import Row, mean_row

MINUTES = 75
SPEED = 60
_SETTLE_S = 3.0
_MINUTE_S = 60 / SPEED


async def measure(tell: Tell) -> list[Row]:
    """Return what the agent has written, in windows of one charged minute, and the checkpoint's share.

    The backend keeps the frame trace here, the station's own is off; its log is a file and counted. The
    ledger's write-ahead log is written back about every four hours of charging, and at an orderly end: what
    the file has grown by then is what the minutes will have cost once more.
    """
    async with running_bench("storage", SPEED) as bench:
        ledger = bench.state_dir / "ledger.db"
        before_bytes, begin_ms = ledger.stat().st_size, bench.billing_utc_ms()
        await begin_charge(bench, minutes=120)
        await asyncio.sleep(_SETTLE_S)
        agent = agent_pid(bench)
        points = [(bench.billing_utc_ms(), proc.written_bytes(agent))]
        begin_s = time.monotonic()
        for minute in range(1, MINUTES + 1):
            await asyncio.sleep(max(0.0, begin_s + minute * _MINUTE_S - time.monotonic()))
            points.append((bench.billing_utc_ms(), proc.written_bytes(agent)))
            if minute % 25 == 0:
                tell(f"{minute} of {MINUTES} minutes charged")
        bench.check_alive()
    checkpointed_minutes = (points[-1][0] - begin_ms) / 60_000
    return [_row(points, (ledger.stat().st_size - before_bytes) / checkpointed_minutes)]


def _row(points: list[tuple[int, int]], checkpoint: float) -> Row:
    """Return the row of the points in time: billing time in ms and the bytes written up to then."""
    minutes = (points[-1][0] - points[0][0]) / 60_000
    mean = (points[-1][1] - points[0][1]) / minutes
    windows = [float(after[1] - before[1]) for before, after in pairwise(points)]
    what = (
        f"written to storage by the agent per charged minute, {minutes:.0f} minutes at {SPEED}×:"
        f" {mean:.0f} as they pass, {checkpoint:.0f} when the log is written back"
    )
    return mean_row("bytes_per_minute", what, "bytes", windows, mean=mean + checkpoint, bar=16_384)
