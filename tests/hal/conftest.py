"""A board whose words the test decides, on a real socket, and a clock moved by hand."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HELLO = {
    "in": {"evse1.contactor_mirror": True},
    "adc": {"evse1.pilot_high": 12_000},
    "temp": {"evse1.temperature": 25_000},
    "out": ["evse1.contactor"],
    "pwm": ["evse1.pilot", "evse2.contactor"],
}


class ScriptedBoard:
    """Listens at ``address``; greets whoever connects with ``hello``, in portions of ``portion`` bytes."""

    def __init__(self, address: Path) -> None:
        self.address = str(address)
        self.io: dict[str, Any] = {"backend": "remote", "address": self.address}
        self.hello = json.dumps(HELLO).encode() + b"\n"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.address)
        self._listener.listen()
        self._connections: list[socket.socket] = []

    def greeting(self, open_board: Callable[[dict[str, Any]], Any], portion: int = 65_536) -> Any:
        """Open the board with ``open_board(io)`` while this one answers, and return it."""
        thread = threading.Thread(target=self._greet, args=(portion,))
        thread.start()
        try:
            return open_board(self.io)
        finally:
            thread.join()

    def say(self, message: dict[str, Any]) -> None:
        self._connections[-1].sendall(json.dumps(message).encode() + b"\n")

    def say_bytes(self, data: bytes) -> None:
        self._connections[-1].sendall(data)

    def heard(self) -> list[dict[str, Any]]:
        """Everything that was said to it up to the end of the connection."""
        data = b""
        while part := self._connections[-1].recv(65_536):
            data += part
        return [json.loads(line) for line in data.splitlines()]

    def hang_up(self) -> None:
        for connection in self._connections:
            connection.close()

    def close(self) -> None:
        self.hang_up()
        self._listener.close()

    def _greet(self, portion: int) -> None:
        connection, _ = self._listener.accept()
        self._connections.append(connection)
        if not self.hello:
            connection.close()
            return
        for start in range(0, len(self.hello), portion):
            connection.sendall(self.hello[start : start + portion])


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.ms = 0

    def monotonic_ms(self) -> int:
        return self.ms

    def utc_ms(self) -> int:
        return self.ms

    def trust(self) -> str:
        return "unsynchronised"

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - self.ms) / 1000)


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[ScriptedBoard]:
    board = ScriptedBoard(tmp_path / "board.sock")
    yield board
    board.close()


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()
