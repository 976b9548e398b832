"""The interlock's loop in this process, at a board of plain values: what it feeds, and what it costs."""

import gc
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.interlock.agent_port import AgentPort
from firmware.interlock.lease import Grant, Measured, encode
from firmware.interlock.model import Rules
from firmware.interlock.settings import EvseSettings, Settings
from firmware.interlock.shell import Interlock
from firmware.interlock.vigil import BEAT_MS
from tests.interlock.memory_board import MemoryBoard, MemoryWatchdog

PATIENCE_S = 10.0


class Bench:
    """An interlock, its board and an agent's socket; ``turns`` runs the loop."""

    def __init__(self, folder: Path, board: MemoryBoard) -> None:
        self.board = board
        self.boards = [board]
        self.port = AgentPort(str(folder / "interlock.sock"))
        evses = (EvseSettings(1, Rules(max_current_ma=32_000)),)
        settings = Settings(str(folder / "interlock.sock"), {"backend": "memory"}, evses)
        self.interlock = Interlock(settings, self.port, self._open)
        self.agent = socket.socket(socket.AF_UNIX)
        self.agent.connect(str(folder / "interlock.sock"))
        self.seq = 0

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.interlock.turn()

    def until(self, condition: Any) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline
            self.interlock.turn()

    def grant(self) -> None:
        self.seq += 1
        self.agent.sendall(encode(Grant(1, self.seq, 16_000, 15_000)))

    def measure(self) -> None:
        self.seq += 1
        self.agent.sendall(encode(Measured(1, self.seq, *[230_000] * 3, *[0] * 3)))

    def listen(self) -> None:
        self.agent.recv(65_536)

    def plug_in(self) -> None:
        self.board.tell(**{"evse1.pilot_high": 6_000, "evse1.pilot_low": -12_000})

    def end(self) -> None:
        """Run the loop to its orderly end."""
        self.interlock.ending = True
        self.interlock.run()

    def close(self) -> None:
        self.agent.close()
        self.port.close()
        for board in self.boards:
            board.close()

    def _open(self, _io: dict[str, Any]) -> MemoryBoard:
        self.board = self.boards[-1]
        return self.board


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, MemoryBoard(dog=MemoryWatchdog()))
    yield bench
    bench.close()


def closed(bench: Bench) -> bool:
    return bool(bench.board.driven.get("evse1.contactor"))


def charging(bench: Bench) -> None:
    bench.grant()
    bench.plug_in()
    bench.until(lambda: closed(bench))
    bench.board.tell(**{"evse1.contactor_mirror": False})


def dog(bench: Bench) -> MemoryWatchdog:
    assert bench.board.dog is not None
    return bench.board.dog


# the sign of life


def test_it_feeds_the_watchdog_as_long_as_it_works(bench: Bench) -> None:
    begin_s = time.monotonic()
    bench.until(lambda: dog(bench).fed >= 10)
    least_s = 9 * BEAT_MS / 1000
    assert least_s <= time.monotonic() - begin_s < 4 * least_s


class SlowBoard(MemoryBoard):
    """A board on which one look at the inputs takes too long."""

    def refresh(self) -> None:
        super().refresh()
        self.slow = True

    def value(self, name: str) -> Any:
        if getattr(self, "slow", False):
            self.slow = False
            time.sleep(0.15)
        return super().value(name)


def test_a_part_that_takes_too_long_ends_the_feeding(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SlowBoard(dog=MemoryWatchdog()))
    bench.turns(6)
    assert dog(bench).fed == 0
    bench.close()


def test_the_heartbeat_toggles(tmp_path: Path) -> None:
    board = MemoryBoard()
    board.outputs = (*board.outputs, "heartbeat")
    bench = Bench(tmp_path, board)
    levels = lambda: [value for name, value in board.said if name == "heartbeat"]  # noqa: E731
    bench.until(lambda: len(levels()) >= 6)
    assert levels() == [True, False] * 3
    bench.close()


def test_told_to_end_it_opens_before_it_disarms(bench: Bench) -> None:
    charging(bench)
    bench.end()
    assert (closed(bench), bench.board.driven["evse1.pilot"]) == (False, 10_000)
    assert not dog(bench).armed


def test_a_crash_opens_and_leaves_the_watchdog_armed(bench: Bench) -> None:
    """Whoever comes next disarms it, or the hardware resets."""
    charging(bench)
    bench.board.values["evse1.pilot_high"] = "nonsense"
    with pytest.raises(ValueError):
        bench.interlock.run()
    assert not closed(bench)
    assert dog(bench).armed


def test_a_lost_boards_watchdog_stays_armed_until_the_board_is_back(bench: Bench) -> None:
    bench.until(lambda: dog(bench).fed >= 1)
    lost = bench.board
    bench.boards.append(MemoryBoard(dog=MemoryWatchdog()))
    lost.lost = True
    bench.until(lambda: lost.closed)
    assert lost.dog is not None
    fed = lost.dog.fed
    assert lost.dog.armed
    bench.until(lambda: bench.board is not lost and dog(bench).fed >= 1)
    assert (lost.dog.armed, lost.dog.fed) == (False, fed)


# what it commands


def test_it_opens_first_and_closes_last(bench: Bench) -> None:
    charging(bench)
    names = [name for name, _ in bench.board.said]
    assert names[-1] == "evse1.contactor"
    bench.board.said.clear()
    bench.board.tell(emergency_stop=True)
    bench.until(lambda: not closed(bench))
    assert bench.board.said[0] == ("evse1.contactor", False)


# what it costs


def busy(bench: Bench, turns: int) -> None:
    """Let a charge go on for so many turns, with samples, leases, measurements and statuses."""
    for number in range(turns):
        bench.board.tell(**{"evse1.pilot_high": 6_000 + number % 100})
        if number % 50 == 0:
            bench.grant()
            bench.measure()
        bench.interlock.turn()
        if number % 50 == 25:
            bench.listen()


def collected() -> tuple[int, int]:
    """Collect; return how many unreachable objects there were, and how many blocks of memory are left.

    A collection also empties the interpreter's free lists, which grow up to a bound: they are no garbage.
    """
    return gc.collect(), sys.getallocatedblocks()


def test_the_loop_makes_no_cycles_so_that_it_needs_no_collector(bench: Bench) -> None:
    """20,000 turns leave nothing to collect, and nothing grows."""
    charging(bench)
    gc.disable()
    try:
        busy(bench, 1_000)
        _, before = collected()
        busy(bench, 20_000)
        unreachable, after = collected()
    finally:
        gc.enable()
    assert (unreachable, after - before < 100) == (0, True), after - before
    assert closed(bench)
