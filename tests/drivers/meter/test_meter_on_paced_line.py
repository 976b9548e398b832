"""The driver that ships, over a pty, a line paced to 9600 baud and a pymodbus server, as on the bench."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterError, MeterJunkError, MeterSilentError
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from sim.board.line import PacedLine
from sim.board.meter import MeterBus as SimulatedBus
from sim.board.meter_map import Measured

MEASURED = Measured((229.5, 230.2, 230.9), (2300.0, 2300.0, 2300.0), 1_234_567.8)
Scene = Callable[[Meter, SimulatedBus, PacedLine], Awaitable[None]]


def play(tmp_path: Path, sdm630: MeterMap, scene: Scene, fifo_bytes: int = 16) -> None:
    async def run() -> None:
        line = PacedLine(9600, fifo_bytes=fifo_bytes)
        line.start()
        line.link(str(tmp_path / "tty"))
        simulated = SimulatedBus(line.device_tty, {1: lambda: MEASURED})
        await simulated.start()
        bus = MeterBus(SerialLine(str(tmp_path / "tty")))
        try:
            await scene(Meter(bus, 1, sdm630), simulated, line)
        finally:
            await bus.close()
            await simulated.stop()
            line.close()

    asyncio.run(run())


@pytest.mark.parametrize("fifo_bytes", [1, 16])
def test_all_values_arrive_as_measured(tmp_path: Path, sdm630: MeterMap, fifo_bytes: int) -> None:
    async def scene(meter: Meter, _simulated: SimulatedBus, _line: PacedLine) -> None:
        sample = await meter.sample(full=True)
        assert sample.import_dwh == 12_345_677  # 1234.5678 kWh as a float32
        assert sample.power_w == 6900
        assert sample.voltage_mv == (229_500, 230_200, 230_900)
        assert sample.current_ma == (10_022, 9_991, 9_961)

    play(tmp_path, sdm630, scene, fifo_bytes)


def test_a_silenced_meter_is_silent_and_comes_back(tmp_path: Path, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, simulated: SimulatedBus, _line: PacedLine) -> None:
        simulated.health[1] = "silent"
        with pytest.raises(MeterSilentError):
            await meter.sample(full=True)
        simulated.health[1] = "ok"
        assert (await meter.sample(full=True)).power_w == 6900

    play(tmp_path, sdm630, scene)


def test_every_kind_of_junk_is_told_and_none_is_a_reading(tmp_path: Path, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, simulated: SimulatedBus, _line: PacedLine) -> None:
        simulated.health[1] = "junk"
        told = []
        for _ in range(4):
            with pytest.raises(MeterJunkError) as error:
                await meter.sample(full=True)
            told.append(error.value.why)
        assert len(set(told)) == 4
        assert "unit 2 answered instead of unit 1" in told
        simulated.health[1] = "ok"
        assert (await meter.sample(full=True)).power_w == 6900

    play(tmp_path, sdm630, scene)


def test_a_unit_that_is_not_on_the_line_does_not_answer(tmp_path: Path, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, _simulated: SimulatedBus, _line: PacedLine) -> None:
        absent = Meter(meter._bus, 7, sdm630)
        with pytest.raises(MeterSilentError, match="unit 7"):
            await absent.sample(full=True)
        assert (await meter.sample(full=True)).power_w == 6900

    play(tmp_path, sdm630, scene)


def test_replies_that_come_after_the_time_out_never_become_readings(tmp_path: Path, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, _simulated: SimulatedBus, line: PacedLine) -> None:
        line.hold_s = 0.7
        for _ in range(3):
            with pytest.raises(MeterError):
                await meter.sample(full=True)
        line.hold_s = 0.0
        for _ in range(2):
            try:
                sample = await meter.sample(full=True)
            except MeterError:
                continue
            assert (sample.power_w, sample.import_dwh) == (6900, 12_345_677)
            break
        else:
            pytest.fail("the meter did not come back in two reads")

    play(tmp_path, sdm630, scene)
