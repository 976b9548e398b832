"""A serial line with Modbus RTU units: carries one request and its answer, each unit in its own settings."""

from config.schema import Rs485
from drivers.meter.errors import MeterError, MeterJunkError, MeterSilentError
from drivers.meter.frames import OVERHEAD_BYTES, Found, describe, find_answer, frame_of, units_in
from drivers.meter.held_port import QUIET_S, HeldPort
from drivers.meter.requests import Request, refused
from drivers.meter.serial_port import SILENCE_CHARS, LineSettings


class SerialLine:
    """The one owner of a serial port. ``rs485``: the kernel's mode, for a transceiver that cannot turn
    by itself.

    A unit that is set otherwise than the others gets its own settings with `set_unit`; the open port is then
    switched for its requests, after a silence that ends a frame at both speeds.
    """

    numbers_answers = False

    def __init__(self, device: str, settings: LineSettings | None = None, rs485: Rs485 | None = None) -> None:
        self._settings = settings or LineSettings()
        self._units: dict[int, LineSettings] = {}
        self._port = HeldPort(device, self._settings, rs485)
        self._overheard: set[int] = set()
        self._troubled = True
        self._echoes = False

    def set_unit(self, unit: int, settings: LineSettings) -> None:
        """Give a unit its own speed, parity, stop bits and time to answer."""
        self._units[unit] = settings

    async def open(self) -> bool:
        """Open the port if it is not open; return whether it has just been opened. Raises MeterPortError."""
        opened = await self._port.open()
        self._troubled = self._troubled or opened
        return opened

    async def ask(self, request: Request, *, quiet_s: float = 0.0, listen_s: float = 0.0) -> bytes:
        """Send a request and return its answer's PDU. Raises MeterError.

        The line has been silent for ``quiet_s`` before. It listens for ``listen_s`` after the answer, and a
        second answer is an error.
        """
        settings = self._units.get(request.unit, self._settings)
        await self._fall_silent(settings, quiet_s)
        self._remember_overheard()
        frame = frame_of(request)
        self._troubled = True
        self._port.send(frame)
        chars = len(frame) + SILENCE_CHARS + request.answer_length + OVERHEAD_BYTES
        wait_s = settings.answer_within_s + settings.wire_s(chars)
        found = await self._port.until(lambda: self._answer(request, frame), wait_s)
        if found is None:
            raise self._failure(request, frame, wait_s)
        self._port.heard = found.rest
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
        self._port.close()

    def _answer(self, request: Request, frame: bytes) -> Found | None:
        """Find the answer. The echo of a request to write one register would look like it."""
        heard = self._port.heard
        if request.begins != request.pdu:
            self._echoes = frame in heard
        return find_answer(heard.replace(frame, b"", 1) if self._echoes else heard, request)

    def _failure(self, request: Request, frame: bytes, waited_s: float) -> MeterError:
        if not self._port.heard:
            return MeterSilentError(f"unit {request.unit} gave no reply in {waited_s * 1000:.0f} ms")
        if self._port.heard == frame:
            return MeterSilentError(f"unit {request.unit} gave no reply: only the request's echo came back")
        return MeterJunkError(describe(self._port.heard, request))

    async def _fall_silent(self, settings: LineSettings, quiet_s: float) -> None:
        """Keep the silence between frames; after a failure let late bytes run out. Set the port for the unit.

        Raises MeterJunkError when somebody goes on talking.
        """
        silence_s = max(quiet_s, settings.silence_s, self._port.now_set.silence_s)
        await self._port.fall_silent(max(silence_s, QUIET_S) if self._troubled else silence_s)
        self._port.set(settings)

    async def _listen_for_a_second(self, request: Request, listen_s: float) -> None:
        if not listen_s:
            return
        if await self._port.until(lambda: find_answer(self._port.heard, request), listen_s) is not None:
            raise MeterJunkError(
                f"unit {request.unit} answered twice: two meters of one number, or something that repeats"
            )

    def _remember_overheard(self) -> None:
        if not self._troubled:  # after a failure late answers are what is waited for
            self._overheard |= units_in(self._port.heard)
            self._port.heard = b""
