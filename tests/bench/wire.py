"""A full meter reading over the wire's own time: the shipping driver on a simulated board's paced line."""

import asyncio
import tempfile
import time
import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.meter import Meter
from tests.bench.table import Row, row
from tests.interlock.process import ROOT, Board

SAMPLES = 60
BAUDRATE = 9600


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        board = Board(Path(folder))
        try:
            ratios = asyncio.run(_ratios(f"{folder}/tty"))
        finally:
            board.kill()
    what = f"full reading (one block) over the wire's time at {BAUDRATE} baud"
    return [row("wire_ratio_9600", what, "", ratios, hold=50, bar=1.10, limit=1.0)]


async def _ratios(tty: str) -> list[float]:
    text = (ROOT / "config/meters/eastron_sdm630_v2.toml").read_text()
    meter_map = msgspec.convert(tomllib.loads(text, parse_float=Decimal), MeterMap)
    bus = MeterBus(tty, BAUDRATE)
    meter = Meter(bus, 1, meter_map)
    await meter.sample(full=True)  # a fresh port is asked a probe first
    ratios = []
    for _ in range(SAMPLES):
        began = time.monotonic()
        await meter.sample(full=True)
        ratios.append((time.monotonic() - began) / meter.plan.full.wire_s(BAUDRATE))
    await bus.close()
    return ratios
