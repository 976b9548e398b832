"""The meter that ships reads what the board knows to be true."""

import asyncio
import struct
import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from board_bench import Bench, play

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterSilentError
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from sim.board.load import Load

MAP = Path(__file__).parents[3] / "config" / "meters" / "eastron_sdm630_v2.toml"


def sdm630() -> MeterMap:
    return msgspec.convert(tomllib.loads(MAP.read_text(), parse_float=Decimal), MeterMap, strict=False)


def float32(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def test_after_a_charge_the_register_is_the_truth_in_float32(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bus = MeterBus(SerialLine(bench.tty))
        meter = Meter(bus, 1, sdm630())
        begin = await meter.sample(full=False)
        await bench.charge()
        await bench.until_state(lambda state: state["watts"] >= 7200)
        charging = await meter.sample(full=True)
        assert charging.power_w == pytest.approx(7200, abs=1)
        assert charging.current_ma is not None
        assert sum(charging.current_ma) == pytest.approx(3 * 7200 / 3 / 0.230, rel=0.01)
        bench.io.output("evse1.contactor").set(False)
        await bench.until(bench.contactor_open)
        truth_wh = (await bench.do("state"))["import_wh"]
        end = await meter.sample(full=False)
        assert end.import_dwh == round(float32(truth_wh / 1000) * 10_000)
        assert end.import_dwh > begin.import_dwh
        await bus.close()

    play(scene, tmp_path)


def test_each_evse_has_its_own_unit_on_the_one_line(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bus = MeterBus(SerialLine(bench.tty))
        first, second = (Meter(bus, unit, sdm630()) for unit in (1, 2))
        one, two = await asyncio.gather(first.sample(full=True), second.sample(full=True))
        assert two.import_dwh - one.import_dwh == pytest.approx(1_000_000, abs=2)
        await bench.do("silence_meter", evse=2)
        with pytest.raises(MeterSilentError, match="unit 2"):
            await second.sample(full=True)
        assert (await first.sample(full=True)).import_dwh == one.import_dwh
        assert (await bench.do("state", evse=2))["meter"] == "silent"
        await bench.do("revive_meter", evse=2)
        assert (await second.sample(full=True)).import_dwh == two.import_dwh
        await bus.close()

    play(scene, tmp_path, evses=2)


def test_a_recorded_load_is_charged_to_the_last_watt_hour(tmp_path: Path) -> None:
    load = Load((0.0, 60_000.0, 120_000.0), (3600.0, 1800.0, 0.0))

    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.until(lambda: bench.pilot()[0] == 9000)
        state = await bench.do("state")
        assert state["full"]
        assert state["import_wh"] - 1_234_567.8 == pytest.approx(60 + 30)

    play(scene, tmp_path, rate=600, load=load)
