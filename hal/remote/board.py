"""The board's I/O over a Unix stream socket, one JSON object a line (docs/BOARD_WIRE.md).

Standard library only and without asyncio: the interlock waits on ``fileno()`` with `select`.
"""

import contextlib
import json
import select
import socket
from typing import Any

from hal.clock import Clock, SystemClock
from hal.ports import BoardLostError, PortKind
from hal.remote.ports import (
    RemoteAdc,
    RemoteInput,
    RemoteOutput,
    RemotePwm,
    RemoteThermometer,
    RemoteWatchdog,
    safe_duty_e4,
)

SIGN_OF_LIFE_MS = 500
"""The board sends at least an empty object each 100 ms; after so long without one it is lost."""
HELLO_WITHIN_MS = 200
"""A board that has not declared its ports within this time is lost: whoever opens it waits no longer."""

_MAX_LINE = 65_536
_VALUES = ("in", "adc", "temp")
_WIRE_KINDS: dict[PortKind, str] = {
    "output": "out",
    "input": "in",
    "pwm": "pwm",
    "adc": "adc",
    "thermometer": "temp",
}
_CALLED: dict[PortKind, str] = {
    "output": "output",
    "input": "input",
    "pwm": "PWM channel",
    "adc": "analogue input",
    "thermometer": "thermometer",
}


