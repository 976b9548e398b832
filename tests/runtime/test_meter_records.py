"""Orders for a signing meter: one after the other, each with its outcome as an event."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from firmware.core.events import Event, MeterRecordOpened, MeterSeal, MeterSealed, MeterSealFailed
from firmware.core.units import Stamp
from firmware.runtime.meter_records import MeterRecords

AT = Stamp(1_000, 1_780_279_200_000, "synchronised", 480)
SEAL = MeterSeal("OCMF|{}|{}", "3059")


class FakeError(Exception):
    """What the driver raises."""


class FakeMeter:
    """A signing meter; ``holds`` is waited for before each answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.refuses = False
        self.holds: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)

    async def begin(self, transaction_id: str, at: Stamp) -> tuple[MeterSeal | None, tuple[MeterSeal, ...]]:
        await self._answer("begin", transaction_id)
        return None, (SEAL,)

    async def end(self, transaction_id: str, at: Stamp) -> MeterSeal:
        await self._answer("end", transaction_id)
        return SEAL

    async def _answer(self, what: str, transaction_id: str) -> None:
        self.asked.append((what, transaction_id))
        await self.holds()
        if self.refuses:
            raise FakeError("signature error")


def play(meter: FakeMeter, order: Callable[[MeterRecords], None], events: int) -> list[Event]:
    """Give orders and return the events that come of them."""

    async def run() -> list[Event]:
        posted: asyncio.Queue[Event] = asyncio.Queue()
        records = MeterRecords(1, meter, error=FakeError, post=posted.put_nowait, stamp=lambda: AT)
        running = asyncio.ensure_future(records.run())
        order(records)
        found = [await asyncio.wait_for(posted.get(), 5) for _ in range(events)]
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return found

    return asyncio.run(run())


def begin_and_end(records: MeterRecords) -> None:
    records.begin("tx-1")
    records.end("tx-1")


def test_what_the_meter_signed_comes_as_it_is() -> None:
    assert play(FakeMeter(), begin_and_end, 2) == [
        MeterRecordOpened(AT, 1, "tx-1", None, (SEAL,)),
        MeterSealed(AT, 1, "tx-1", SEAL),
    ]


def test_an_end_waits_for_the_begin_before_it() -> None:
    meter = FakeMeter()
    seen: list[int] = []

    async def hold() -> None:
        await asyncio.sleep(0)
        seen.append(len(meter.asked))

    meter.holds = hold
    play(meter, begin_and_end, 2)
    assert meter.asked == [("begin", "tx-1"), ("end", "tx-1")]
    assert seen == [1, 2]


def test_a_refusal_is_an_event_and_the_next_order_is_carried_out() -> None:
    meter = FakeMeter()
    meter.refuses = True
    assert play(meter, begin_and_end, 2) == [
        MeterSealFailed(AT, 1, "tx-1", False, "signature error"),
        MeterSealFailed(AT, 1, "tx-1", True, "signature error"),
    ]
