"""Hundreds of wires on which anything happens: what comes out is what the meter had after it was asked."""

import asyncio
import random
from pathlib import Path

import pytest
from random_wire import AT, RandomWire, meter_map, moment, now_ms

from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterError
from drivers.meter.maps import Sample
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings

AT_ONCE = 60
READS = 12
SETTINGS = LineSettings(115_200, answer_within_s=0.03)


@pytest.mark.parametrize("first", range(0, 300, AT_ONCE))
def test_whatever_happens_on_the_wire_no_value_is_older_than_its_request(tmp_path: Path, first: int) -> None:
    async def run() -> list[int]:
        seeds = range(first, first + AT_ONCE)
        return await asyncio.gather(*(_values(tmp_path / str(seed), seed) for seed in seeds))

    values = asyncio.run(run())
    assert sum(values) > AT_ONCE * READS / 4  # it is not by silence that nothing is wrong


async def _values(link: Path, seed: int) -> int:
    """Read on one wire and return how many readings came out; in the end, when it is well, one must."""
    wire, draw = RandomWire(link, seed), random.Random(seed)
    wire.listen()
    bus = MeterBus(SerialLine(wire.tty, SETTINGS))
    meter = Meter(bus, 1, meter_map())
    values = 0
    try:
        for _ in range(READS):
            values += await _reads(meter, draw.random() < 0.6)
            if draw.random() < 0.05:
                wire.pull_out_and_put_back()
        wire.well = True
        assert any([await _reads(meter, True) for _ in range(4)]), "it does not recover"
    except AssertionError as wrong:
        raise AssertionError(f"seed {seed}: {wrong}; {wire.happened}") from wrong
    finally:
        await bus.close()
        wire.unplug()
    return values


async def _reads(meter: Meter, full: bool) -> bool:
    asked_ms = now_ms()
    try:
        sample = await meter.sample(full=full)
    except MeterError:
        return False
    for moment_ms in _moments(sample):
        assert asked_ms <= moment_ms <= now_ms(), f"{asked_ms - moment_ms} ms older than its request"
    return True


def _moments(sample: Sample) -> list[int]:
    moments = [moment(sample.import_dwh, AT["import"])]
    if sample.power_w is not None:
        moments.append(moment(sample.power_w, AT["power"]))
    for name, values in (("voltage", sample.voltage_mv), ("current", sample.current_ma)):
        moments += [moment(value, AT[name] + 2 * index) for index, value in enumerate(values or ())]
    return moments
