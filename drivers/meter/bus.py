"""The one owner of what meters are wired to: one request at a time, and no answer taken for another's.

On a serial line nothing but its length says to which of a unit's requests an answer belongs, and a gateway
may be mistaken on its own line. What is relied on is order: what was asked first is answered first. So

- after any failure, and when port or connection have just been opened, the bus asks a probe, a read whose
  length no open request has: its answer shows that all older ones have passed;
- no request has the length of the last answer while that may come a second time (`TWICE_S`);
- a probe is listened to for a second answer, which two meters of one number would give.

Only a unit that is in step is believed.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from drivers.meter.errors import MeterError
from drivers.meter.maps import Block
from drivers.meter.requests import Request, read_request, words_in, write_request

TWICE_S = 0.3
"""How long after an answer, on a line, it may come a second time; after that nothing is waited for."""

_LISTEN_S = 0.05

Result = TypeVar("Result")


class Wire(Protocol):
    """What requests go out on: `drivers.meter.serial_line.SerialLine` or `drivers.meter.gateway.Gateway`."""

    @property
    def numbers_answers(self) -> bool:
        """Does an answer name its request? Then one that comes twice is known."""

    async def open(self) -> bool:
        """Open it if it is not open; return whether it has just been opened. Raises MeterError."""

    async def ask(self, request: Request, *, quiet_s: float = 0.0, listen_s: float = 0.0) -> bytes:
        """Send a request and return its answer's PDU. Raises MeterError, also for an exception reply.

        Nothing was heard for ``quiet_s`` before; a second answer within ``listen_s`` is an error.
        """

    def overheard(self) -> set[int]:
        """Return, once, the units whose answers came although nobody asked."""

    async def close(self) -> None:
        """Let go of it."""


class Reads(Protocol):
    """How some of a meter's registers are read: with which function, and what may be asked to fall in step.

    ``probes`` are blocks that the meter answers at any time, in as many different lengths as there are.
    """

    @property
    def function(self) -> int: ...
    @property
    def probes(self) -> tuple[Block, ...]: ...


Shape = tuple[int, int]
"""What tells a unit's answers apart: the function and how many registers."""


@dataclass
class _Unit:
    """One unit: whether it is in step, the shapes of its open requests, oldest first, and its last answer."""

    in_step: bool = False
    suspected: bool = False
    open: list[Shape] = field(default_factory=list)
    last: Shape | None = None
    answered_s: float = 0.0
    reads: Reads | None = None


class MeterBus:
    """Meters on one wire. Reads queue up; a caller that is cancelled does not break off its read."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._units: dict[int, _Unit] = {}
        self._turn = asyncio.Lock()
        self._working: set[asyncio.Task[Any]] = set()

    async def read(self, unit: int, plan: Reads, blocks: tuple[Block, ...]) -> dict[int, int]:
        """Return what the registers of some blocks hold, by address. Its requests leave after this call.

        They are asked one after the other and nobody comes between; all of them are answered, or none counts.
        Raises a MeterError that says who must act: silent, junk, refused, unwell, port or gateway.
        """
        return await self._unbroken(self._read(unit, plan, blocks))

    async def write(self, unit: int, at: int, words: tuple[int, ...], *, function: Literal[6, 16]) -> None:
        """Write holding registers: one (function 06) or up to 123 that follow each other (function 16).

        Its answer echoes the address and the count or value (Modbus Application Protocol V1.1b3, 6.6 and
        6.12), so that no reading can be taken for it. Raises a MeterError as `read` does; then nobody knows
        whether the meter has taken it.
        """
        await self._unbroken(self._write(unit, write_request(unit, at, words, function)))

    async def close(self) -> None:
        """Wait for the read under way and let go of the wire."""
        async with self._turn:
            await self._wire.close()

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
            known = await self._ready(unit)
            known.reads = plan
            if not known.in_step:
                await self._fall_in_step(unit, known, plan)
            registers: dict[int, int] = {}
            for block in blocks:
                quiet_s = await self._set_apart(unit, known, plan, block)
                words = await self._exchange(unit, known, plan.function, block, quiet_s=quiet_s)
                registers |= zip(range(block.at, block.end), words, strict=True)
            return registers

    async def _write(self, unit: int, request: Request) -> None:
        async with self._turn:
            known = await self._ready(unit)
            if not known.in_step and known.reads is not None:
                await self._fall_in_step(unit, known, known.reads)
            try:
                await self._wire.ask(request)
            except MeterError:
                known.in_step = False
                raise

    async def _ready(self, unit: int) -> _Unit:
        """Open the wire. Who had it before may have left requests open, and somebody may say things twice."""
        if await self._wire.open():
            for known in self._units.values():
                known.in_step = False
        for doubled in self._wire.overheard() & self._units.keys():
            self._units[doubled].in_step, self._units[doubled].suspected = False, True
        return self._units.setdefault(unit, _Unit())

    async def _fall_in_step(self, unit: int, known: _Unit, plan: Reads) -> None:
        """Ask a probe: its answer, known by its length, comes after all older ones, and only once."""
        quiet_s = 0.0
        taken = [*self._may_come_twice(known), *known.open]
        while not (free := _free(plan, taken)):
            taken.pop(0)  # every length has been asked for: the oldest is lost, or comes in this silence
            quiet_s = TWICE_S
        known.open = [shape for shape in known.open if shape in taken]
        listen_s = TWICE_S if known.suspected else _LISTEN_S
        await self._exchange(unit, known, plan.function, free[0], quiet_s=quiet_s, listen_s=listen_s)
        known.suspected = False

    async def _set_apart(self, unit: int, known: _Unit, plan: Reads, block: Block) -> float:
        """Ask a probe before a block of the length of the one before, whose answer may come a second time.

        A meter with a single length to ask for needs a silence instead: return how long, in seconds.
        """
        shape = (plan.function, block.count)
        if shape not in self._may_come_twice(known):
            return 0.0
        if not (other := _free(plan, [shape])):
            return TWICE_S
        await self._exchange(unit, known, plan.function, other[0])
        return 0.0

    def _may_come_twice(self, known: _Unit) -> list[Shape]:
        """Return the last answer's shape while it may come again; all older ones have passed before it."""
        if self._wire.numbers_answers or known.last is None or _now_s() - known.answered_s > TWICE_S:
            return []
        return [known.last]

    async def _exchange(
        self,
        unit: int,
        known: _Unit,
        function: int,
        block: Block,
        *,
        quiet_s: float = 0.0,
        listen_s: float = 0.0,
    ) -> tuple[int, ...]:
        """Send one request and return its registers; the unit is in step only after its own answer."""
        known.in_step = False
        known.open.append((function, block.count))
        answer = await self._wire.ask(read_request(unit, function, block), quiet_s=quiet_s, listen_s=listen_s)
        known.in_step, known.last, known.answered_s = True, (function, block.count), _now_s()
        known.open.clear()
        return words_in(answer)


def _free(plan: Reads, taken: list[Shape]) -> tuple[Block, ...]:
    return tuple(probe for probe in plan.probes if (plan.function, probe.count) not in taken)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
