"""A simulated coprocessor as a process of its own on a pty, and hands at it."""

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hal.coprocessor.coprocessor import REFRESH_MS, PilotCoprocessor

ROOT = Path(__file__).parents[3]


class Table:
    """What is on the table: the process, its serial line at ``tty``, its control socket."""

    def __init__(self, place: Path, *options: str) -> None:
        self.tty, self._control = str(place / "coprocessor.tty"), str(place / "coprocessor.sock")
        command = [sys.executable, "-m", "sim.coprocessor", "--tty", self.tty, "--control", self._control]
        self._process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        self._hands = socket.socket(socket.AF_UNIX)
        self._hands.connect(self._control)
        self._replies = self._hands.makefile("rb")

    def do(self, what: str, **how: Any) -> dict[str, Any]:
        """Do something to the coprocessor; return the state of that pilot."""
        self._hands.sendall(json.dumps({"do": what, **how}).encode() + b"\n")
        reply = json.loads(self._replies.readline())
        assert reply["ok"], reply
        state: dict[str, Any] = reply["state"]
        return state

    def until(self, what: Callable[[dict[str, Any]], bool], within_s: float = 2.0, pilot: int = 0) -> float:
        """Ask until the coprocessor is so; return how many seconds it took."""
        start_s = time.monotonic()
        while not what(self.do("state", pilot=pilot)):
            assert time.monotonic() - start_s < within_s, self.do("state", pilot=pilot)
        return time.monotonic() - start_s

    def unplug(self) -> None:
        """Pull the line out, coprocessor and all."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.unplug()
        self._replies.close()
        self._hands.close()
        assert self._process.stdout is not None
        self._process.stdout.close()


def work(coprocessor: PilotCoprocessor, until: Callable[[], bool], within_s: float = 2.0) -> None:
    """The interlock's loop: wait for the port, refresh; until something is so."""
    deadline_s = time.monotonic() + within_s
    while not until():
        assert time.monotonic() < deadline_s, f"not within {within_s} s"
        select.select([coprocessor], [], [], REFRESH_MS / 1_000)
        coprocessor.refresh()


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    table = Table(tmp_path)
    yield table
    table.close()


@pytest.fixture
def wide_table(tmp_path: Path) -> Iterator[Table]:
    """One with four pilots."""
    table = Table(tmp_path, "--evses", "4")
    yield table
    table.close()


@pytest.fixture
def slow_table(tmp_path: Path) -> Iterator[Table]:
    """One whose line is slower than the pace of its measurements."""
    table = Table(tmp_path, "--baudrate", "9600")
    yield table
    table.close()
