"""The one owner of a serial Modbus bus: one request at a time, and no answer taken for another's.

A late reply is the hazard: on a serial line nothing but its length says to which request a reply belongs.
So after any failure, and when the port has just been opened, the bus waits until the line is quiet and asks
a probe, a read whose length no open request has. Its answer shows that meter and bus are in step; only then
a reading is believed.
"""

import asyncio
import logging
import struct
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from pymodbus.client import AsyncModbusSerialClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import ModbusPDU

from config.schema import Rs485
from drivers.meter.errors import (
    MeterError,
    MeterJunkError,
    MeterPortError,
    MeterRefusedError,
    MeterSilentError,
)
from drivers.meter.frames import Expected, describe, find_reply
from drivers.meter.maps import SILENCE_CHARS, Block
from drivers.meter.rs485 import switch_on

LATENCY_S = 0.3
"""How long a meter may think before it answers, beyond the wire's own time."""

REOPEN_S = (0.1, 2.0)
"""The shortest and the longest wait between attempts to open a port that is gone."""

MAX_REGISTERS = 125
"""Modbus Application Protocol V1.1b3, 6.3 and 6.4: 1 to 125 registers a request."""

_QUIET_S = 0.05  # above the 16 ms in which USB adapters deliver, and 3.5 characters at 1200 baud
_DRAIN_S = 2.0
_WRITE_ONE = 6

Result = TypeVar("Result")

logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)  # every failure is raised here, typed


class Reads(Protocol):
    """How some of a meter's registers are read: with which function, and what may be asked to fall in step.

    ``probes`` are blocks of different lengths, two at least, that the meter answers at any time.
    """

    @property
    def function(self) -> int: ...
    @property
    def probes(self) -> tuple[Block, ...]: ...


@dataclass
class _Unit:
    """One unit: whether it is in step, and the lengths of its open requests, oldest first."""

    in_step: bool = False
    open_counts: list[int] = field(default_factory=list)


