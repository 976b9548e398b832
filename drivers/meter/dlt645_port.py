"""A serial port for DL/T 645: opened for this process alone, characters with a wrong parity dropped."""

import asyncio
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import serial  # type: ignore[import-untyped]

from config.schema import Rs485
from drivers.meter.errors import MeterPortError
from drivers.meter.rs485 import switch_on

_MOST_BYTES = 4096
_INPUT_FLAGS = 0


class Port:
    """An open port in a running event loop; ``heard`` is called with bytes as they come, ``gone`` at its end.

    The checksum of DL/T 645 is a plain sum, which two wrong bits can leave right. So the parity of each
    character is checked, and one with a wrong parity never arrives (pyserial lets it pass).
    Raises MeterPortError when the port cannot be opened, is in use, or has no RS-485 mode although asked.
    """

    def __init__(
        self,
        device: str,
        baudrate: int,
        parity: Literal["N", "E", "O"],
        stopbits: Literal[1, 2],
        rs485: Rs485 | None,
        *,
        heard: Callable[[bytes], None],
        gone: Callable[[], None],
    ) -> None:
        self._device, self._heard, self._gone = device, heard, gone
        self._serial = self._opened(baudrate, parity, stopbits)
        try:
            self._set_up(parity, rs485)
        except MeterPortError:
            self._serial.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._descriptor = self._serial.fileno()
        self._loop.add_reader(self._descriptor, self._take)

    def write(self, data: bytes) -> None:
        """Send bytes. Raises MeterPortError."""
        try:
            self._serial.write(data)
        except (OSError, serial.SerialException) as error:
            raise MeterPortError(f"{self._device} has gone") from error

    def close(self) -> None:
        """Let go of the port."""
        self._loop.remove_reader(self._descriptor)
        self._serial.close()

    def _opened(self, baudrate: int, parity: str, stopbits: int) -> serial.Serial:
        try:
            return serial.Serial(
                self._device,
                baudrate=baudrate,
                parity=parity,
                stopbits=stopbits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        except (OSError, ValueError, termios.error) as error:
            raise MeterPortError(_why_closed(self._device)) from error

    def _set_up(self, parity: str, rs485: Rs485 | None) -> None:
        descriptor = self._serial.fileno()
        try:
            if parity != "N":
                settings = termios.tcgetattr(descriptor)
                settings[_INPUT_FLAGS] |= termios.INPCK | termios.IGNPAR
                termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        except termios.error as error:
            raise MeterPortError(f"{self._device} is no serial port") from error
        try:
            if rs485 is not None:
                switch_on(descriptor, rs485)
        except OSError as error:
            why = f"{self._device}: its kernel driver has no RS-485 mode ({error.strerror})"
            raise MeterPortError(f"{why}; leave out rs485 in the board file") from error

    def _take(self) -> None:
        try:
            data = self._serial.read(_MOST_BYTES)
        except (OSError, serial.SerialException):
            data = b""
        if data:
            self._heard(data)
        else:
            self._gone()


def _why_closed(device: str) -> str:
    return f"{device} {'is in use or may not be opened' if Path(device).exists() else 'is not there'}"
