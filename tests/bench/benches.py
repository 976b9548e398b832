"""A bench of real processes for a measurement, and what can be awaited on it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sim.bench import Bench
from sim.options import BenchOptions

PATIENCE_S = 30.0
LOOK_EVERY_S = 0.02


@asynccontextmanager
async def running(speed: int) -> AsyncIterator[Bench]:
    """A bench at ``speed`` in a folder of its own."""
    with TemporaryDirectory() as folder:
        async with await Bench.start(BenchOptions(Path(folder), speed=speed)) as bench:
            yield bench


async def until(bench: Bench, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until the board's state meets ``condition``; return it. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition(state := await bench.board.state()):
        bench.check_alive()
        if time.monotonic() > deadline:
            raise TimeoutError(f"what was awaited did not come; the board says {state}")
        await asyncio.sleep(LOOK_EVERY_S)
    return state


async def begin_charge(bench: Bench) -> str:
    """Pay, plug in and wait for power; return the transaction's id."""
    assert bench.csms is not None
    transaction_id: str = (await bench.csms.pay(minutes=180))["transaction_id"]
    await until(bench, lambda state: state["lock"] == "released")
    await bench.board.do("plug_in")
    await until(bench, lambda state: state["contactor_closed"] and state["watts"] > 0)
    return transaction_id


def agent_pid(bench: Bench) -> int:
    return int((bench.run_dir / "agent.pid").read_text())


def interlock_pid(bench: Bench) -> int:
    return int((bench.run_dir / "interlock.pid").read_text())