class MeterBus:
    """A serial line with meters. Reads queue up; a caller that is cancelled does not break off its read.

    ``rs485``: the kernel's RS-485 mode, for a transceiver that does not turn round by itself.
    """

    def __init__(
        self,
        device: str,
        baudrate: int = 9600,
        parity: Literal["N", "E", "O"] = "N",
        stopbits: Literal[1, 2] = 1,
        latency_s: float = LATENCY_S,
        rs485: Rs485 | None = None,
    ) -> None:
        self._device = device
        self._rs485 = rs485
        self._baudrate, self._parity, self._stopbits = baudrate, parity, stopbits
        char_bits = 9 + stopbits + (parity != "N")
        self.timeout_s = latency_s + Block(0, MAX_REGISTERS).wire_s(baudrate, char_bits)
        self._gap_s = SILENCE_CHARS * char_bits / baudrate
        self._client: AsyncModbusSerialClient | None = None
        self._units: dict[int, _Unit] = {}
        self._turn = asyncio.Lock()
        self._working: set[asyncio.Task[Any]] = set()
        self._expected: Expected | None = None
        self._heard = b""
        self._heard_s = 0.0
        self._troubled = False
        self._reopen_wait_s = 0.0
        self._reopen_at_s = 0.0

    async def read(self, unit: int, plan: Reads, blocks: tuple[Block, ...]) -> dict[int, int]:
        """Return what the registers of some blocks hold, by address. Its requests leave after this call.

        Raises a MeterError that says who must act: silent, junk, refused or port.
        """
        return await self._unbroken(self._read(unit, plan, blocks))

    async def write(self, unit: int, at: int, words: tuple[int, ...], *, function: Literal[6, 16]) -> None:
        """Write holding registers: one (function 06) or up to 123 that follow each other (function 16).

        Its answer echoes the address and the count or value (Modbus Application Protocol V1.1b3, 6.6 and
        6.12), so that no reading can be taken for it. Raises a MeterError as `read` does; then nobody knows
        whether the meter has taken it.
        """
        await self._unbroken(self._write(unit, at, words, function))

    async def close(self) -> None:
        """Wait for the read under way and close the port."""
        async with self._turn:
            self._drop_client()

    async def _unbroken(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Work in a task of its own: cancelling the caller must not leave an answer without a taker."""
        working = asyncio.create_task(work)
        self._working.add(working)
        working.add_done_callback(self._finished)
        return await asyncio.shield(working)

    def _finished(self, working: asyncio.Task[Any]) -> None:
        self._working.discard(working)
        if not working.cancelled():
            working.exception()  # a cancelled caller does not fetch it

    async def _read(self, unit: int, plan: Reads, blocks: tuple[Block, ...]) -> dict[int, int]:
        async with self._turn:
            known = self._units.setdefault(unit, _Unit())
            await self._open()
            if not known.in_step:
                await self._fall_in_step(unit, known, plan)
            registers: dict[int, int] = {}
            for block in blocks:
                words = await self._exchange(unit, known, plan.function, block)
                registers |= zip(range(block.at, block.end), words, strict=True)
            return registers

    async def _write(self, unit: int, at: int, words: tuple[int, ...], function: int) -> None:
        async with self._turn:
            await self._open()
            assert self._client is not None
            second = words[0] if function == _WRITE_ONE else len(words)
            expected = Expected(unit, function, len(words), echo=struct.pack(">HH", at, second))
            await self._wait_until_quiet()
            self._troubled = True
            try:
                await self._ask(expected, self._writing(expected, at, words))
            except MeterError:
                self._units.setdefault(unit, _Unit()).in_step = False
                raise
            self._troubled = False

    def _writing(self, expected: Expected, at: int, words: tuple[int, ...]) -> Awaitable[ModbusPDU]:
        assert self._client is not None
        if expected.function == _WRITE_ONE:
            return self._client.write_register(at, words[0], device_id=expected.unit)
        return self._client.write_registers(at, list(words), device_id=expected.unit)

    async def _fall_in_step(self, unit: int, known: _Unit, plan: Reads) -> None:
        """Ask a probe: its answer, known by its length, comes after all older ones."""
        oldest = len(known.open_counts) - len(plan.probes) + 1
        del known.open_counts[: max(0, oldest)]  # the oldest is forgotten when all are open
        probe = next(probe for probe in plan.probes if probe.count not in known.open_counts)
        await self._exchange(unit, known, plan.function, probe)

    async def _exchange(self, unit: int, known: _Unit, function: int, block: Block) -> list[int]:
        """Send one request and return its registers; the unit is in step only after its own answer."""
        known.in_step = False
        known.open_counts.append(block.count)
        await self._wait_until_quiet()
        self._troubled = True
        expected = Expected(unit, function, block.count)
        registers = _registers(await self._ask(expected, self._reading(expected, block)), expected)
        self._troubled = False
        known.in_step = True
        known.open_counts.clear()
        return registers

    def _reading(self, expected: Expected, block: Block) -> Awaitable[ModbusPDU]:
        assert self._client is not None
        read = self._client.read_input_registers
        if expected.function == 3:
            read = self._client.read_holding_registers
        return read(block.at, count=block.count, device_id=expected.unit)

    async def _ask(self, expected: Expected, request: Awaitable[ModbusPDU]) -> ModbusPDU:
        """Send a request and return the wanted answer. Raises MeterRefusedError for an exception reply."""
        self._expected, self._heard = expected, b""
        try:
            reply = await request
        except ModbusException as error:
            raise self._failure(expected) from error
        finally:
            self._expected = None
        if reply.isError():
            raise MeterRefusedError(
                f"unit {expected.unit} refused with Modbus exception {reply.exception_code}"
            )
        return reply

    def _failure(self, expected: Expected) -> MeterError:
        if self._client is None or not self._client.connected:
            return MeterPortError(f"{self._device} has gone")
        if not self._heard:
            return MeterSilentError(f"unit {expected.unit} gave no reply in {self.timeout_s * 1000:.0f} ms")
        return MeterJunkError(describe(self._heard, expected, FramerRTU.check_CRC))

    def _trace_packet(self, sending: bool, data: bytes) -> bytes:
        """Hand pymodbus only the wanted reply; it would give up at the first junk byte."""
        if sending:
            return data
        self._heard, self._heard_s = data, _now_s()
        if self._expected is None:
            return b""
        return find_reply(data, self._expected, FramerRTU.check_CRC)

    async def _wait_until_quiet(self) -> None:
        """Keep the silence between frames; after a failure let late bytes run out.

        Raises MeterJunkError when somebody goes on talking.
        """
        silence_s = max(_QUIET_S, self._gap_s) if self._troubled else self._gap_s
        deadline_s = _now_s() + _DRAIN_S
        while (left_s := self._heard_s + silence_s - _now_s()) > 0:
            if _now_s() > deadline_s:
                raise MeterJunkError("the line does not fall silent")
            await asyncio.sleep(left_s)

    async def _open(self) -> None:
        """Open the port if it is not open. Raises MeterPortError; attempts are spaced by `REOPEN_S`."""
        if self._client is not None and self._client.connected:
            return
        self._drop_client()
        for known in self._units.values():
            known.in_step = False  # who had the port before may have left a request open
        await asyncio.sleep(max(0.0, self._reopen_at_s - _now_s()))
        self._client = self._new_client()
        if not await self._client.connect():
            raise self._closed(_why_closed(self._device))
        if self._rs485 is not None:
            self._let_kernel_switch(self._rs485)
        self._reopen_wait_s = 0.0

    def _let_kernel_switch(self, mode: Rs485) -> None:
        assert self._client is not None
        transport: Any = self._client.ctx.transport
        try:
            switch_on(transport.sync_serial.fileno(), mode)
        except OSError as error:
            self._drop_client()
            why = f"{self._device}: its kernel driver has no RS-485 mode ({error.strerror})"
            raise self._closed(f"{why}; leave out rs485 in the board file") from error

    def _closed(self, why: str) -> MeterPortError:
        """Return the error of a port that could not be opened; the next attempt waits longer."""
        shortest_s, longest_s = REOPEN_S
        self._reopen_wait_s = min(max(2 * self._reopen_wait_s, shortest_s), longest_s)
        self._reopen_at_s = _now_s() + self._reopen_wait_s
        return MeterPortError(why)

    def _new_client(self) -> AsyncModbusSerialClient:
        return AsyncModbusSerialClient(
            self._device,
            baudrate=self._baudrate,
            parity=self._parity,
            stopbits=self._stopbits,
            timeout=self.timeout_s,
            retries=0,  # a retry inside pymodbus would take the first request's late reply for its own
            reconnect_delay=0,  # reopening is done here, when somebody wants to read
            trace_packet=self._trace_packet,
        )

    def _drop_client(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _why_closed(device: str) -> str:
    return f"{device} {'is in use or may not be opened' if Path(device).exists() else 'is not there'}"


def _registers(reply: ModbusPDU, expected: Expected) -> list[int]:
    if len(reply.registers) != expected.count:
        raise MeterJunkError(f"{len(reply.registers)} registers instead of {expected.count}")
    return list(reply.registers)
