"""A bench of real processes for a measurement, and what can be awaited on it. Every wait is bounded."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sim.bench import Bench
from sim.clients import CsmsClient
from sim.options import BenchOptions
from sim.processes import ROOT
from tests.bench import proc

Tell = Callable[[str], None]
Json = dict[str, Any]
WORK = ROOT / "build" / "bench"
"""On the disk that the checkout is on: a ledger in memory would cost nothing."""


class MeasurementError(RuntimeError):
    """Something did not happen that has to be measured; the text says what."""


@asynccontextmanager
async def running_bench(name: str, speed: int) -> AsyncIterator[Bench]:
    """Start board, backend and station, and end them; the work folder stays until the next run."""
    async with await Bench.start(BenchOptions(fresh_dir(name), speed=speed)) as bench:
        yield bench


def fresh_dir(name: str) -> Path:
    """Return an empty folder under build/bench."""
    path = WORK / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


@asynccontextmanager
async def socket_dir() -> AsyncIterator[Path]:
    """Give a short path for sockets (a Unix socket's has room for 107 bytes)."""
    path = Path(tempfile.mkdtemp(prefix="wattseal-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def backend(bench: Bench) -> CsmsClient:
    """Return the client of the simulated backend, which these benches always have."""
    assert bench.csms is not None
    return bench.csms


async def begin_charge(bench: Bench, minutes: int) -> str:
    """Pay, plug in, wait until power flows; return the transaction's id."""
    answer = await backend(bench).pay(minutes=minutes)
    await until("the lock is released", lambda: _is(bench, "lock", "released"))
    await bench.board.do("plug_in")
    await until("power flows", lambda: _draws(bench))
    transaction_id: str | None = answer["transaction_id"]
    if transaction_id is None:
        raise MeasurementError(f"a start was not taken: {answer}")
    return transaction_id


async def until(what: str, is_true: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    """Return when it is true. Raises MeasurementError when it has not become so in time."""
    deadline = time.monotonic() + within_s
    while not await is_true():
        if time.monotonic() > deadline:
            raise MeasurementError(f"not within {within_s:.0f} s: {what}")
        await asyncio.sleep(0.05)


def count_from(variable: str, default: int) -> int:
    """Return how many samples an environment variable asks for; end the program when it is no number."""
    text = os.environ.get(variable, str(default))
    if not text.isdecimal() or int(text) < 1:
        sys.exit(f"bench: {variable}={text}: how many samples? A whole number from 1")
    return int(text)


def agent_pid(bench: Bench) -> int:
    return proc.pid_in(bench.run_dir / "agent.pid")


def interlock_pid(bench: Bench) -> int:
    return proc.pid_in(bench.run_dir / "interlock.pid")


async def _is(bench: Bench, name: str, value: object) -> bool:
    return bool((await bench.board.state())[name] == value)


async def _draws(bench: Bench) -> bool:
    state = await bench.board.state()
    return bool(state["contactor_closed"] and state["watts"] > 0)