class RemoteBoard:
    """`hal.ports.Board` over the socket at ``io["address"]``; it declares its own ports.

    Raises BoardLostError from the constructor when nobody answers there within 200 ms, and from every access
    once the board has closed the connection or has given no sign of life for 500 ms. A lost board stays lost:
    open a new one. Values are those of the last ``refresh()``.
    """

    def __init__(self, io: dict[str, Any], clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._watchdog: dict[str, Any] | None = io.get("watchdog")
        self._values: dict[str, dict[str, Any]] = {kind: {} for kind in _VALUES}
        self._driven: dict[str, tuple[str, ...]] = {"out": (), "pwm": ()}
        self._touched: set[str] = set()
        self._declared = False
        self._pending = b""
        self._lost = ""
        self._address: str = io["address"]
        self._socket = _connect(self._address)
        self._heard_ms = self._clock.monotonic_ms()
        self._take_hello()

    def output(self, name: str) -> RemoteOutput:
        """Return the output ``name``. Raises KeyError when the board has none of that name."""
        return RemoteOutput(self, self._require("output", name))

    def input(self, name: str) -> RemoteInput:
        """Return the input ``name``. Raises KeyError when the board has none of that name."""
        return RemoteInput(self, self._require("input", name))

    def pwm(self, name: str) -> RemotePwm:
        """Return the PWM channel ``name``. Raises KeyError when the board has none of that name."""
        return RemotePwm(self, self._require("pwm", name))

    def adc(self, name: str) -> RemoteAdc:
        """Return the analogue input ``name``. Raises KeyError when the board has none of that name."""
        return RemoteAdc(self, self._require("adc", name))

    def thermometer(self, name: str) -> RemoteThermometer:
        """Return the thermometer ``name``. Raises KeyError when the board has none of that name."""
        return RemoteThermometer(self, self._require("thermometer", name))

    def watchdog(self) -> RemoteWatchdog | None:
        """Arm the board's watchdog for this connection, None without one in the board file.

        Raises BoardLostError.
        """
        if self._watchdog is None:
            return None
        return RemoteWatchdog(self, self._watchdog["timeout_s"] * 1000)

    def names(self) -> dict[PortKind, tuple[str, ...]]:
        """Return the names that the board declares, by kind."""
        declared = {**self._values, **self._driven}
        return {kind: tuple(sorted(declared[wire])) for kind, wire in _WIRE_KINDS.items()}

    def fileno(self) -> int:
        """Return the descriptor that is readable when inputs may have changed; -1 after ``close()``."""
        return self._socket.fileno()

    def refresh(self) -> None:
        """Take in what the board has sent. Raises BoardLostError."""
        self._receive()
        self._require_life()

    def value(self, kind: str, name: str) -> Any:
        """Return the last value of an input (``in``, ``adc`` or ``temp``). Raises BoardLostError."""
        if self._silent_ms() > SIGN_OF_LIFE_MS:
            self._receive()
        self._require_life()
        return self._values[kind][name]

    def send(self, message: dict[str, Any]) -> None:
        """Send one command to the board. Raises BoardLostError."""
        self._require_life()
        self._touched.update(str(message[kind]) for kind in self._driven if kind in message)
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            sent = self._socket.send(line)
        except OSError as error:
            self._lose(f"does not take commands any more ({error.strerror})")
        else:
            if sent != len(line):
                self._lose("does not take commands any more (its buffer is full)")
        self._require_life()

    def close(self) -> None:
        """Set what this connection has driven to its safe value and close; a lost board has done so itself.

        What it has not driven may be another's: who only looks on must not open a contactor.
        """
        with contextlib.suppress(BoardLostError):
            for name in sorted(self._touched & set(self._driven["out"])):
                self.send({"out": name, "value": False})
            for name in sorted(self._touched & set(self._driven["pwm"])):
                self.send({"pwm": name, "duty_e4": safe_duty_e4(name)})
        self._lost = self._lost or "is closed"
        self._socket.close()

    def _take_hello(self) -> None:
        """Wait for the first message, which declares all names."""
        deadline_ms = self._heard_ms + HELLO_WITHIN_MS
        while not self._declared and not self._lost:
            left_s = (deadline_ms - self._clock.monotonic_ms()) / 1000
            readable, _, _ = select.select([self._socket], [], [], max(0.0, left_s))
            if not readable:
                self._lose(f"did not declare its ports within {HELLO_WITHIN_MS} ms")
            else:
                self._receive()
        if self._lost:
            self._socket.close()
            self._require_life()

    def _receive(self) -> None:
        """Read what the socket has, and apply whole lines; never more than a few, however fast it talks."""
        for _ in range(_PORTIONS):
            if self._lost:
                return
            try:
                data = self._socket.recv(_MAX_LINE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(f"is gone ({error.strerror})")
                return
            if not data:
                self._lose("closed the connection")
                return
            self._heard_ms = self._clock.monotonic_ms()
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        *lines, self._pending = (self._pending + data).split(b"\n")
        if len(self._pending) > _MAX_LINE:
            self._lose(f"sent a line of more than {_MAX_LINE} bytes")
        for line in lines:
            try:
                self._apply(json.loads(line))
            except (ValueError, AttributeError, TypeError) as error:
                self._lose(f"sent a line that is no message ({error})")

    def _apply(self, message: dict[str, Any]) -> None:
        for kind in _VALUES:
            self._values[kind].update(message.get(kind, {}))
        for kind in self._driven:
            if kind in message:
                self._driven[kind] = tuple(message[kind])
                self._declared = True

    def _require(self, kind: PortKind, name: str) -> str:
        known = self.names()[kind]
        if name not in known:
            has = ", ".join(known) or "none"
            raise KeyError(f'the board has no {_CALLED[kind]} "{name}"; it has {has}')
        return name

    def _silent_ms(self) -> int:
        return self._clock.monotonic_ms() - self._heard_ms

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why

    def _require_life(self) -> None:
        if not self._lost and self._silent_ms() > SIGN_OF_LIFE_MS:
            self._lose(f"gave no sign of life for {SIGN_OF_LIFE_MS} ms")
        if self._lost:
            raise BoardLostError(f"board at {self._address} {self._lost}")


_PORTIONS = 4


def _connect(address: str) -> socket.socket:
    """Connect without waiting: a Unix socket is connected at once, or its listener's queue is full."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        connection.connect(address)
    except OSError as error:
        connection.close()
        raise BoardLostError(f"board at {address} does not answer: {error.strerror or error}") from error
    return connection
