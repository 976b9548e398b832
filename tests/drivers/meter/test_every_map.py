"""Every meter map against a simulated meter of that map, with the drivers that ship, over a pty.

The simulated meter encodes with code of its own (sim/board/meter_map.py) and refuses what its map does not
name; pymodbus serves it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.load import load_meter_maps
from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterRefusedError
from drivers.meter.maps import Block, Sample, plan_reads
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings
from sim.board.line import PacedLine
from sim.board.meter import MeterBus as SimulatedBus
from sim.board.meter_map import Measured, SimMap, read_map

BAUDRATE = 115_200
MAPS = {name: meter for name, meter in load_meter_maps().items() if isinstance(meter, MeterMap)}

REQUESTS = {
    "abb_b23": 2,
    "acrel_adl400": 3,
    "acrel_ddsd1352": 1,
    "bauer_bsm_ws36a": 1,
    "carlo_gavazzi_em111": 1,
    "carlo_gavazzi_em24": 4,
    "carlo_gavazzi_em340": 2,
    "chint_ddsu666": 2,
    "chint_dtsu666": 2,
    "dzg_dvh4013": 2,
    "eastron_sdm120": 2,
    "eastron_sdm230": 2,
    "eastron_sdm630_v2": 1,
    "eastron_sdm72d_m_v1": 1,
    "eastron_sdm72d_m_v2": 1,
    "finder_7m38": 3,
    "iskra_wm3m4": 2,
    "janitza_b23": 1,
    "phoenix_eem350": 4,
    "schneider_iem3155": 2,
}
"""How many requests a full reading is; more than one only where the meter's registers lie too far apart."""

THREE_PHASES = Measured((229.5, 230.2, 230.9), (2311.4, 2303.1, 17.3), 1_234_567.8)
ONE_PHASE = Measured((229.5, 0.0, 0.0), (2311.4, 0.0, 0.0), 1_234_567.8)
RATIOS = (2, 30)

Scene = Callable[[Meter, SimulatedBus], Awaitable[None]]


def truth(meter: MeterMap) -> Measured:
    return ONE_PHASE if meter.phases == 1 else THREE_PHASES


def play(tmp_path: Path, name: str, scene: Scene) -> None:
    meter = MAPS[name]
    unit = meter.factory.unit

    async def run() -> None:
        line = PacedLine(BAUDRATE)
        line.start()
        line.link(str(tmp_path / "tty"))
        kind = SimMap(read_map(name), RATIOS[: len(meter.import_dwh.ratio_at)])
        simulated = SimulatedBus(line.device_tty, {unit: lambda: truth(meter)}, kind)
        await simulated.start()
        bus = MeterBus(SerialLine(str(tmp_path / "tty"), LineSettings(BAUDRATE)))
        try:
            await scene(Meter(bus, unit, meter), simulated)
        finally:
            await bus.close()
            await simulated.stop()
            line.close()

    asyncio.run(run())


def assert_true(sample: Sample, meter: MeterMap, measured: Measured | None = None) -> None:
    """The sample is what the meter measures, within what its registers can tell."""
    measured = measured or truth(meter)
    behind_dwh = measured.import_wh * 10 - sample.import_dwh
    assert -sample.resolution_dwh / 2 <= behind_dwh < sample.resolution_dwh
    assert sample.power_w == pytest.approx(sum(measured.power_w), abs=1)
    assert sample.voltage_mv is not None
    assert sample.current_ma is not None
    for told, actual in zip(sample.voltage_mv, measured.voltage_v, strict=False):
        assert told == pytest.approx(actual * 1000, abs=50.1)  # half of 0.1 V
    for told, actual in zip(sample.current_ma, measured.current_a, strict=False):
        assert told == pytest.approx(actual * 1000, abs=5.1)  # half of 0.01 A
    assert len(sample.voltage_mv) in (0, meter.phases)


VOLTS = st.floats(180, 264)
WATTS = st.floats(0, 9_000)
WATT_HOURS = st.floats(0, 900_000_000)


@pytest.mark.parametrize("name", MAPS)
@settings(max_examples=25, deadline=None)
@given(volts=st.tuples(VOLTS, VOLTS, VOLTS), watts=st.tuples(WATTS, WATTS, WATTS), import_wh=WATT_HOURS)
def test_whatever_is_measured_is_told(
    name: str, volts: tuple[float, float, float], watts: tuple[float, float, float], import_wh: float
) -> None:
    meter, one = MAPS[name], MAPS[name].phases == 1
    measured = Measured(volts, (watts[0], 0.0, 0.0) if one else watts, import_wh)
    held = SimMap(read_map(name), RATIOS[: len(meter.import_dwh.ratio_at)]).registers(measured)
    registers = {at: word for (function, at), word in held.items() if function == meter.function}
    assert_true(plan_reads(meter).sample(registers, full=True), meter, measured)


def test_every_map_is_in_the_table() -> None:
    assert sorted(REQUESTS) == sorted(MAPS)


@pytest.mark.parametrize("name", MAPS)
def test_a_meter_tells_the_truth_in_as_few_requests_as_it_allows(tmp_path: Path, name: str) -> None:
    async def scene(meter: Meter, simulated: SimulatedBus) -> None:
        assert_true(await meter.sample(full=True), MAPS[name])
        asked = list(simulated.asked)[-REQUESTS[name] :]
        assert [Block(at, count) for _unit, _function, at, count in asked] == list(meter.plan.full)
        short = await meter.sample(full=False)
        assert (short.power_w, short.voltage_mv) == (None, None)
        assert_true(Sample(short.import_dwh, short.resolution_dwh, *_rest(MAPS[name])), MAPS[name])

    play(tmp_path, name, scene)


def _rest(meter: MeterMap) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    return round(sum(truth(meter).power_w)), (), ()


@pytest.mark.parametrize("name", MAPS)
def test_a_meter_tells_the_number_on_its_plate(tmp_path: Path, name: str) -> None:
    async def scene(meter: Meter, _simulated: SimulatedBus) -> None:
        before = await meter.sample(full=True)
        assert await meter.identify() == SimMap(read_map(name)).serial_of(MAPS[name].factory.unit)
        assert await meter.sample(full=True) == before

    play(tmp_path, name, scene)


@pytest.mark.parametrize("name", MAPS)
def test_no_request_asks_for_more_than_the_meter_allows_or_splits_a_value(name: str) -> None:
    meter, plan = MAPS[name], plan_reads(MAPS[name])
    kind = SimMap(read_map(name))
    for block in (*plan.full, *plan.register, *plan.probes):
        assert kind.answers(meter.function, block.at, block.count)
    assert len({probe.count for probe in plan.probes}) == len(plan.probes) >= 2


def test_the_map_of_another_meter_is_refused_or_told_and_never_a_reading(tmp_path: Path) -> None:
    async def scene(meter: Meter, _simulated: SimulatedBus) -> None:
        other = Meter(meter._bus, 1, MAPS["eastron_sdm630_v2"])
        with pytest.raises(MeterRefusedError):
            await other.sample(full=True)
        assert_true(await meter.sample(full=True), MAPS["abb_b23"])

    play(tmp_path, "abb_b23", scene)
