"""The mains: what fails, what the meter and the station see of it, and what the vehicle draws then."""

from pathlib import Path

import pytest
from board_bench import Bench, play
from test_board_meter import sdm630

from drivers.meter.bus import MeterBus
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from sim.board.mains import Mains


async def full_power(bench: Bench) -> None:
    await bench.charge()
    await bench.until_state(lambda state: state["watts"] >= 7200)


def test_phases_wander_a_little_and_a_lost_one_not_at_all() -> None:
    mains = Mains()
    assert all(229 < volt < 231 for second in range(20) for volt in mains.measured(second * 1000))
    mains.set_volts(0.0, 2)
    assert {mains.measured(second * 1000)[1] for second in range(20)} == {0.0}
    mains.restore()
    assert not mains.disturbed


def test_when_the_mains_fail_the_contactor_drops_out_and_everything_is_dead(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bus = MeterBus(SerialLine(bench.tty))
        await full_power(bench)
        failing = bench.io.input("power_failing")
        assert not failing.read()
        await bench.do("fail_mains")
        await bench.until(failing.read)
        await bench.until(bench.contactor_open)
        state = await bench.do("state")
        assert (state["watts"], state["power_failing"]) == (0, True)
        assert state["marks"]["mains_failed"] < state["marks"]["contactor_opened"]
        assert (await Meter(bus, 1, sdm630()).sample(full=True)).voltage_mv == (0, 0, 0)
        await bench.do("restore_mains")
        await bench.until(lambda: not failing.read())
        await bench.until(lambda: not bench.contactor_open())  # still driven
        await bus.close()

    play(scene, tmp_path)


def test_a_lost_phase_has_no_voltage_and_no_current_and_the_others_go_on(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bus = MeterBus(SerialLine(bench.tty))
        meter = Meter(bus, 1, sdm630())
        await full_power(bench)
        state = await bench.do("lose_phase")
        assert state["watts"] == pytest.approx(4800)
        sample = await meter.sample(full=True)
        assert sample.voltage_mv is not None
        assert sample.current_ma is not None
        assert (sample.voltage_mv[1], sample.current_ma[1]) == (0, 0)
        assert sample.current_ma[0] == pytest.approx(2400 / 0.230, rel=0.01)
        assert sample.power_w == pytest.approx(4800, abs=1)
        await bench.do("restore_mains")
        await bench.until_state(lambda state: state["watts"] >= 7200)
        await bus.close()

    play(scene, tmp_path)


@pytest.mark.parametrize("volts", [170, 280])
def test_another_voltage_is_measured_and_the_offer_still_holds(tmp_path: Path, volts: int) -> None:
    async def scene(bench: Bench) -> None:
        bus = MeterBus(SerialLine(bench.tty))
        await bench.do("set_load", watts=22_080)
        await bench.charge()
        await bench.do("set_voltage", volts=volts)
        wanted_w = min(22_080, volts * 32 * 3) if volts > 230 else 22_080 * volts / 230
        await bench.until_state(lambda state: state["watts"] >= 0.999 * wanted_w)
        sample = await Meter(bus, 1, sdm630()).sample(full=True)
        assert sample.voltage_mv is not None
        assert sample.current_ma is not None
        assert sample.voltage_mv == pytest.approx([volts * 1000] * 3, abs=700)
        assert max(sample.current_ma) <= 32_200
        await bus.close()

    play(scene, tmp_path)


def test_one_phase_can_be_high(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        assert (await bench.do("set_voltage", volts=270, phase=3))["mains_v"] == [230, 230, 270]
        assert (await bench.do("restore_mains"))["mains_v"] == [230, 230, 230]

    play(scene, tmp_path)
