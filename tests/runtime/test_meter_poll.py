"""When a meter counts as silent: not by one failure, not before its time. When it is asked who it is."""

import asyncio
from dataclasses import dataclass, field

import pytest

from firmware.core.events import Event, MeterIdentified, MeterSampled
from firmware.core.units import Stamp
from firmware.runtime.meter_poll import MeterPoll
from hal.clock import SystemClock

SILENT_MS = 5_000


class NoReplyError(Exception):
    """What this meter's driver raises."""


class RefusedError(NoReplyError):
    """What it raises when the meter answers that it has no such register."""


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
    tells: list[str | type[NoReplyError]]
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

    async def identify(self) -> str:
        if self.script and not self.script[0][1]:
            await self.sample(full=True)
        told = self.tells.pop(0) if self.tells else ""
        if isinstance(told, str):
            return told
        raise told("no number")


def events_of(script: list[tuple[int, bool]]) -> list[str]:
    """Return what the poll posts while the meter does as the script says."""
    return [type(event).__name__ for event in posted_by(script, [])]


def posted_by(script: list[tuple[int, bool]], tells: list[str | type[NoReplyError]]) -> list[Event]:
    """As `events_of`; ``tells`` is what the meter says, or raises, each time it is asked who it is."""
    posted: list[Event] = []

    async def run() -> None:
        clock = HandClock()
        meter = ScriptedMeter(script, clock, tells)
        poll = MeterPoll(
            1,
            meter,
            error=NoReplyError,
            refused=(RefusedError,),
            clock=clock,
            silent_ms=SILENT_MS,
            post=posted.append,
            stamp=lambda: Stamp(clock.ms, 0, "S"),
        )
        polling = asyncio.create_task(poll.run())
        await asyncio.wait_for(meter.over.wait(), 10)
        polling.cancel()

    asyncio.run(run())
    return posted


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


def names(events: list[Event]) -> list[str]:
    return [event.serial if isinstance(event, MeterIdentified) else type(event).__name__ for event in events]


def test_a_meter_is_asked_who_it_is_before_its_first_reading_and_after_each_silence() -> None:
    script = [(200, True)] * 2 + [(500, False)] * 8 + [(200, True)] * 2
    posted = posted_by(script, ["A", "B"])
    assert names(posted) == ["A", *["MeterSampled"] * 2, "MeterSilent", "B", *["MeterSampled"] * 2]


def test_one_failed_request_is_no_time_to_exchange_a_meter() -> None:
    assert names(posted_by([(200, True), (500, False), (200, True)], ["A", "B"])) == [
        "A", "MeterSampled", "MeterSampled",
    ]  # fmt: skip


def test_no_reading_passes_before_the_meter_has_said_who_it_is() -> None:
    posted = posted_by([(200, True)], [NoReplyError, NoReplyError, "A"])
    assert names(posted) == ["A", "MeterSampled"]


def test_a_meter_that_never_says_who_it_is_is_a_silent_one() -> None:
    tells: list[str | type[NoReplyError]] = [NoReplyError] * 8
    assert names(posted_by([(200, True)], [*tells, "A"])) == ["MeterSilent", "A", "MeterSampled"]


def test_a_meter_that_knows_no_number_is_read_all_the_same() -> None:
    assert names(posted_by([(200, True)] * 2, [RefusedError])) == ["MeterSampled"] * 2


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_a_reading_says_how_many_requests_before_it_failed(failures: int) -> None:
    posted = posted_by([(200, True)] + [(10, False)] * failures + [(200, True)] * 2, [])
    assert [event.missed for event in posted if isinstance(event, MeterSampled)] == [0, failures, 0]
