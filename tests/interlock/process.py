"""The interlock as a process at a simulated board: hands at the board, an agent's words, what can be seen.

Everything waits for something that is said (a status, an input, a line of the log), with a deadline.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firmware.interlock.lease import (
    ENGINEER,
    UNKNOWN,
    ClearFaults,
    Decoder,
    Grant,
    Measured,
    Message,
    Recall,
    SetLock,
    Status,
    Withdraw,
    encode,
    fault_bits,
    fault_names,
)

ROOT = Path(__file__).parents[2]
PATIENCE_S = 15.0


class Lines:
    """JSON lines from a file descriptor, each awaited no longer than a deadline."""

    def __init__(self, fd: int, read: Callable[[], bytes]) -> None:
        self._fd, self._read = fd, read
        self._pending = b""

    def __iter__(self) -> Iterator[Any]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while b"\n" in self._pending:
                line, self._pending = self._pending.split(b"\n", 1)
                yield json.loads(line)
            await_readable(self._fd, deadline)
            data = self._read()
            assert data, "the stream has ended"
            self._pending += data


def await_readable(fd: int, deadline: float) -> None:
    readable, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
    assert readable, f"nothing was said within {PATIENCE_S} s"


def connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


class Board:
    """``python -m sim.board``, its control socket, and a second pair of eyes on its inputs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.address = str(folder / "board.sock")
        command = [sys.executable, "-m", "sim.board", "--address", self.address, "--tty", str(folder / "tty")]
        pipe = subprocess.PIPE
        command += ["--rate", "60", *options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"
        self._control = connected(f"{self.address}.control")
        self._replies = Lines(self._control.fileno(), lambda: self._control.recv(65_536))
        self._eyes = connected(self.address)
        self._reports = Lines(self._eyes.fileno(), lambda: self._eyes.recv(65_536))
        self.inputs: dict[str, Any] = {}

    def do(self, action: str, **arguments: object) -> dict[str, Any]:
        """Carry out an action; return the state after it."""
        self._control.sendall(json.dumps({"do": action, **arguments}).encode() + b"\n")
        reply = next(iter(self._replies))
        assert reply["ok"], reply
        state: dict[str, Any] = reply["state"]
        return state

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Watch the board's inputs until ``condition`` holds; return its state then."""
        for report in self._reports:
            self.inputs |= report.get("in", {}) | report.get("adc", {})
            if condition(self.inputs):
                break
        return self.do("state")

    def until_open(self, evse: int = 1) -> dict[str, Any]:
        return self.until(lambda inputs: inputs[f"evse{evse}.contactor_mirror"])

    def until_closed(self, evse: int = 1) -> dict[str, Any]:
        return self.until(lambda inputs: not inputs[f"evse{evse}.contactor_mirror"])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._control.close()
        self._eyes.close()


class Agent:
    """The agent's end of a connection."""

    def __init__(self, path: str) -> None:
        self._connection = connected(path)
        self._decoder = Decoder()
        self._seq = 0

    def grant(self, amperes: int = 16, ms: int = 15_000, evse: int = 1) -> None:
        self.say(Grant(evse, self._next(), amperes * 1000, ms))

    def withdraw(self, evse: int = 1) -> None:
        self.say(Withdraw(evse, self._next()))

    def release(self) -> None:
        self.say(SetLock(1, self._next(), 0))

    def clear(self, by: int = ENGINEER) -> None:
        self.say(ClearFaults(1, self._next(), by))

    def recall(self, *names: str) -> None:
        self.say(Recall(1, self._next(), fault_bits(frozenset(names))))

    def measure(self, volts: int = 230, amperes: int | None = None) -> None:
        """Say what the meter measures, alike on all phases."""
        ma = UNKNOWN if amperes is None else amperes * 1_000
        self.say(Measured(1, self._next(), *[volts * 1_000] * 3, *[ma] * 3))

    def say(self, message: Message) -> None:
        self.say_bytes(encode(message))

    def say_bytes(self, data: bytes) -> None:
        self._connection.sendall(data)

    def until(self, condition: Callable[[Status], bool]) -> Status:
        """Listen until a status meets ``condition``; return it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            await_readable(self._connection.fileno(), deadline)
            data = self._connection.recv(4096)
            assert data, "the interlock has hung up"
            for message in self._decoder.feed(data):
                if isinstance(message, Status) and condition(message):
                    return message

    def until_closed(self, evse: int = 1) -> Status:
        return self.until(lambda status: status.evse == evse and status.contactor == 1)

    def until_open(self, evse: int = 1) -> Status:
        return self.until(lambda status: status.evse == evse and status.contactor == 0)

    def until_heard(self) -> Status:
        """Listen until the interlock has heard the last word."""
        return self.until(lambda status: status.heard_seq == self._seq)

    def until_fault(self, name: str) -> Status:
        return self.until(lambda status: name in fault_names(status.faults))

    def until_sound(self) -> Status:
        return self.until(lambda status: status.faults == 0)

    def until_hung_up(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            await_readable(self._connection.fileno(), deadline)
            try:
                if not self._connection.recv(4096):
                    return
            except ConnectionResetError:
                return

    def leave(self) -> None:
        self._connection.close()

    def _next(self) -> int:
        self._seq += 1
        return self._seq


def settings(folder: Path, address: str, *, evses: tuple[int, ...] = (1,), **more: Any) -> dict[str, Any]:
    """The interlock's settings: 32 A, and ``rules`` beyond that; ``board`` has more of the board's io."""
    rules = {"max_current_ma": 32_000, **more.get("rules", {})}
    return {
        "socket": str(folder / "interlock.sock"),
        "board": {"backend": "remote", "address": address, **more.get("board", {})},
        "evses": [{"id": evse, "rules": rules, **more.get("evse", {})} for evse in evses],
    }


class Interlock:
    """``python -m firmware.interlock``; `settings` says with what."""

    def __init__(self, folder: Path, address: str, **more: Any) -> None:
        table = settings(folder, address, **more)
        self.socket: str = table["socket"]
        self.process = start(json.dumps(table))
        assert self.process.stderr is not None
        stderr = self.process.stderr
        self._log = Lines(stderr.fileno(), lambda: stderr.read1(65_536))  # type: ignore[attr-defined]

    def until(self, event: str) -> dict[str, Any]:
        """Read the log up to an event."""
        return next(line for line in self._log if line["event"] == event)

    def agent(self) -> Agent:
        return Agent(self.socket)

    def stop(self) -> None:
        """Halt it where it is; it does nothing any more until it is continued."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


def start(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "firmware.interlock", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


@contextmanager
def charger(folder: Path, *options: str, **more: Any) -> Iterator[tuple[Board, Interlock, Agent]]:
    """A board with ``options``, an interlock with settings of `settings` beyond the plain ones, an agent."""
    board = Board(folder, *options)
    interlock = Interlock(folder, board.address, **more)
    try:
        interlock.until("interlock.started")
        yield board, interlock, interlock.agent()
    finally:
        interlock.end()
        board.kill()
