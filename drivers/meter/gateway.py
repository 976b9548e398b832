"""Modbus TCP: the one connection to a gateway, or to a meter with a network port of its own.

Each request carries a number that its answer repeats, so a late answer is known and passed over. That the
gateway itself took a late answer on its own serial side for the next one is seen by `drivers.meter.bus`.
"""

import asyncio
import socket
from typing import NamedTuple

from drivers.meter.errors import MeterGatewayError, MeterJunkError, MeterSilentError
from drivers.meter.reopening import Reopening
from drivers.meter.requests import Request, refused
from drivers.meter.tcp_frames import Answer, NoModbusError, frame_of, take_answer

ANSWER_S = 1.0
"""How long a gateway may take: a slow line behind it, other masters before us, its own time-out."""

CONNECT_S = 2.0
_UNACKNOWLEDGED_MS = 2_000
_SILENCES = 2
_MOST_BYTES = 4096


class _Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def ended(self) -> bool:
        return self.reader.at_eof() or self.reader.exception() is not None or self.writer.is_closing()


class Gateway:
    """The one owner of the connection to ``host``.

    A connection on which nothing comes any more is given up: after two requests in a row without one byte,
    or when what was sent is not acknowledged for two seconds.
    """

    numbers_answers = True

    def __init__(self, host: str, port: int = 502, answer_within_s: float = ANSWER_S) -> None:
        self._host, self._port, self._answer_within_s = host, port, answer_within_s
        self._units: dict[int, float] = {}
        self._connection: _Connection | None = None
        self._reopening = Reopening()
        self._heard = b""
        self._number = 0
        self._silences = 0

    def set_unit(self, unit: int, answer_within_s: float) -> None:
        """Give a unit its own time to answer."""
        self._units[unit] = answer_within_s

    async def open(self) -> bool:
        """Connect if there is no connection; return whether it is a new one. Raises MeterGatewayError."""
        if self._connection is not None and not self._connection.ended:
            return False
        self._drop()
        await self._reopening.wait()
        try:
            async with asyncio.timeout(CONNECT_S):
                self._connection = _Connection(*await asyncio.open_connection(self._host, self._port))
        except (OSError, TimeoutError) as error:
            self._reopening.failed()
            raise MeterGatewayError(f"{self._where} {_why(error)}") from error
        self._reopening.worked()
        self._heard, self._silences = b"", 0
        connected: socket.socket = self._connection.writer.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
        return True

    async def ask(self, request: Request, *, quiet_s: float = 0.0, listen_s: float = 0.0) -> bytes:
        """Send a request and return its answer's PDU. Raises MeterError. There is no line to listen on."""
        del quiet_s, listen_s
        self._number = (self._number + 1) % 0x10000
        wait_s = self._units.get(request.unit, self._answer_within_s)
        try:
            async with asyncio.timeout(wait_s):
                answer = await self._answer(request)
        except TimeoutError as error:
            self._count_silence()
            why = f"unit {request.unit} at {self._where} gave no reply in {wait_s * 1000:.0f} ms"
            raise MeterSilentError(why) from error
        except OSError as error:
            self._drop()
            raise MeterGatewayError(f"{self._where} has broken the connection off") from error
        except NoModbusError as error:
            self._drop()
            raise MeterJunkError(f"{self._where}: {error}") from error
        return _fitting(request, answer)

    def overheard(self) -> set[int]:
        """Return nothing: whoever answers twice here repeats the number."""
        return set()

    async def close(self) -> None:
        """Close the connection."""
        self._drop()

    async def _answer(self, request: Request) -> Answer:
        """Return the answer that bears this request's number."""
        connection = self._connection
        if connection is None:
            raise ConnectionResetError
        self._silences += 1
        connection.writer.write(frame_of(self._number, request))
        while True:
            answer, self._heard = take_answer(self._heard)
            if answer is None:
                if not (data := await connection.reader.read(_MOST_BYTES)):
                    raise ConnectionResetError
                self._heard += data
                self._silences = 0
            elif answer.number == self._number:
                return answer

    def _count_silence(self) -> None:
        if self._silences >= _SILENCES:
            self._drop()  # it may be half open: the other end was restarted, or a cable is out

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.writer.transport.abort()
            self._connection = None

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"


def _fitting(request: Request, answer: Answer) -> bytes:
    if answer.unit != request.unit:
        raise MeterJunkError(f"unit {answer.unit} answered instead of unit {request.unit}")
    if not request.fits(answer.pdu):
        raise MeterJunkError(f"a reply of {len(answer.pdu)} bytes to a request for {request.answer_length}")
    if (refusal := refused(request, answer.pdu)) is not None:
        raise refusal
    return answer.pdu


def _why(error: OSError | TimeoutError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection: no Modbus TCP at this port"
    if isinstance(error, socket.gaierror):
        return "is no name or address that can be found"
    if isinstance(error, TimeoutError):
        return f"does not answer in {CONNECT_S:g} s"
    return f"cannot be reached ({error.strerror or error})"
