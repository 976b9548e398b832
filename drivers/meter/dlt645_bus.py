"""The one owner of a DL/T 645-2007 line: one request at a time, and no answer taken for another's.

An answer names its meter and its data, so what is left to mistake is an older answer to the same question, or
one that is said twice. What is relied on is order: what was asked first is answered first. So

- after any failure, and when the port has just been opened, the bus asks for data for which no request is
  open: that answer comes after all older ones;
- it does not ask for the same data twice in a row while the first answer may come a second time (`TWICE_S`);
- it listens for a second answer when a meter falls in step, which two meters of one address would give.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from config.schema import DataItem
from drivers.meter.dlt645_line import Dlt645Line
from drivers.meter.errors import MeterError

TWICE_S = 0.3
"""How long after an answer it may come a second time; after that nothing is waited for."""

_LISTEN_S = 0.05

Result = TypeVar("Result")
Items = tuple[DataItem, ...]


@dataclass
class _Meter:
    """One meter: whether it is in step, the data of its open requests, oldest first, and its last answer."""

    in_step: bool = False
    open_ids: list[int] = field(default_factory=list)
    last_id: int | None = None
    answered_s: float = 0.0


class Dlt645Bus:
    """DL/T 645 meters on one line. Reads queue up; a caller that is cancelled does not break off its read."""

    def __init__(self, line: Dlt645Line) -> None:
        self._line = line
        self._meters: dict[str, _Meter] = {}
        self._turn = asyncio.Lock()
        self._working: set[asyncio.Task[Any]] = set()

    async def read(self, address: str, items: Items, probes: Items) -> dict[int, bytes]:
        """Return what a meter sends for some data items, by identifier. Its requests leave after this call.

        ``probes`` are two or more data items that the meter has at any time, to ask for after a failure.
        Raises a MeterError that says who must act: silent, junk, refused or port.
        """
        return await self._unbroken(self._read(address, items, probes))

    async def only_address(self) -> str:
        """Return the address of the only meter on the line. Raises MeterError, so when there are several."""
        return await self._unbroken(self._only_address())

    async def close(self) -> None:
        """Wait for the read under way and close the port."""
        async with self._turn:
            await self._line.close()

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

    async def _read(self, address: str, items: Items, probes: Items) -> dict[int, bytes]:
        async with self._turn:
            await self._ready()
            known = self._meters.setdefault(address, _Meter())
            if not known.in_step:
                await self._exchange(address, known, _probe(known, probes, items[0]), listen_s=_LISTEN_S)
            sent: dict[int, bytes] = {}
            for item in items:
                if known.last_id == item.id and _now_s() - known.answered_s < TWICE_S:
                    other = next(probe.id for probe in probes if probe.id != item.id)
                    await self._exchange(address, known, other)
                sent[item.id] = await self._exchange(address, known, item.id)
            return sent

    async def _only_address(self) -> str:
        async with self._turn:
            await self._ready()
            return await self._line.only_address()

    async def _ready(self) -> None:
        """Open the line. Who had it before may have left requests open, and somebody may say things twice."""
        if await self._line.open():
            for known in self._meters.values():
                known.in_step = False
        for doubled in self._line.overheard() & self._meters.keys():
            self._meters[doubled].in_step = False

    async def _exchange(self, address: str, known: _Meter, data_id: int, *, listen_s: float = 0.0) -> bytes:
        """Ask for one data item and return its values; the meter is in step only after its own answer."""
        known.in_step = False
        known.open_ids.append(data_id)
        try:
            values = await self._line.ask(address, data_id, listen_s=listen_s)
        except MeterError:
            known.last_id = None
            raise
        known.in_step, known.last_id, known.answered_s = True, data_id, _now_s()
        known.open_ids.clear()
        return values


def _probe(known: _Meter, probes: Items, before: DataItem) -> int:
    """Return data for which no request is open, and if it can be not that which is asked for next.

    The oldest request is forgotten when all are asked for.
    """
    del known.open_ids[: 1 - len(probes)]
    free = [item.id for item in probes if item.id not in known.open_ids]
    return next((data_id for data_id in free if data_id != before.id), free[0])


def _now_s() -> float:
    return asyncio.get_running_loop().time()
