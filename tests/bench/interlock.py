"""Vehicle leaves C → contactor commanded open: the real interlock at a simulated board, every core busy."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.table import Row, row
from tests.interlock.process import Agent, Board, Interlock

SAMPLES = 80


def measure() -> list[Row]:
    with _every_core_busy():
        waits = _waits()
    what = "vehicle leaves state C → contactor commanded open, every core busy; value is the worst"
    return [row("open_after_c_ms", what, "ms", waits, hold=100, bar=10, limit=100)]


@contextmanager
def _every_core_busy() -> Iterator[None]:
    spin = [sys.executable, "-c", "while True: pass"]
    spinners = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def _waits() -> list[float]:
    waits = []
    with tempfile.TemporaryDirectory() as folder:
        board = Board(Path(folder))
        interlock = Interlock(Path(folder), board.address)
        try:
            interlock.until("interlock.started")
            agent = interlock.agent()
            for _ in range(SAMPLES):
                waits.append(_wait_ms(board, agent))
        finally:
            interlock.end()
            board.kill()
    return waits


def _wait_ms(board: Board, agent: Agent) -> float:
    """Charge, pull the plug, and return what lay between the board's two marks."""
    board.do("plug_in")
    agent.grant()
    agent.until_closed()
    board.until_closed()
    board.do("unplug")
    marks = board.until_open()["marks"]
    return float((marks["commanded_open"] - marks["left_c"]) / 1e6)
