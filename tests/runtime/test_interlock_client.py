"""The agent's end of the lease against a scripted interlock on a real Unix socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from firmware.core.events import Event, InterlockLost, InterlockReported, MeterReading
from firmware.interlock.lease import (
    BACKEND,
    ENGINEER,
    UNKNOWN,
    UNKNOWN_MC,
    ClearFaults,
    Decoder,
    Grant,
    Measured,
    Message,
    Recall,
    SetLock,
    Status,
    encode,
    fault_bits,
    note_bits,
)
from firmware.runtime.interlock_client import InterlockClient
from tests.support.virtual import VirtualStation

AT = VirtualStation().stamp()
_LONGEST_S = 5


def status(heard_seq: int, evse: int = 1, **known: Any) -> Status:
    """A status as an idle interlock tells it, unless said otherwise."""
    plain: dict[str, Any] = {
        "seq": 1, "pilot": ord("A"), "contactor": 0, "lock": 1, "limit_ma": 0, "offered_ma": 0,
        "lease_left_ms": 0, "cable_ma": UNKNOWN, "temperature_mc": UNKNOWN_MC, "closings": 0,
        "opened_at_ms": 0, "closed_at_ms": 0, "faults": 0, "notes": 0,
    }  # fmt: skip
    return Status(evse=evse, heard_seq=heard_seq, **plain | known)


class Bench:
    """A client, and an interlock that says what the test lets it say."""

    def __init__(self, path: str) -> None:
        self.latched: dict[int, frozenset[str]] = {1: frozenset()}
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.client = InterlockClient(
            path, post=self.events.put_nowait, stamp=lambda: AT, latched=lambda: self.latched
        )
        self.writer: asyncio.StreamWriter | None = None
        self.hung_up = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer, decoder = writer, Decoder()
        while data := await reader.read(4096):
            for message in decoder.feed(data):
                self.heard.put_nowait(message)
        self.hung_up.set()

    async def next(self, kind: type[Any]) -> Any:
        """Return the next message of a kind that the interlock hears."""
        async with asyncio.timeout(_LONGEST_S):
            while not isinstance(message := await self.heard.get(), kind):
                continue
        return message

    def say(self, message: Message) -> None:
        assert self.writer is not None
        self.writer.write(encode(message))

    async def event(self) -> Event:
        async with asyncio.timeout(_LONGEST_S):
            return await self.events.get()

    def hang_up(self) -> None:
        assert self.writer is not None
        self.writer.close()


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "interlock.sock"))
        here = Bench(path)
        server = await asyncio.start_unix_server(here.serve, path)
        running = asyncio.create_task(here.client.run())
        try:
            yield here
        finally:
            running.cancel()
            server.close()
            await asyncio.gather(running, return_exceptions=True)


def scene(script: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @wraps(script)
    def run() -> None:
        asyncio.run(script())

    return run


@scene
async def test_the_first_word_recalls_what_had_latched() -> None:
    async with bench() as here:
        here.latched = {1: frozenset({"ContactorWelded"}), 2: frozenset()}
        here.client.set_lock(1, released=False)
        first, second, third = [await here.next(object) for _ in range(3)]

        assert isinstance(first, Recall)
        assert (first.evse, first.faults) == (1, fault_bits(frozenset({"ContactorWelded"})))
        assert (second.evse, second.faults) == (2, 0)
        assert isinstance(third, SetLock)


@scene
async def test_what_a_restarted_interlock_says_before_it_was_told_is_not_believed() -> None:
    """It has forgotten the weld; its first status would clear it."""
    async with bench() as here:
        here.latched = {1: frozenset({"ContactorWelded"})}
        recall = await here.next(Recall)
        here.say(status(heard_seq=0))
        here.say(status(heard_seq=recall.seq, faults=recall.faults))

        report = await here.event()
        assert isinstance(report, InterlockReported)
        assert report.faults == {"ContactorWelded"}
        assert here.events.empty()


@scene
async def test_after_a_lost_connection_everything_is_recalled_anew() -> None:
    async with bench() as here:
        first = await here.next(Recall)
        here.latched = {1: frozenset({"ResidualCurrent"})}
        here.hang_up()
        second = await here.next(Recall)
        here.say(status(heard_seq=first.seq))
        here.say(status(heard_seq=second.seq, pilot=ord("B")))

        assert second.faults == fault_bits(frozenset({"ResidualCurrent"}))
        assert isinstance(await here.event(), InterlockLost)
        report = await here.event()
        assert isinstance(report, InterlockReported)
        assert report.pilot == "B"


@scene
async def test_a_status_reaches_the_core_whole() -> None:
    async with bench() as here:
        recall = await here.next(Recall)
        here.say(
            status(
                recall.seq,
                pilot=ord("C"),
                contactor=1,
                limit_ma=32_000,
                offered_ma=13_000,
                cable_ma=20_000,
                temperature_mc=-5_500,
                closings=7,
                opened_at_ms=5,
                closed_at_ms=9,
                notes=note_bits(frozenset({"TemperatureDerating"})),
            )
        )
        assert await here.event() == InterlockReported(
            AT, 1, "C", True, "locked", 32_000, frozenset(), 5, 9, 13_000, 20_000, -5_500, 7,
            frozenset({"TemperatureDerating"}),
        )  # fmt: skip


@scene
async def test_what_is_not_known_is_none() -> None:
    async with bench() as here:
        recall = await here.next(Recall)
        here.say(status(recall.seq))
        report = await here.event()
        assert isinstance(report, InterlockReported)
        assert (report.cable_ma, report.temperature_mc) == (None, None)


@scene
async def test_what_the_meter_measures_is_told_phase_by_phase() -> None:
    async with bench() as here:
        await here.next(Recall)
        here.client.measured(1, MeterReading(AT, 1000, 0, (230_100, 230_200, 230_300), (16_000, 0, 15)))
        here.client.measured(1, MeterReading(AT, 1000, 0, (231_000,), (-16_000,)))
        three, one = await here.next(Measured), await here.next(Measured)

        assert (three.l1_mv, three.l2_mv, three.l3_mv) == (230_100, 230_200, 230_300)
        assert (three.l1_ma, three.l2_ma, three.l3_ma) == (16_000, 0, 15)
        assert (one.l1_mv, one.l2_mv, one.l1_ma, one.l3_ma) == (231_000, UNKNOWN, 16_000, UNKNOWN)


@scene
async def test_a_reading_of_the_register_alone_measures_nothing() -> None:
    async with bench() as here:
        await here.next(Recall)
        here.client.measured(1, MeterReading(AT, 1000))
        here.client.permit(1, 16_000)
        assert isinstance(await here.next(object), Grant)


@scene
async def test_the_interlock_hears_who_clears_faults() -> None:
    async with bench() as here:
        await here.next(Recall)
        here.client.clear_faults(1, "engineer")
        here.client.clear_faults(2, "backend")
        by_engineer, by_backend = await here.next(ClearFaults), await here.next(ClearFaults)
        assert (by_engineer.evse, by_engineer.by) == (1, ENGINEER)
        assert (by_backend.evse, by_backend.by) == (2, BACKEND)
        assert by_backend.seq > by_engineer.seq


@scene
async def test_an_agent_that_is_shut_down_with_its_interlock_takes_that_for_no_fault() -> None:
    """One signal ends both; the interlock may be gone first. The charge is taken up again after the start."""
    async with bench() as here:
        await here.next(Recall)
        here.hang_up()
        async with asyncio.timeout(_LONGEST_S):
            await here.hung_up.wait()
    assert here.events.empty()
