"""The latency rows' drill: every cause opens every EVSE, and what does not open is told, never left out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sim.processes import Child
from tests.bench.benches import MeasurementError
from tests.bench.drill import CAUSES, Cause
from tests.bench.interlock import one_series
from tests.bench.stations import bare_loop, interlock, refused

EVSES = 2
SAMPLES = 5  # not a multiple of the EVSEs: never fewer than asked for
READY_S = 20.0


@asynccontextmanager
async def drilled(folder: Path) -> AsyncIterator[Path]:
    """Run a board that drills itself; give its address."""
    address = folder / "board.sock"
    command = ["-m", "tests.bench.drill_board", "--address", str(address), "--evses", str(EVSES)]
    board = await Child.start("board", command, folder / "board.log")
    try:
        await board.first_line(READY_S)
        yield address
    finally:
        await board.stop()


def test_the_interlock_opens_at_every_cause_and_closes_again_after_it(tmp_path: Path) -> None:
    async def play() -> dict[Cause, list[float]]:
        async with drilled(tmp_path) as board, interlock(board, EVSES, tmp_path / "interlock.log") as station:
            assert station.start_ms > 0
            return {
                cause: await one_series(board, cause, SAMPLES, 1, station.agent_socket) for cause in CAUSES
            }

    took = asyncio.run(play())
    assert {cause: len(times) for cause, times in took.items()} == dict.fromkeys(CAUSES, 6)
    assert min(min(times) for times in took.values()) > 0
    assert set(refused(tmp_path / "interlock.log")) <= {"SCHED_FIFO", "mlockall"}


def test_the_bare_loop_opens_at_every_cause_too(tmp_path: Path) -> None:
    async def play() -> list[int]:
        async with drilled(tmp_path) as board, bare_loop(board, EVSES, tmp_path / "bare.log") as station:
            return [len(await one_series(board, cause, SAMPLES, 1, station.agent_socket)) for cause in CAUSES]

    assert asyncio.run(play()) == [6, 6, 6]


def test_a_station_that_does_not_close_is_told_and_not_left_out(tmp_path: Path) -> None:
    async def play() -> None:
        async with drilled(tmp_path) as board:
            await one_series(board, "c", SAMPLES, 1, None)

    with pytest.raises(MeasurementError, match=r"c: EVSE [12]: no contactor_closed within 5 s"):
        asyncio.run(play())
