"""The bench with its real processes: in service, power cut, agent killed, and what a wrong site says."""

import asyncio
import contextlib
import io
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from sim.bench import Bench, BenchError, BenchOptions, ProcessFailedError
from sim.camera import NothingToScanError, url_on
from sim.processes import descendants


async def eventually(what: str, is_true: Callable[[], Awaitable[bool]], within_s: float = 15.0) -> None:
    """Return when it is true; fail when it has not become so."""
    for _ in range(round(within_s / 0.05)):
        if await is_true():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"not within {within_s} s: {what}")


def test_a_wrong_site_is_told_in_the_stations_own_words_and_leaves_nothing_running(tmp_path: Path) -> None:
    before = descendants(os.getpid())
    options = BenchOptions(tmp_path, site={"langage": "zh"})
    with pytest.raises(ProcessFailedError, match=r"station ended(.|\n)*langage(.|\n)*language"):
        asyncio.run(Bench.start(options))
    assert descendants(os.getpid()) == before


def test_a_station_in_service_draws_its_display_and_is_connected(tmp_path: Path) -> None:
    async def script() -> None:
        async with await Bench.start(BenchOptions(tmp_path, language="en")) as bench:
            picture = Image.open(io.BytesIO(await bench.display_png()))
            assert (picture.size, picture.format) == ((800, 480), "PNG")
            assert bench.csms is not None
            (station,) = (await bench.csms.state())["stations"]
            assert (station["id"], station["connected"]) == ("chu-003", True)
            assert await bench.records() == []

    asyncio.run(script())


def test_a_camera_in_front_of_two_evses_reads_a_code_for_each_in_turn(tmp_path: Path) -> None:
    async def script() -> None:
        async with await Bench.start(BenchOptions(tmp_path, evses=2)) as bench:
            seen: set[str] = set()

            async def both_were_shown() -> bool:
                with contextlib.suppress(NothingToScanError):
                    seen.add(urlsplit(url_on(await bench.display_png())).path)
                return len(seen) == 2

            await eventually("a code for each", both_were_shown, within_s=30)
            assert sorted(path.rsplit("/", 1)[-1] for path in seen) == ["1", "2"]

    asyncio.run(script())


def test_power_is_cut_and_comes_back(tmp_path: Path) -> None:
    async def script() -> None:
        async with await Bench.start(BenchOptions(tmp_path)) as bench:
            assert bench.csms is not None
            await bench.csms.pay(minutes=60)
            await bench.board.do("plug_in")
            await eventually("charging", lambda: contactor_is(bench, closed=True))
            await bench.cut_power()
            assert not bench.has_power
            await eventually("energy off", lambda: contactor_is(bench, closed=False), within_s=2)
            with pytest.raises(BenchError, match="no power"):
                await bench.kill_agent()
            await bench.restore_power()
            assert bench.has_power

    asyncio.run(script())


def test_a_killed_agent_is_started_again_while_the_contactor_stays_closed(tmp_path: Path) -> None:
    async def script() -> None:
        async with await Bench.start(BenchOptions(tmp_path, speed=10)) as bench:
            assert bench.csms is not None
            await bench.csms.pay(minutes=60)
            await bench.board.do("plug_in")
            await eventually("charging", lambda: contactor_is(bench, closed=True))
            closed_at = bench.board.seen["contactor_closed"]
            killed = (bench.run_dir / "agent.pid").read_text()
            await bench.kill_agent()
            await eventually("another agent", lambda: agent_is_another(bench, killed))
            await eventually("connected", lambda: is_connected(bench))
            await bench.board.state()
            assert bench.board.seen["contactor_closed"] == closed_at

    asyncio.run(script())


async def contactor_is(bench: Bench, *, closed: bool) -> bool:
    return bool((await bench.board.state())["contactor_closed"]) == closed


async def is_connected(bench: Bench) -> bool:
    assert bench.csms is not None
    return bool((await bench.csms.state())["stations"][0]["connected"])


async def agent_is_another(bench: Bench, killed: str) -> bool:
    pid_file = bench.run_dir / "agent.pid"
    return pid_file.exists() and pid_file.read_text() not in ("", killed)
