"""The board's watchdog, its hanging and its reset, as a station meets them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from board_bench import PATIENCE_S, Bench, play

from hal.ports import BoardLostError


async def until_lost(bench: Bench) -> str:
    with pytest.raises(BoardLostError) as lost:
        await bench.until(lambda: False)
    return str(lost.value)


def test_a_starved_watchdog_makes_safe_what_its_station_drove_and_hangs_up(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        bench.io.send({"watchdog_ms": 100})
        before = await bench.do("state")
        state = await bench.until_state(lambda state: not state["contactor_closed"])
        assert (state["duty_e4"], state["watchdog_bites"]) == (10_000, 1)
        assert 80e6 < state["marks"]["commanded_open"] - before["now_ns"] < 400e6
        assert "closed the connection" in await until_lost(bench)

    play(scene, tmp_path)


def test_a_fed_watchdog_does_nothing(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        bench.io.send({"watchdog_ms": 300})
        for _ in range(5):
            await bench.do("noise_pilot", mv=9000, ms=90)
            await bench.until(lambda: bench.pilot()[0] == 9000)
            await bench.until(lambda: bench.pilot()[0] == 6000)
            bench.io.send({"feed": True})
        assert (await bench.do("state"))["watchdog_bites"] == 0

    play(scene, tmp_path)


def test_a_disarmed_watchdog_waits_for_nothing(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        bench.io.send({"watchdog_ms": 50})
        bench.io.send({"watchdog_ms": 0})
        bench.io.send({"feed": True})
        await bench.do("noise_pilot", mv=9000, ms=200)
        await bench.until(lambda: bench.pilot()[0] == 9000)
        await bench.until(lambda: bench.pilot()[0] == 6000)
        assert (await bench.do("state"))["contactor_closed"]

    play(scene, tmp_path)


def test_each_connection_has_a_watchdog_of_its_own(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        reader, writer = await asyncio.open_unix_connection(bench.address)
        writer.write(json.dumps({"watchdog_ms": 50}).encode() + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            await reader.read(-1)  # up to the end of its stream
        state = await bench.do("state")
        assert (state["contactor_closed"], state["watchdog_bites"]) == (True, 1)
        writer.close()

    play(scene, tmp_path)


def test_a_hung_board_is_silent_keeps_the_line_open_and_leaves_outputs_as_they_are(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.do("hang_board")
        bench.io.output("evse1.contactor").set(False)
        assert "no sign of life" in await timed_out(bench)
        state = await bench.do("state")
        assert (state["hung"], state["contactor_closed"]) == (True, True)
        await bench.do("reset_board")
        state = await bench.until_state(lambda state: not state["contactor_closed"])
        assert (state["hung"], state["duty_e4"]) == (False, 10_000)

    play(scene, tmp_path)


def test_a_hung_board_is_made_safe_by_its_watchdog(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        bench.io.send({"watchdog_ms": 200})
        await bench.do("hang_board")
        await bench.until_state(lambda state: not state["contactor_closed"])

    play(scene, tmp_path)


async def timed_out(bench: Bench) -> str:
    """Look at the board again and again, as the interlock does, until it counts as lost."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await bench.do("state")
            try:
                bench.io.refresh()
            except BoardLostError as lost:
                return str(lost)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"watchdog_ms": "soon"},
        {"watchdog_ms": -1},
        {"pwm": "evse1.pilot", "duty_e4": 10_001},
        {"out": "roof"},
        [],
    ],
)
def test_nonsense_ends_the_connection(tmp_path: Path, nonsense: Any) -> None:
    async def scene(bench: Bench) -> None:
        bench.io.send(nonsense)
        assert "closed the connection" in await until_lost(bench)

    play(scene, tmp_path)
