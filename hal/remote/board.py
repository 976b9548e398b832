"""The board's I/O over a Unix stream socket, one JSON object a line (docs/BOARD_WIRE.md).

Standard library only and without asyncio: the interlock waits on ``fileno()`` with `selectors`.
"""

import contextlib
import json
import select
import socket
from typing import Any

from hal.clock import Clock, SystemClock
from hal.ports import BoardLostError

SIGN_OF_LIFE_MS = 500
"""The board sends at least an empty object each 100 ms; after so long without one it is lost."""

STEADY_HIGH_E4 = 10_000
_HELLO_WITHIN_S = 2.0
_MAX_LINE = 65_536


class RemoteBoard:
    """`hal.ports.Board` over the socket at ``address``.

    Raises BoardLostError from the constructor when nobody listens there, and from every access once the
    board has closed the connection or has given no sign of life for 500 ms. A lost board stays lost: open
    a new one. Values are those of the last ``refresh()``.
    """

    def __init__(self, address: str, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._values: dict[str, dict[str, Any]] = {"in": {}, "adc": {}}
        self._outputs: frozenset[str] = frozenset()
        self._pwms: frozenset[str] = frozenset()
        self._pending = b""
        self._lost = ""
        self._address = address
        self._socket = _connect(address)
        self._heard_ms = self._clock.monotonic_ms()
        self._take_hello()

    def output(self, name: str) -> "RemoteOutput":
        """Return the output ``name``. Raises KeyError when the board has none of that name."""
        _require(name, self._outputs, "output")
        return RemoteOutput(self, name)

    def input(self, name: str) -> "RemoteInput":
        """Return the input ``name``. Raises KeyError when the board has none of that name."""
        _require(name, self._values["in"], "input")
        return RemoteInput(self, name)

    def pwm(self, name: str) -> "RemotePwm":
        """Return the PWM channel ``name``. Raises KeyError when the board has none of that name."""
        _require(name, self._pwms, "PWM channel")
        return RemotePwm(self, name)

    def adc(self, name: str) -> "RemoteAdc":
        """Return the analogue input ``name``. Raises KeyError when the board has none of that name."""
        _require(name, self._values["adc"], "analogue input")
        return RemoteAdc(self, name)

    def fileno(self) -> int:
        """Return the descriptor that is readable when inputs may have changed; -1 after ``close()``."""
        return self._socket.fileno()

    def refresh(self) -> None:
        """Take in what the board has sent. Raises BoardLostError."""
        self._receive()
        self._require_life()

    def value(self, kind: str, name: str) -> Any:
        """Return the last value of an input (``in``) or analogue input (``adc``). Raises BoardLostError."""
        if self._silent_ms() > SIGN_OF_LIFE_MS:
            self._receive()
        self._require_life()
        return self._values[kind][name]

    def send(self, message: dict[str, Any]) -> None:
        """Send one command to the board. Raises BoardLostError."""
        self._require_life()
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
        """Set every output to its safe value and close; a lost board has done so by itself."""
        with contextlib.suppress(BoardLostError):
            for name in sorted(self._outputs):
                self.send({"out": name, "value": False})
            for name in sorted(self._pwms):
                self.send({"pwm": name, "duty_e4": STEADY_HIGH_E4})
        self._lost = self._lost or "is closed"
        self._socket.close()

    def _take_hello(self) -> None:
        """Wait for the first message, which declares all names."""
        deadline_ms = self._heard_ms + round(_HELLO_WITHIN_S * 1000)
        while not self._outputs and not self._lost:
            left_s = (deadline_ms - self._clock.monotonic_ms()) / 1000
            readable, _, _ = select.select([self._socket], [], [], max(0.0, left_s))
            if not readable:
                self._lose(f"did not declare its ports within {_HELLO_WITHIN_S:.0f} s")
            else:
                self._receive()
        if self._lost:
            self._socket.close()
            self._require_life()

    def _receive(self) -> None:
        """Read until the socket has nothing more, and apply whole lines."""
        while not self._lost:
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
        self._values["in"].update(message.get("in", {}))
        self._values["adc"].update(message.get("adc", {}))
        self._outputs |= frozenset(message.get("out", ()))
        self._pwms |= frozenset(message.get("pwm", ()))

    def _silent_ms(self) -> int:
        return self._clock.monotonic_ms() - self._heard_ms

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why

    def _require_life(self) -> None:
        if not self._lost and self._silent_ms() > SIGN_OF_LIFE_MS:
            self._lose(f"gave no sign of life for {SIGN_OF_LIFE_MS} ms")
        if self._lost:
            raise BoardLostError(f"board at {self._address} {self._lost}")


class RemoteOutput:
    """A digital output of the board."""

    def __init__(self, board: RemoteBoard, name: str) -> None:
        self._board, self._name = board, name

    def set(self, active: bool) -> None:
        """Drive the line. Raises BoardLostError."""
        self._board.send({"out": self._name, "value": active})


class RemotePwm:
    """A PWM channel of the board."""

    def __init__(self, board: RemoteBoard, name: str) -> None:
        self._board, self._name = board, name

    def set_duty(self, duty_e4: int) -> None:
        """Set the duty in 1/10000. Raises BoardLostError, ValueError outside 0 to 10000."""
        if not 0 <= duty_e4 <= STEADY_HIGH_E4:
            raise ValueError(f"{self._name}: a duty of {duty_e4}/10000 is outside 0 to {STEADY_HIGH_E4}")
        self._board.send({"pwm": self._name, "duty_e4": duty_e4})


class RemoteInput:
    """A digital input of the board."""

    def __init__(self, board: RemoteBoard, name: str) -> None:
        self._board, self._name = board, name

    def read(self) -> bool:
        """Return whether the line was active at the last refresh. Raises BoardLostError."""
        return bool(self._board.value("in", self._name))


class RemoteAdc:
    """An analogue input of the board."""

    def __init__(self, board: RemoteBoard, name: str) -> None:
        self._board, self._name = board, name

    def read_mv(self) -> int:
        """Return the voltage at the last refresh in millivolts. Raises BoardLostError."""
        return int(self._board.value("adc", self._name))


def _connect(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_HELLO_WITHIN_S)
        connection.connect(address)
    except OSError as error:
        connection.close()
        raise BoardLostError(f"board at {address} does not answer: {error.strerror or error}") from error
    connection.setblocking(False)
    return connection


def _require(name: str, known: Any, kind: str) -> None:
    if name not in known:
        raise KeyError(f'the board has no {kind} "{name}"; it has {", ".join(sorted(known)) or "none"}')
