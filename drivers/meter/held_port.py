"""A serial port held as long as it lasts and opened again when it has gone, with what has come on it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from config.schema import Rs485
from drivers.meter.errors import MeterJunkError, MeterPortError
from drivers.meter.reopening import Reopening
from drivers.meter.serial_port import LineSettings, SerialPort

QUIET_S = 0.05
"""After a failure: above the 16 ms in which USB adapters deliver, and 3.5 characters at 1200 baud."""

_DRAIN_S = 2.0
_MOST_HEARD = 4096
_LOOPS_GRAIN_S = 0.001

T = TypeVar("T")


class HeldPort:
    """What every wire protocol does with its port: open, set, send, fall silent, listen.

    ``heard`` is what has come since its owner emptied it. ``rs485``: the kernel's mode, for a transceiver
    that cannot turn by itself.
    """

    def __init__(self, device: str, settings: LineSettings, rs485: Rs485 | None) -> None:
        self._device, self._rs485 = device, rs485
        self._settings = self.now_set = settings
        self._port: SerialPort | None = None
        self._reopening = Reopening()
        self._arrived = asyncio.Event()
        self._heard_s = 0.0
        self.heard = b""

    async def open(self) -> bool:
        """Open the port if it is not open; return whether it has just been opened. Raises MeterPortError."""
        if self._port is not None:
            return False
        await self._reopening.wait()
        try:
            self._port = SerialPort(
                self._device, self._settings, self._rs485, heard=self._hear, gone=self._lose
            )
        except MeterPortError:
            self._reopening.failed()
            raise
        self._reopening.worked()
        self.now_set = self._settings
        return True

    def set(self, settings: LineSettings) -> None:
        """Switch the open port if it is set otherwise. Raises MeterPortError."""
        if settings != self.now_set:
            self._open_port().set(settings)
            self.now_set = settings

    def send(self, data: bytes) -> None:
        """Send bytes; what was heard before is forgotten. Raises MeterPortError."""
        self.heard = b""
        try:
            self._open_port().write(data)
        except MeterPortError:
            self.close()
            raise

    async def fall_silent(self, silence_s: float) -> None:
        """Wait until nothing has come for ``silence_s``.

        Raises MeterJunkError when somebody goes on talking, MeterPortError when the port has gone.
        """
        deadline_s = _now_s() + _DRAIN_S + silence_s
        while (left_s := self._silent_since_s() + silence_s - _now_s()) > 0:
            if _now_s() > deadline_s:
                raise MeterJunkError("the line does not fall silent")
            # All but the last millisecond, which goes in turns of the loop: it sleeps whole ones only.
            await asyncio.sleep(max(0.0, left_s - _LOOPS_GRAIN_S))

    async def until(self, found: Callable[[], T | None], wait_s: float) -> T | None:
        """Return what ``found`` makes of ``heard``, None after ``wait_s``. Raises MeterPortError."""
        try:
            async with asyncio.timeout(wait_s):
                while (result := found()) is None:
                    self._open_port()
                    self._arrived.clear()
                    await self._arrived.wait()
                return result
        except TimeoutError:
            return found()

    def close(self) -> None:
        """Let go of the port; `open` opens it again."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _silent_since_s(self) -> float:
        self._open_port().take()  # what has come while the loop was at something else
        return self._heard_s

    def _hear(self, data: bytes) -> None:
        self.heard = (self.heard + data)[-_MOST_HEARD:]
        self._heard_s = _now_s()
        self._arrived.set()

    def _lose(self) -> None:
        self.close()
        self._arrived.set()

    def _open_port(self) -> SerialPort:
        if self._port is None:
            raise MeterPortError(f"{self._device} has gone")
        return self._port


def _now_s() -> float:
    return asyncio.get_running_loop().time()
