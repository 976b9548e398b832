"""Many short charges through all processes: how soon the lock is released, how soon the end is settled."""

import asyncio
import time
from typing import Any

from sim.bench import Bench
from tests.bench.benches import LOOK_EVERY_S, PATIENCE_S, begin_charge, running, until
from tests.bench.table import Row, row

CHARGES = 40
SPEED = 60
CHARGE_S = 1.2


def measure() -> list[Row]:
    settled, unlocked = asyncio.run(_charges())
    return [
        row(
            "settled_ms",
            "contactor open → final signed, priced record acknowledged and settled by the backend",
            "ms",
            settled,
            hold=99,
            bar=250,
            limit=60_000,
        ),
        row(
            "unlock_ms",
            "start command sent by the backend → connector lock released",
            "ms",
            unlocked,
            hold=99,
            bar=100,
            limit=30_000,
        ),
    ]


async def _charges() -> tuple[list[float], list[float]]:
    settled, unlocked = [], []
    async with running(SPEED) as bench:
        for number in range(CHARGES):
            to_settled, to_unlocked = await _charge(bench, from_phone=number % 2 == 0)
            settled.append(to_settled)
            unlocked.append(to_unlocked)
    return settled, unlocked


async def _charge(bench: Bench, *, from_phone: bool) -> tuple[float, float]:
    """One charge, ended from the phone or by pulling the plug; return its two waits in ms."""
    assert bench.csms is not None
    before = set(bench.board.seen.get("lock_released", ()))
    transaction_id = await begin_charge(bench)
    released_ns = min(set(bench.board.seen["lock_released"]) - before)
    start_ns = bench.wire.read_on().starts_ns[-1]
    await asyncio.sleep(CHARGE_S)
    if from_phone:
        await bench.csms.stop(transaction_id)
    else:
        await bench.board.do("unplug")
    state = await until(bench, lambda state: not state["contactor_closed"])
    receipt = await _receipt(bench, transaction_id)
    if from_phone:
        await until(bench, lambda state: state["lock"] == "released")
        await bench.board.do("unplug")
    await until(bench, lambda state: state["lock"] == "locked")
    return (
        (receipt["settled_ns"] - state["marks"]["contactor_opened"]) / 1e6,
        (released_ns - start_ns) / 1e6,
    )


async def _receipt(bench: Bench, transaction_id: str) -> dict[str, Any]:
    assert bench.csms is not None
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        receipt: dict[str, Any] | None = (await bench.csms.transaction(transaction_id)).get("receipt")
        if receipt and receipt["settled"]:
            return receipt
        await asyncio.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"transaction {transaction_id} was not settled")
