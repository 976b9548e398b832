"""The bench with its key on a token: a charge settles, the key is replaced, the next one settles too."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from firmware.ledger.store import Ledger
from firmware.signing.stores import place_of
from sim.bench import Bench, BenchOptions
from sim.clients import BackendRefusedError
from tests.bench.benches import backend, begin_charge, until
from tests.signing import tokens
from tests.signing.stations import follow


async def begun(bench: Bench) -> str:
    """Begin a charge, as soon as the station says that its backend has accepted it."""
    ids: list[str] = []

    async def is_begun() -> bool:
        with suppress(BackendRefusedError):
            ids.append(await begin_charge(bench, minutes=1))
        return bool(ids)

    await until("a charge has begun", is_begun)
    return ids[0]


async def settled(bench: Bench) -> None:
    """Charge until what was paid for is used up, unplug, and hold the backend to having verified it all."""
    transaction_id = await begun(bench)

    async def has_receipt() -> bool:
        return (await backend(bench).transaction(transaction_id))["receipt"] is not None

    await until("the receipt is there", has_receipt)
    await bench.board.do("unplug")
    receipt = (await backend(bench).transaction(transaction_id))["receipt"]
    assert (receipt["settled"], receipt["verified"]) == (True, True), receipt


def test_charges_settle_before_and_after_a_rotation(
    softhsm: tokens.SoftHsm, label: str, tmp_path: Path
) -> None:
    uri = tokens.uri(softhsm, label)
    first = place_of(uri, tmp_path).create()

    async def script() -> None:
        options = BenchOptions(tmp_path, site={"signing": {"key": uri}})
        async with await Bench.start(options) as bench:
            await settled(bench)

            await bench.cut_power()
            rotate = [sys.executable, "-m", "firmware", "key", "rotate", "--config", str(bench.site_path)]
            done = await asyncio.to_thread(subprocess.run, rotate, capture_output=True, text=True, timeout=30)
            assert done.returncode == 0, done.stderr
            await bench.restore_power()

            await settled(bench)
            assert (await backend(bench).state())["alarms"] == []

    asyncio.run(script())
    ledger = Ledger.open(tmp_path / "state" / "ledger.db")
    keys = follow(list(ledger.records()), first.public_key_der)
    ledger.close()
    assert len(keys) == 2
    assert (tmp_path / "state" / "public_key.hex").read_text().strip() == keys[-1].hex()
