"""How punctually the agent renews its lease while it charges, draws, signs and uploads, every core busy."""

import asyncio
from itertools import pairwise
from pathlib import Path

from sim.bench import Bench
from sim.processes import Child
from tests.bench.benches import MeasurementError, Tell, begin_charge, count_from, running_bench, until
from tests.bench.load import every_core_busy
from tests.bench.table import Row, row

RENEWALS = count_from("BENCH_RENEWALS", 60)
SPEED = 60
"""Billing time per real time: a minute is billed, signed and uploaded in each second."""
_RENEW_S = 5.0
_FIRST = 2  # the permission itself, and the renewal that was due when it was given
_SPARE_MINUTES = 60


async def measure(tell: Tell) -> list[Row]:
    """Return the row of the renewals' deviation from their 5 s, at the interlock's socket."""
    async with running_bench("renewals", SPEED) as bench:
        log = bench.work_dir / "relay.log"
        relay = await Child.start(
            "relay", ["-m", "tests.bench.relay", str(bench.run_dir / "interlock.sock")], log
        )
        try:
            await relay.first_line(20)
            await until("the agent is back", lambda: _is_back(bench))
            grants_ns = await _grants_ns(bench, log, tell)
        finally:
            await relay.stop()
    off_ms = [abs((after - before) / 1e6 - _RENEW_S * 1000) for before, after in pairwise(grants_ns)]
    what = (
        f"Grant to Grant at the interlock's socket, deviation from {_RENEW_S:.0f} s: the agent charges,"
        f" draws, signs and uploads at {SPEED}×, every core busy"
    )
    return [row("lease_jitter_ms", what, "ms", off_ms, hold=100, bar=250, limit=10_000)]


async def _grants_ns(bench: Bench, log: Path, tell: Tell) -> list[int]:
    """Charge under load; return when the grants came, one more than there are renewals."""
    minutes = round(RENEWALS * _RENEW_S * SPEED / 60) + _SPARE_MINUTES
    await begin_charge(bench, minutes=minutes)
    async with every_core_busy(bench.work_dir / "load.log"):
        async with asyncio.timeout((RENEWALS + _FIRST + 4) * _RENEW_S):
            while len(_stamps_ns(log)) < RENEWALS + _FIRST + 1:  # noqa: ASYNC110 -- a file tells nobody
                await asyncio.sleep(_RENEW_S / 2)
    bench.check_alive()
    if not (await bench.board.state())["contactor_closed"]:
        raise MeasurementError(f"the charge ended while it was watched, see {bench.station_log}")
    tell(f"{RENEWALS} renewals with every core busy")
    return _stamps_ns(log)[_FIRST:]


async def _is_back(bench: Bench) -> bool:
    """Whether the agent has come back through the relay, and found the interlock well."""
    lines = (await asyncio.to_thread(bench.station_log.read_text)).splitlines()
    return any('"entry.FaultCleared"' in line and '"InterlockLost"' in line for line in lines)


def _stamps_ns(log: Path) -> list[int]:
    return [int(line.split()[1]) for line in log.read_text().splitlines() if line[:1].isdigit()]
