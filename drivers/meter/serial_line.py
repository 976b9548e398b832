"""A serial line with Modbus RTU units: carries one request and its answer, each unit in its own settings."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from config.schema import Rs485
from drivers.meter.errors import MeterError, MeterJunkError, MeterPortError, MeterSilentError
from drivers.meter.frames import OVERHEAD_BYTES, Found, describe, find_answer, frame_of, units_in
from drivers.meter.reopening import Reopening
from drivers.meter.requests import Request, refused
from drivers.meter.serial_port import SILENCE_CHARS, LineSettings, SerialPort

_QUIET_S = 0.05  # above the 16 ms in which USB adapters deliver, and 3.5 characters at 1200 baud
_DRAIN_S = 2.0
_MOST_HEARD = 4096
_LOOPS_GRAIN_S = 0.001

T = TypeVar("T")


class SerialLine:
    """The one owner of a serial port. ``rs485``: the kernel's mode, for a transceiver that cannot turn
    by itself.

    A unit that is set otherwise than the others gets its own settings with `set_unit`; the open port is then
    switched for its requests, after a silence that ends a frame at both speeds.
    """

    numbers_answers = False

    def __init__(self, device: str, settings: LineSettings | None = None, rs485: Rs485 | None = None) -> None:
        self._device, self._rs485 = device, rs485
        self._settings = self._now_set = settings or LineSettings()
        self._units: dict[int, LineSettings] = {}
        self._port: SerialPort | None = None
        self._reopening = Reopening()
        self._arrived = asyncio.Event()
        self._heard, self._heard_s = b"", 0.0
        self._overheard: set[int] = set()
        self._troubled = True
        self._echoes = False

    def set_unit(self, unit: int, settings: LineSettings) -> None:
        """Give a unit its own speed, parity, stop bits and time to answer."""
        self._units[unit] = settings

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
        self._now_set, self._troubled = self._settings, True
        return True

    async def ask(self, request: Request, *, quiet_s: float = 0.0, listen_s: float = 0.0) -> bytes:
        """Send a request and return its answer's PDU. Raises MeterError.

        The line has been silent for ``quiet_s`` before. It listens for ``listen_s`` after the answer, and a
        second answer is an error.
        """
        settings = self._units.get(request.unit, self._settings)
        await self._fall_silent(settings, quiet_s)
        self._remember_overheard()
        frame = frame_of(request)
        self._troubled, self._heard = True, b""
        self._send(frame)
        chars = len(frame) + SILENCE_CHARS + request.answer_length + OVERHEAD_BYTES
        wait_s = settings.answer_within_s + settings.wire_s(chars)
        found = await self._until(lambda: self._answer(request, frame), wait_s)
        if found is None:
            raise self._failure(request, frame, wait_s)
        self._heard = found.rest
        await self._listen_for_a_second(request, listen_s)
        self._troubled = False
        if (refusal := refused(request, found.pdu)) is not None:
            raise refusal
        return found.pdu

    def overheard(self) -> set[int]:
        """Return, once, the units whose answers came although nobody asked: something says things twice."""
        self._remember_overheard()
        overheard, self._overheard = self._overheard, set()
        return overheard

    async def close(self) -> None:
        """Close the port."""
        self._drop_port()

    def _answer(self, request: Request, frame: bytes) -> Found | None:
        """Find the answer. The echo of a request to write one register would look like it."""
        if request.begins != request.pdu:
            self._echoes = frame in self._heard
        heard = self._heard.replace(frame, b"", 1) if self._echoes else self._heard
        return find_answer(heard, request)

    def _failure(self, request: Request, frame: bytes, waited_s: float) -> MeterError:
        if not self._heard:
            return MeterSilentError(f"unit {request.unit} gave no reply in {waited_s * 1000:.0f} ms")
        if self._heard == frame:
            return MeterSilentError(f"unit {request.unit} gave no reply: only the request's echo came back")
        return MeterJunkError(describe(self._heard, request))

    def _send(self, frame: bytes) -> None:
        try:
            self._open_port().write(frame)
        except MeterPortError:
            self._drop_port()
            raise

    async def _fall_silent(self, settings: LineSettings, quiet_s: float) -> None:
        """Keep the silence between frames; after a failure let late bytes run out. Set the port for the unit.

        Raises MeterJunkError when somebody goes on talking.
        """
        silence_s = max(quiet_s, settings.silence_s, self._now_set.silence_s)
        if self._troubled:
            silence_s = max(silence_s, _QUIET_S)
        deadline_s = _now_s() + _DRAIN_S + silence_s
        while (left_s := self._silent_since_s() + silence_s - _now_s()) > 0:
            if _now_s() > deadline_s:
                raise MeterJunkError("the line does not fall silent")
            await _pass(left_s)
        if settings != self._now_set:
            self._open_port().set(settings)
            self._now_set = settings

    def _silent_since_s(self) -> float:
        self._open_port().take()  # what has come while the loop was at something else
        return self._heard_s

    async def _listen_for_a_second(self, request: Request, listen_s: float) -> None:
        if not listen_s:
            return
        if await self._until(lambda: find_answer(self._heard, request), listen_s) is not None:
            raise MeterJunkError(
                f"unit {request.unit} answered twice: two meters of one number, or something that repeats"
            )

    async def _until(self, found: Callable[[], T | None], wait_s: float) -> T | None:
        """Return what ``found`` makes of the bytes heard, None after ``wait_s``. Raises MeterPortError."""
        try:
            async with asyncio.timeout(wait_s):
                while (result := found()) is None:
                    self._open_port()
                    self._arrived.clear()
                    await self._arrived.wait()
                return result
        except TimeoutError:
            return found()

    def _hear(self, data: bytes) -> None:
        self._heard = (self._heard + data)[-_MOST_HEARD:]
        self._heard_s = _now_s()
        self._arrived.set()

    def _lose(self) -> None:
        self._drop_port()
        self._arrived.set()

    def _remember_overheard(self) -> None:
        if not self._troubled:  # after a failure late answers are what is waited for
            self._overheard |= units_in(self._heard)
            self._heard = b""

    def _open_port(self) -> SerialPort:
        if self._port is None:
            raise MeterPortError(f"{self._device} has gone")
        return self._port

    def _drop_port(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None


async def _pass(time_s: float) -> None:
    """Sleep all but the last millisecond, which goes in turns of the loop: it sleeps whole ones only."""
    await asyncio.sleep(max(0.0, time_s - _LOOPS_GRAIN_S))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
