"""A full meter reading over the wire's own time: the shipping driver on a simulated board's paced line."""

import asyncio
import time
import tomllib
from decimal import Decimal

import msgspec

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.meter import Meter
from sim.processes import ROOT, Child
from tests.bench.benches import MeasurementError, Tell, fresh_dir, socket_dir
from tests.bench.table import Row, row

SAMPLES = 60
BAUDRATE = 9600
_PAUSE_S = 0.05


async def measure(_tell: Tell) -> list[Row]:
    async with socket_dir() as sockets:
        tty = sockets / "tty"
        command = ["-m", "sim.board", "--address", str(sockets / "board.sock"), "--tty", str(tty)]
        log = fresh_dir("wire") / "board.log"
        board = await Child.start("board", [*command, "--baudrate", str(BAUDRATE)], log)
        bus = MeterBus(str(tty), BAUDRATE)
        try:
            await board.first_line(20)
            meter = Meter(bus, 1, _sdm630())
            times_s = await _times_s(meter)
        finally:
            await bus.close()
            await board.stop()
    blocks = meter.plan.full
    wire_s = sum(block.wire_s(BAUDRATE) for block in blocks)
    count = sum(block.count for block in blocks)
    what = f"full reading ({count} registers) over the wire's {wire_s * 1000:.1f} ms at {BAUDRATE} baud"
    return [
        row(
            "wire_ratio_9600", what, "", [time_s / wire_s for time_s in times_s], hold=50, bar=1.10, limit=1.0
        )
    ]


async def _times_s(meter: Meter) -> list[float]:
    await meter.sample(full=True)  # a fresh port is asked a probe first
    times_s = []
    for _ in range(SAMPLES):
        await asyncio.sleep(_PAUSE_S)  # the silence between frames is not the reading's
        begin_s = time.perf_counter()
        sample = await meter.sample(full=True)
        times_s.append(time.perf_counter() - begin_s)
        if sample.power_w is None:
            raise MeasurementError("a full reading brought no power")
    return times_s


def _sdm630() -> MeterMap:
    text = (ROOT / "config" / "meters" / "eastron_sdm630_v2.toml").read_text()
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), MeterMap, strict=False)
