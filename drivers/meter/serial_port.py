"""A serial port straight on termios: for this process alone, never waiting, set anew while it is open.

The port drops characters whose parity is wrong, so they never reach a checksum.
"""

import asyncio
import errno
import fcntl
import os
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from config.schema import Rs485
from drivers.meter.errors import MeterPortError
from drivers.meter.rs485 import switch_on

Parity = Literal["N", "E", "O"]

SILENCE_CHARS = 3.5
"""The silence between two frames, in characters (Modbus over Serial Line V1.02, 2.5.1.1)."""

_FASTEST_IN_CHARS = 19_200
_FIXED_SILENCE_S = 0.001_75  # above 19200 baud (2.5.1.1)
_MOST_BYTES = 4096
_PARITY_FLAGS = {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}
_SPEEDS = {
    int(name[1:]): value
    for name, value in vars(termios).items()
    if name[0] == "B" and name[1:].isdigit() and name != "B0"
}


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a meter's line is set, and how long the meter may think beyond the wire's own time."""

    baudrate: int = 9600
    parity: Parity = "N"
    stopbits: Literal[1, 2] = 1
    answer_within_s: float = 0.3

    @property
    def silence_s(self) -> float:
        """The silence that ends a frame."""
        if self.baudrate > _FASTEST_IN_CHARS:
            return _FIXED_SILENCE_S
        return self.wire_s(SILENCE_CHARS)

    def wire_s(self, chars: float) -> float:
        """Return how long so many characters take on the wire."""
        return chars * (9 + self.stopbits + (self.parity != "N")) / self.baudrate


class SerialPort:
    """An open port in a running event loop. ``heard`` is called with bytes as they come, ``gone`` at its end.

    Raises MeterPortError when it cannot be opened, is in use, has no such speed, or has no RS-485 mode
    although one is asked for.
    """

    def __init__(
        self,
        device: str,
        settings: LineSettings,
        rs485: Rs485 | None,
        *,
        heard: Callable[[bytes], None],
        gone: Callable[[], None],
    ) -> None:
        self._device, self._heard, self._gone = device, heard, gone
        self._descriptor = _opened(device)
        try:
            self.set(settings)
            self._switch_on(rs485)
        except MeterPortError:
            os.close(self._descriptor)
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self.take)

    def set(self, settings: LineSettings) -> None:
        """Change speed, parity and stop bits; what has come until now is dropped. Raises MeterPortError."""
        if settings.baudrate not in _SPEEDS:
            raise MeterPortError(f"{self._device}: a serial port has no {settings.baudrate} baud")
        control = termios.CS8 | termios.CREAD | termios.CLOCAL | _PARITY_FLAGS[settings.parity]
        control |= termios.CSTOPB if settings.stopbits == 2 else 0
        checked = 0 if settings.parity == "N" else termios.INPCK | termios.IGNPAR
        speed = _SPEEDS[settings.baudrate]
        try:
            characters = termios.tcgetattr(self._descriptor)[6]
            characters[termios.VMIN], characters[termios.VTIME] = 1, 0
            self._apply([checked, 0, control, 0, speed, speed, characters])
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        except termios.error as error:
            raise MeterPortError(f"{self._device} is no serial port, or has gone") from error

    def _apply(self, attributes: list[Any]) -> None:
        try:
            termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)
        except termios.error as error:
            # A pseudo terminal has no parity bit; the C library says so only here, all else has been set.
            now = termios.tcgetattr(self._descriptor)
            if error.args[0] != errno.EINVAL or now[4:6] != attributes[4:6]:
                raise

    def take(self) -> None:
        """Hand on what has come, also before the loop gets to it. Calls ``heard``, or ``gone``."""
        try:
            data = os.read(self._descriptor, _MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._heard(data)
        else:
            self._gone()

    def write(self, data: bytes) -> None:
        """Send bytes. Raises MeterPortError, also when the port does not take them all."""
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            raise MeterPortError(f"{self._device} has gone") from error
        if written != len(data):
            raise MeterPortError(f"{self._device} does not take what is sent")

    def close(self) -> None:
        """Let go of the port."""
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _switch_on(self, rs485: Rs485 | None) -> None:
        try:
            if rs485 is not None:
                switch_on(self._descriptor, rs485)
        except OSError as error:
            why = f"{self._device}: its kernel driver has no RS-485 mode ({error.strerror})"
            raise MeterPortError(f"{why}; leave out rs485 in the board file") from error


def _opened(device: str) -> int:
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = "may not be opened" if Path(device).exists() else "is not there"
        raise MeterPortError(f"{device} {why}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise MeterPortError(f"{device} is in use by another process") from error
    return descriptor
