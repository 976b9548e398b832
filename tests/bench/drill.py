"""Causes to open, over and over, at a simulated board, and how long the command to open took each time.

It runs in the board's own process (`drill_board`), so that nothing is between a cause and what it causes but
the hal's socket and the station that is measured. Every wait is for what the board marks.
"""

import asyncio
import gc
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar, get_args

from sim.board.board import SimBoard
from sim.board.evse import Evse
from sim.board.marks import Marks
from sim.board.vehicle import Vehicle
from tests.bench.lease_holder import LeaseHolder

Cause = Literal["c", "estop", "rcd"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
_PATIENCE_S = 5.0  # longer than any time limit on the way to a closed contactor
_ANY_MOMENT_S = 0.010  # causes come at any moment of the station's own turns
_POLL_S = 0.002

Taken = TypeVar("Taken")


class StuckError(RuntimeError):
    """A contactor did not follow; the text says which, and what was true."""


class HeardMarks(Marks):
    """Marks that can be awaited."""

    def __init__(self) -> None:
        super().__init__()
        self._awaited: dict[str, asyncio.Future[None]] = {}

    def set(self, name: str) -> None:
        super().set(name)
        awaited = self._awaited.pop(name, None)
        if awaited is not None and not awaited.done():
            awaited.set_result(None)

    def next(self, name: str) -> asyncio.Future[None]:
        """Return what is done at the next mark of that name; ask before doing what leads to it."""
        return self._awaited.setdefault(name, asyncio.get_running_loop().create_future())


class Outlet:
    """One EVSE of the board, its marks heard."""

    def __init__(self, evse: Evse) -> None:
        self.evse = evse
        self.marks = HeardMarks()
        evse.marks = self.marks

    def change(self, do: Callable[[Vehicle], None]) -> None:
        """Let something happen to the vehicle."""
        self.evse.change(do)

    async def wait(self, mark: str, marked: asyncio.Future[None]) -> None:
        """Return when it is marked. Raises StuckError."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await marked
        except TimeoutError:
            what = f"EVSE {self.evse.number}: no {mark} within {_PATIENCE_S:.0f} s"
            raise StuckError(f"{what}: {self.evse.state()}") from None

    async def closed_by(self, do: Callable[[], None]) -> None:
        """Do what lets the station close, and return when it has. Raises StuckError."""
        closed = self.marks.next("contactor_closed")
        do()
        await self.wait("contactor_closed", closed)


class Opening:
    """One opening that is to come; made before its cause."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._commanded = outlet.marks.next("commanded_open")
        self._opened = outlet.marks.next("contactor_opened")

    async def took_ms(self, since: str) -> float:
        """Return the time from the cause's mark to the coil's command, once the contacts are open.

        Raises StuckError.
        """
        await self._outlet.wait("commanded_open", self._commanded)
        since_ns, open_ns = (self._outlet.marks.ns[name] for name in (since, "commanded_open"))
        await self._outlet.wait("contactor_opened", self._opened)
        if since_ns is None or open_ns is None or open_ns < since_ns:
            raise StuckError(f"EVSE {self._outlet.evse.number}: opened without {since}")
        return (open_ns - since_ns) / 1e6


class Drill:
    """Runs series at every EVSE of a board at once. ``agent`` holds the leases, None: none are needed."""

    def __init__(self, board: SimBoard, chance: random.Random, agent: LeaseHolder | None) -> None:
        self._board = board
        self._chance = chance
        self._agent = agent
        self._outlets = [Outlet(evse) for evse in board.evses.values()]

    async def series(self, cause: Cause, samples: int) -> list[float]:
        """Return ``samples`` or more times in ms; no vehicle is there before and after. Raises StuckError."""
        rounds = -(-samples // len(self._outlets))
        await self._each(lambda outlet: outlet.closed_by(lambda: outlet.change(_come)))
        gc.collect()  # not while anything is timed: drill_board has it disabled
        taken = await self._rounds(cause, rounds)
        await self._each(self._empty)
        return [sample for some in taken for sample in some]

    async def _rounds(self, cause: Cause, rounds: int) -> list[list[float]]:
        if cause == "estop":
            return [await self._stop_all() for _ in range(rounds)]
        once = self._leave_c if cause == "c" else self._leak

        async def repeat(outlet: Outlet) -> list[float]:
            return [await once(outlet, number) for number in range(rounds)]

        return await self._each(repeat)

    async def _leave_c(self, outlet: Outlet, number: int) -> float:
        """The plug is pulled, or every other time the vehicle opens S2; then it comes back."""
        leave, come_back = _LEAVING[number % len(_LEAVING)]
        await self._any_moment()
        opening = Opening(outlet)
        outlet.change(leave)
        took_ms = await opening.took_ms("left_c")
        await outlet.closed_by(lambda: outlet.change(come_back))
        return took_ms

    async def _leak(self, outlet: Outlet, _number: int) -> float:
        """Residual current trips the device at once; then the leak is mended and the fault cleared."""
        await self._any_moment()
        opening = Opening(outlet)
        outlet.evse.defects.add("leak")
        took_ms = await opening.took_ms("leaked")
        outlet.evse.defects.remove("leak")
        while outlet.evse.residual_device.tripped:  # noqa: ASYNC110 -- its release has no mark
            await asyncio.sleep(_POLL_S)
        await outlet.closed_by(lambda: self._restore([outlet]))
        return took_ms

    async def _stop_all(self) -> list[float]:
        """One button opens every EVSE: each is a sample, the last one's included."""
        await self._any_moment()
        openings = [Opening(outlet) for outlet in self._outlets]
        self._board.set_emergency_stop(True)
        took_ms = [await opening.took_ms("estop_pressed") for opening in openings]
        closing = [outlet.marks.next("contactor_closed") for outlet in self._outlets]
        self._board.set_emergency_stop(False)
        self._restore(self._outlets)
        for outlet, closed in zip(self._outlets, closing, strict=True):
            await outlet.wait("contactor_closed", closed)
        return took_ms

    async def _empty(self, outlet: Outlet) -> None:
        opening = Opening(outlet)
        outlet.change(Vehicle.unplug)
        await opening.took_ms("left_c")

    def _restore(self, outlets: Sequence[Outlet]) -> None:
        for outlet in outlets:
            if self._agent is not None:
                self._agent.restore(outlet.evse.number)

    async def _any_moment(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, _ANY_MOMENT_S))

    async def _each(self, do: Callable[[Outlet], Awaitable[Taken]]) -> list[Taken]:
        return await asyncio.gather(*(do(outlet) for outlet in self._outlets))


def _come(vehicle: Vehicle) -> None:
    vehicle.plug_in(ready=True)


_LEAVING: tuple[tuple[Callable[[Vehicle], None], Callable[[Vehicle], None]], ...] = (
    (Vehicle.unplug, _come),
    (lambda vehicle: vehicle.set_ready(False), lambda vehicle: vehicle.set_ready(True)),
)
