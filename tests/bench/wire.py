"""Readings over the wire's own time: the shipping driver on a simulated board's paced line, at three speeds.

Also how many readings a second eight meters on one line give, and how long a meter is dead before it is told.
"""

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import msgspec

from config.schema import MeterMap
from drivers.meter.bus import TWICE_S, MeterBus
from drivers.meter.errors import MeterError
from drivers.meter.maps import Sample
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings
from firmware.core.events import Event, MeterSampled, MeterSilent
from firmware.runtime.meter_poll import MeterPoll
from firmware.runtime.stamping import Stamper
from hal.clock import SystemClock
from sim.clients import BoardClient
from sim.processes import ROOT, Child
from tests.bench.benches import MeasurementError, Tell, fresh_dir, socket_dir
from tests.bench.table import Row, row

SAMPLES = 40
ROUNDS = 5
METERS = 8
DEATHS = 5
SILENT_S = 5
_PAUSE_S = (
    TWICE_S + 0.05
)  # at a poll's pace; sooner, a probe would be asked before a block of the same length
_NOTICE_BAR_S = SILENT_S + 1.5  # silent_meter_s, the second between two polls, and the time to answer


async def measure(tell: Tell) -> list[Row]:
    rows = []
    for baudrate in (9600, 19_200, 115_200):
        async with _line(baudrate) as (bus, _board):
            meters = [Meter(bus, unit, _sdm630()) for unit in range(1, METERS + 1)]
            tell(f"{baudrate} baud")
            rows.append(_ratio_row(meters[0], baudrate, await _times_s(meters[0])))
            if baudrate != 19_200:
                rows.append(_bus_row(meters[0], baudrate, await _round_times_s(meters)))
    return rows


async def measure_death(tell: Tell) -> list[Row]:
    async with _line(9600) as (bus, board):
        said: asyncio.Queue[Event] = asyncio.Queue()
        polling = asyncio.create_task(_poll(Meter(bus, 1, _sdm630()), said.put_nowait).run())
        noticed_s, back_s = [], []
        try:
            for count in range(DEATHS):
                await _next(said, MeterSampled)
                await asyncio.sleep(count / DEATHS)  # in another part of the second between two polls
                began_s = time.perf_counter()
                await board.do("silence_meter")
                await _next(said, MeterSilent)
                noticed_s.append(time.perf_counter() - began_s)
                tell(f"silent for {noticed_s[-1]:.2f} s when it was told")
                began_s = time.perf_counter()
                await board.do("revive_meter")
                await _next(said, MeterSampled)
                back_s.append(time.perf_counter() - began_s)
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
    what = f"meter falls silent → MeterSilent, at 1×, silent_meter_s = {SILENT_S}, 9600 baud"
    return [
        row("dead_meter_s", what, "s", noticed_s, hold=100, bar=_NOTICE_BAR_S),
        row("meter_back_s", "meter answers again → MeterSampled, at 1×", "s", back_s, hold=100, bar=2.0),
    ]


@asynccontextmanager
async def _line(baudrate: int) -> AsyncIterator[tuple[MeterBus, BoardClient]]:
    """Run a board with eight meters on a line of that speed."""
    async with socket_dir() as sockets:
        address, tty = str(sockets / "board.sock"), str(sockets / "tty")
        command = ["-m", "sim.board", "--address", address, "--tty", tty, "--evses", str(METERS)]
        log = fresh_dir(f"wire_{baudrate}") / "board.log"
        board = await Child.start("board", [*command, "--baudrate", str(baudrate)], log)
        bus = MeterBus(SerialLine(tty, LineSettings(baudrate)))
        client = BoardClient(sockets / "board.sock.control")
        try:
            await board.first_line(20)
            yield bus, client
        finally:
            await client.close()
            await bus.close()
            await board.stop()


def _ratio_row(meter: Meter, baudrate: int, times_s: list[float]) -> Row:
    wire_s = _wire_s(meter, baudrate)
    count = sum(block.count for block in meter.plan.full)
    what = f"full reading ({count} registers) over the wire's {wire_s * 1000:.1f} ms at {baudrate} baud"
    ratios = [time_s / wire_s for time_s in times_s]
    return row(f"wire_ratio_{baudrate}", what, "", ratios, hold=50, bar=1.10, limit=1.0)


def _bus_row(meter: Meter, baudrate: int, rounds_s: list[float]) -> Row:
    each_ms = [round_s / METERS * 1000 for round_s in rounds_s]
    per_s = 1000 / sorted(each_ms)[len(each_ms) // 2]
    what = f"a full reading of one of {METERS} meters on one line at {baudrate} baud: {per_s:.1f} readings/s"
    wire_ms = 1000 * (_wire_s(meter, baudrate) + LineSettings(baudrate).silence_s)
    return row(f"bus_reading_ms_{baudrate}", what, "ms", each_ms, hold=50, bar=1.10 * wire_ms, limit=wire_ms)


async def _times_s(meter: Meter) -> list[float]:
    await meter.sample(full=True)  # a fresh port is asked a probe first
    times_s = []
    for _ in range(SAMPLES):
        await asyncio.sleep(_PAUSE_S)
        begin_s = time.perf_counter()
        _check(await meter.sample(full=True))
        times_s.append(time.perf_counter() - begin_s)
    return times_s


async def _round_times_s(meters: list[Meter]) -> list[float]:
    """All at once, as the polls of eight EVSEs: the bus takes one after the other."""
    await asyncio.gather(*(meter.sample(full=True) for meter in meters))
    times_s = []
    for _ in range(ROUNDS):
        await asyncio.sleep(_PAUSE_S)
        begin_s = time.perf_counter()
        for sample in await asyncio.gather(*(meter.sample(full=True) for meter in meters)):
            _check(sample)
        times_s.append(time.perf_counter() - begin_s)
    return times_s


def _check(sample: Sample) -> None:
    if sample.power_w is None:
        raise MeasurementError("a full reading brought no power")


def _poll(meter: Meter, post: Callable[[Event], None]) -> MeterPoll:
    clock = SystemClock()
    stamp = Stamper(clock, "UTC")
    return MeterPoll(
        1, meter, error=MeterError, clock=clock, silent_ms=SILENT_S * 1000, post=post, stamp=stamp
    )


async def _next(said: asyncio.Queue[Event], kind: type[Event]) -> None:
    """Wait until the poll says this; what it said before does not count."""
    while not said.empty():
        said.get_nowait()
    async with asyncio.timeout(20):
        while not isinstance(await said.get(), kind):
            pass


def _wire_s(meter: Meter, baudrate: int) -> float:
    return sum(block.wire_s(baudrate) for block in meter.plan.full)


def _sdm630() -> MeterMap:
    text = (ROOT / "config" / "meters" / "eastron_sdm630_v2.toml").read_text()
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), MeterMap, strict=False)
