"""The one owner of a DL/T 645-2007 line: one request at a time, and no answer taken for another's.

A reply names its meter and its data, so what is left to mistake is an older answer to the same question.
After any failure, and when the port has just been opened, the bus therefore waits until the line is quiet and
asks for data for which no request is open. A meter answers in order: that answer comes after all older ones.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from config.schema import DataItem, Rs485
from drivers.meter import dlt645_frames as frames
from drivers.meter.dlt645_port import Port
from drivers.meter.errors import (
    MeterError,
    MeterJunkError,
    MeterPortError,
    MeterRefusedError,
    MeterSilentError,
)

T = TypeVar("T")

LATENCY_S = 0.55
"""How long a meter may think before it answers: 500 ms by the standard, and a margin."""

REOPEN_S = (0.1, 2.0)
"""The shortest and the longest wait between attempts to open a port that is gone."""

_LONGEST_DATA = 16  # DI and four values of three bytes: what a map of ours asks for
_ADDRESS_DATA = 6
_QUIET_S = 0.05
_DRAIN_S = 2.0
_MOST_HEARD = 1024


@dataclass
class _Meter:
    """One meter: whether it is in step, and the data of its open requests, oldest first."""

    in_step: bool = False
    open_ids: list[int] = field(default_factory=list)


class Dlt645Bus:
    """A serial line with DL/T 645 meters. A caller that is cancelled does not break off its read.

    ``rs485``: the kernel's RS-485 mode, for a transceiver that does not turn round by itself.
    """

    def __init__(
        self,
        device: str,
        baudrate: int = 2400,
        parity: Literal["N", "E", "O"] = "E",
        stopbits: Literal[1, 2] = 1,
        latency_s: float = LATENCY_S,
        rs485: Rs485 | None = None,
    ) -> None:
        self._device, self._rs485 = device, rs485
        self._baudrate, self._parity, self._stopbits = baudrate, parity, stopbits
        self._char_s = (9 + stopbits + (parity != "N")) / baudrate
        chars = 2 * frames.OVERHEAD_CHARS + 4 + _LONGEST_DATA
        self.timeout_s = latency_s + chars * self._char_s
        self._port: Port | None = None
        self._meters: dict[str, _Meter] = {}
        self._turn = asyncio.Lock()
        self._reading: set[asyncio.Task[dict[int, bytes]] | asyncio.Task[str]] = set()
        self._arrived = asyncio.Event()
        self._heard = b""
        self._heard_s = 0.0
        self._troubled = False
        self._reopen_wait_s = 0.0
        self._reopen_at_s = 0.0

    async def read(
        self, address: str, items: tuple[DataItem, ...], probes: tuple[DataItem, ...]
    ) -> dict[int, bytes]:
        """Return what a meter sends for some data items, by identifier. Its requests leave after this call.

        ``probes`` are data items that the meter has, to ask for after a failure.
        Raises a MeterError that says who must act: silent, junk, refused or port.
        """
        return await self._unbroken(asyncio.create_task(self._read(address, items, probes)))

    async def only_address(self) -> str:
        """Return the address of the only meter on the line; it takes the time in which others would answer.

        Raises MeterJunkError when there are several, and MeterError as `read` does.
        """
        return await self._unbroken(asyncio.create_task(self._only_address()))

    async def close(self) -> None:
        """Wait for the read under way and close the port."""
        async with self._turn:
            self._drop_port()

    async def _unbroken(self, reading: "asyncio.Task[T]") -> T:
        """Cancelling the caller must not leave an answer without a taker: the read has its own task."""
        self._reading.add(reading)  # type: ignore[arg-type]
        reading.add_done_callback(self._finished)  # type: ignore[arg-type]
        return await asyncio.shield(reading)

    def _finished(self, reading: "asyncio.Task[str]") -> None:
        self._reading.discard(reading)
        if not reading.cancelled():
            reading.exception()  # a cancelled caller does not fetch it

    async def _read(
        self, address: str, items: tuple[DataItem, ...], probes: tuple[DataItem, ...]
    ) -> dict[int, bytes]:
        async with self._turn:
            known = self._meters.setdefault(address, _Meter())
            await self._open()
            if not known.in_step:
                await self._exchange(address, known, _probe(known, probes))
            return {item.id: await self._exchange(address, known, item.id) for item in items}

    async def _only_address(self) -> str:
        async with self._turn:
            await self._open()
            await self._wait_until_quiet()
            self._troubled = True
            self._send(frames.address_request())
            await self._hear(lambda: None)  # the whole time: a second meter may answer late
            told = frames.addresses_told(self._heard)
            if len(told) == 1:
                self._troubled = False
                return told.pop()
            if told:
                raise MeterJunkError(f"meters {', '.join(sorted(told))} answer: write the address of each")
            if not self._heard:
                raise MeterSilentError(f"no meter told its address in {self.timeout_s * 1000:.0f} ms")
            raise MeterJunkError(
                f"{len(self._heard)} bytes, no meter's address among them: noise, or several meters at once"
            )

    async def _exchange(self, address: str, known: _Meter, data_id: int) -> bytes:
        """Ask for one data item and return its values; the meter is in step only after its own answer."""
        known.in_step = False
        known.open_ids.append(data_id)
        await self._wait_until_quiet()
        self._troubled = True
        self._send(frames.read_request(address, data_id))
        try:
            values = await self._hear(lambda: frames.find_reply(self._heard, address, data_id))
        except frames.RefusedError as error:
            raise MeterRefusedError(f"meter {address} refused data {data_id:08X}: {error}") from error
        if values is None:
            raise self._failure(address, data_id)
        self._troubled = False
        known.in_step = True
        known.open_ids.clear()
        return values

    def _send(self, request: bytes) -> None:
        port, self._heard = self._open_port(), b""
        try:
            port.write(request)
        except MeterPortError:
            self._drop_port()
            raise

    async def _hear(self, found: Callable[[], T | None]) -> T | None:
        """Return what ``found`` makes of the bytes heard, None when the time for a reply is over."""
        deadline_s = _now_s() + self.timeout_s
        while True:
            if (result := found()) is not None:
                return result
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), deadline_s - _now_s())
            except TimeoutError:
                return found()
            self._open_port()  # its end wakes us, too

    def _failure(self, address: str, data_id: int) -> MeterError:
        if not self._heard:
            return MeterSilentError(f"meter {address} gave no reply in {self.timeout_s * 1000:.0f} ms")
        return MeterJunkError(frames.describe(self._heard, address, data_id))

    async def _wait_until_quiet(self) -> None:
        """After a failure let late bytes run out. Raises MeterJunkError when somebody goes on talking."""
        if not self._troubled:
            return
        deadline_s = _now_s() + _DRAIN_S
        while (left_s := self._heard_s + max(_QUIET_S, 4 * self._char_s) - _now_s()) > 0:
            if _now_s() > deadline_s:
                raise MeterJunkError("the line does not fall silent")
            await asyncio.sleep(left_s)

    async def _open(self) -> None:
        """Open the port if it is not open. Raises MeterPortError; attempts are spaced by `REOPEN_S`."""
        if self._port is not None:
            return
        for known in self._meters.values():
            known.in_step = False  # who had the port before may have left a request open
        await asyncio.sleep(max(0.0, self._reopen_at_s - _now_s()))
        try:
            self._port = Port(
                self._device,
                self._baudrate,
                self._parity,
                self._stopbits,
                self._rs485,
                heard=self._take,
                gone=self._lose,
            )
        except MeterPortError:
            shortest_s, longest_s = REOPEN_S
            self._reopen_wait_s = min(max(2 * self._reopen_wait_s, shortest_s), longest_s)
            self._reopen_at_s = _now_s() + self._reopen_wait_s
            raise
        self._reopen_wait_s = 0.0
        self._troubled = True

    def _take(self, data: bytes) -> None:
        self._heard = (self._heard + data)[-_MOST_HEARD:]
        self._heard_s = _now_s()
        self._arrived.set()

    def _lose(self) -> None:
        self._drop_port()
        self._arrived.set()

    def _open_port(self) -> Port:
        if self._port is None:
            raise MeterPortError(f"{self._device} has gone")
        return self._port

    def _drop_port(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None


def _probe(known: _Meter, probes: tuple[DataItem, ...]) -> int:
    """Return data for which no request is open; the oldest request is forgotten when all are asked for."""
    del known.open_ids[: 1 - len(probes)]
    return next(item.id for item in probes if item.id not in known.open_ids)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
