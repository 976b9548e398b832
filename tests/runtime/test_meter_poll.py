"""When a meter counts as silent: not by one failure, not before its time."""

import asyncio
from dataclasses import dataclass, field

from firmware.core.events import Event, MeterSampled, MeterSilent
from firmware.core.units import Stamp
from firmware.runtime.meter_poll import MeterPoll
from hal.clock import SystemClock

SILENT_MS = 5_000


class NoReplyError(Exception):
    """What this meter's driver raises."""


@dataclass
class Reading:
    import_dwh: int = 1_000
    resolution_dwh: int = 1
    power_w: int | None = None
    voltage_mv: tuple[int, ...] | None = None
    current_ma: tuple[int, ...] | None = None


class HandClock(SystemClock):
    """A clock that only the meter moves, and no pause is long on it."""

    def __init__(self) -> None:
        self.ms = 0

    def monotonic_ms(self) -> int:
        return self.ms

    def seconds_until(self, mono_ms: int) -> float:
        self.ms = max(self.ms, mono_ms)
        return 0.0


@dataclass
class ScriptedMeter:
    """Each word of the script is a request: how many milliseconds it takes, and whether a reading comes."""

    script: list[tuple[int, bool]]
    clock: HandClock
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def sample(self, full: bool) -> Reading:
        if not self.script:
            self.over.set()
            await asyncio.Event().wait()
        takes_ms, answers = self.script.pop(0)
        self.clock.ms += takes_ms
        if not answers:
            raise NoReplyError("no reply")
        return Reading()


def events_of(script: list[tuple[int, bool]]) -> list[str]:
    """Return what the poll posts while the meter does as the script says, one letter an event."""
    posted: list[Event] = []

    async def run() -> None:
        clock = HandClock()
        meter = ScriptedMeter(script, clock)
        poll = MeterPoll(
            1,
            meter,
            error=NoReplyError,
            clock=clock,
            silent_ms=SILENT_MS,
            post=posted.append,
            stamp=lambda: Stamp(clock.ms, 0, "S"),
        )
        polling = asyncio.create_task(poll.run())
        await asyncio.wait_for(meter.over.wait(), 10)
        polling.cancel()

    asyncio.run(run())
    return [type(event).__name__ for event in posted if isinstance(event, MeterSampled | MeterSilent)]


def test_a_meter_that_does_not_answer_for_its_time_is_silent_once() -> None:
    assert events_of([(200, True)] + [(500, False)] * 20) == ["MeterSampled", "MeterSilent"]


def test_a_meter_that_misses_some_is_not_silent() -> None:
    assert events_of([(200, True), (500, False), (500, False), (200, True)]) == ["MeterSampled"] * 2


def test_a_process_that_was_stopped_in_mid_request_does_not_call_its_meter_silent() -> None:
    """The request that was under way is overdue when it goes on; the next one is answered."""
    assert events_of([(200, True), (20_000, False), (200, True)]) == ["MeterSampled"] * 2


def test_a_silent_meter_that_comes_back_can_fall_silent_again() -> None:
    script = [(500, False)] * 8 + [(200, True)] + [(500, False)] * 8
    assert events_of(script) == ["MeterSilent", "MeterSampled", "MeterSilent"]
