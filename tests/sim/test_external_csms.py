"""The bench against a backend that is not its own: another process, known only by its OCPP address."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sim.artifacts import write_artifacts
from sim.bench import Bench, BenchOptions, ExternalCsms
from sim.clients import CsmsClient
from sim.processes import Child
from sim.site_files import CONFIG, merged, sample_site, write_toml

NAME = "visitor-1"


async def start_backend(tmp_path: Path) -> tuple[Child, dict[str, str]]:
    """Start a backend as somebody else would; its billing time is real time."""
    site = tmp_path / "their-site.toml"
    write_toml(site, merged(sample_site(), {"station": {"id": NAME}}))
    tariff = CONFIG / sample_site()["tariff"]
    clock = [
        "--anchor-monotonic-ns",
        str(time.monotonic_ns()),
        "--anchor-utc-ms",
        str(round(time.time() * 1000)),
    ]
    command = ["-m", "sim.csms", "--site", str(site), "--tariff", str(tariff), *clock]
    backend = await Child.start("their backend", command, tmp_path / "theirs.log")
    return backend, json.loads(await backend.first_line(15))


def test_a_charge_with_a_foreign_backend_leaves_the_same_artifacts(tmp_path: Path) -> None:
    async def script() -> None:
        backend, urls = await start_backend(tmp_path)
        csms = ExternalCsms(url=urls["ocpp"], name=NAME)
        async with await Bench.start(BenchOptions(tmp_path / "work", speed=1, csms=csms)) as bench:
            assert bench.csms is None
            theirs = CsmsClient(urls["pay"], NAME)
            paid = await theirs.pay(minutes=60)
            await bench.board.do("plug_in")
            await until(lambda: power_is_on(bench))
            await theirs.stop(paid["transaction_id"])
            await until(lambda: has_settled(bench))
            await write_artifacts(bench, tmp_path / "out")
            books = await theirs.transaction((await theirs.transactions())[-1]["id"])
            await theirs.close()
        await backend.stop()
        receipt = json.loads((tmp_path / "out" / "receipt.json").read_text())
        assert receipt["total"] == books["receipt"]["total"]
        assert receipt["energy_wh"] == books["energy_wh"]
        assert 0 < receipt["settled_ms"] < 5000
        records = (tmp_path / "out" / "records.ocmf").read_text().splitlines()
        assert records == [minute["ocmf"] for minute in books["minutes"]]
        assert (tmp_path / "out" / "public_key.hex").read_text().startswith("3059")

    asyncio.run(script())


async def until(is_true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(300):
        if await is_true():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it did not come true")


async def power_is_on(bench: Bench) -> bool:
    return bool((await bench.board.state())["watts"])


async def has_settled(bench: Bench) -> bool:
    return bool(bench.wire.read_on().ends_ns)
