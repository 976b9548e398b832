"""What else a station sees of an EVSE: temperature, proximity, the pilot's mishaps, door, ventilation."""

from pathlib import Path

import pytest
from board_bench import Bench, play

from hal.ports import BoardLostError


def test_the_thermometer_shows_the_temperature_and_nothing_when_broken(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        thermometer = bench.io.thermometer("evse1.temperature")
        assert thermometer.read_mc() == 25_000
        await bench.do("set_temperature", degrees=71.5)
        await bench.until(lambda: thermometer.read_mc() == 71_500)
        await bench.do("break_thermometer")
        with pytest.raises(BoardLostError, match="temperature does not answer"):
            await bench.until(lambda: thermometer.read_mc() != 71_500)
        await bench.do("mend_thermometer")
        await bench.until(lambda: bench.io.value("temp", "evse1.temperature") == 71_500)

    play(scene, tmp_path)


@pytest.mark.parametrize(("amperes", "ohm"), [(13, 1500), (20, 680), (32, 220), (63, 100)])
def test_the_cable_s_resistor_divides_the_supply(tmp_path: Path, amperes: int, ohm: int) -> None:
    async def scene(bench: Bench) -> None:
        contact = bench.io.adc("evse1.proximity")
        await bench.do("set_cable", amperes=amperes)
        assert contact.read_mv() == 3300
        await bench.do("plug_in")
        await bench.until(lambda: contact.read_mv() < 3300)
        mv = contact.read_mv()
        assert 330 * mv / (3300 - mv) == pytest.approx(ohm, rel=0.01)
        await bench.do("unplug")
        await bench.until(lambda: contact.read_mv() == 3300)

    play(scene, tmp_path)


@pytest.mark.parametrize(("breaks", "mv"), [("break_proximity", 3300), ("short_proximity", 0)])
def test_a_broken_proximity_contact_names_no_cable(tmp_path: Path, breaks: str, mv: int) -> None:
    async def scene(bench: Bench) -> None:
        contact = bench.io.adc("evse1.proximity")
        await bench.do("plug_in")
        await bench.until(lambda: contact.read_mv() == 1320)
        await bench.do(breaks)
        await bench.until(lambda: contact.read_mv() == mv)
        await bench.do("mend_proximity")
        await bench.until(lambda: contact.read_mv() == 1320)

    play(scene, tmp_path)


@pytest.mark.parametrize(
    ("breaks", "pilot", "state"), [("short_pilot", 0, "E"), ("tear_pilot", -12_000, "F")]
)
def test_a_broken_pilot_line_leaves_c_whatever_the_vehicle_does(
    tmp_path: Path, breaks: str, pilot: int, state: str
) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        now = await bench.do(breaks)
        assert now["pilot"] == state
        assert now["now_ns"] - now["marks"]["left_c"] < 50e6
        await bench.until(lambda: bench.pilot() == (pilot, pilot))
        await bench.until_state(lambda state: not state["watts"])
        await bench.do("mend_pilot")
        await bench.until(lambda: bench.pilot() == (6000, -12_000))

    play(scene, tmp_path)


def test_a_vehicle_that_asks_for_ventilation_is_in_d(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("ventilation")
        await bench.do("plug_in")
        bench.io.pwm("evse1.pilot").set_duty(5333)
        await bench.until(lambda: bench.pilot() == (3000, -12_000))
        bench.io.output("evse1.ventilation").set(True)
        await bench.until_state(lambda state: state["ventilated"])
        await bench.do("ready", value=False)
        await bench.until(lambda: bench.pilot() == (9000, -12_000))
        assert (await bench.do("state"))["marks"]["left_c"] is not None

    play(scene, tmp_path)


def test_noise_is_one_bad_sample(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("plug_in")
        await bench.do("noise_pilot", mv=6_000, ms=20)
        await bench.until(lambda: bench.pilot()[0] == 6_000)
        await bench.until(lambda: bench.pilot()[0] == 9_000)
        assert (await bench.do("state"))["pilot"] == "B"

    play(scene, tmp_path)


def test_door_and_emergency_stop_are_marked_when_the_station_is_told(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        door, stop = bench.io.input("door"), bench.io.input("emergency_stop")
        await bench.do("open_door")
        await bench.do("press_emergency_stop", evse=2)
        await bench.until(lambda: door.read() and stop.read())
        state = await bench.do("state")
        assert state["door_open"]
        assert 0 < state["now_ns"] - state["marks"]["door_opened"] < 1e9
        assert 0 < state["now_ns"] - state["marks"]["estop_pressed"] < 1e9
        await bench.do("close_door")
        await bench.until(lambda: not door.read())

    play(scene, tmp_path, evses=2)
