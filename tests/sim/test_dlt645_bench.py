"""A whole charge measured by a meter that speaks DL/T 645-2007."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sim.bench import Bench, BenchOptions
from sim.board.dlt645 import address_of


async def eventually(what: str, is_true: Callable[[], Awaitable[Any]], within_s: float = 30.0) -> Any:
    """Return what is true once it is; fail when it has not become so."""
    for _ in range(round(within_s / 0.05)):
        if found := await is_true():
            return found
        await asyncio.sleep(0.05)
    pytest.fail(f"not within {within_s} s: {what}")


def test_a_charge_is_measured_sealed_and_settled(tmp_path: Path) -> None:
    """Its records say how coarse the register is, and whose it is."""

    async def script() -> tuple[dict[str, Any], list[str]]:
        async with await Bench.start(BenchOptions(tmp_path, speed=120, meter="dlt645_2007")) as bench:
            assert bench.csms is not None
            csms = bench.csms
            await csms.pay(minutes=60)
            await bench.board.do("plug_in")

            async def charged() -> dict[str, Any] | None:
                for summary in await csms.transactions():
                    found = await csms.transaction(summary["id"])
                    return found if len(found["minutes"]) > 2 else None
                return None

            found = await eventually("some minutes", charged)
            await csms.stop(found["id"])

            async def ended() -> dict[str, Any] | None:
                now = await csms.transaction(found["id"])
                return now if now["receipt"] else None

            return await eventually("the receipt", ended), await bench.records()

    transaction, records = asyncio.run(script())
    payloads = [json.loads(record.split("|")[1]) for record in records]
    assert {payload["MS"] for payload in payloads} == {address_of(1)}
    readings = [Decimal(str(reading["RV"])) for payload in payloads for reading in payload["RD"]]
    assert readings == sorted(readings)
    assert readings[-1] > readings[0]
    assert all(reading % Decimal("0.01") == 0 for reading in readings)
    assert all(Decimal(str(payload["UR"])) == Decimal("10.0") for payload in payloads), payloads[0]
    assert transaction["receipt"]
