"""The contactor and all that can be wrong with it, as a station sees it."""

from pathlib import Path

import pytest
from board_bench import Bench, play

from sim.board.evse import Wiring


async def pilot_blinks(bench: Bench, ms: int) -> None:
    """Let so much real time pass: a disturbance of that length comes and goes."""
    await bench.do("noise_pilot", mv=15_000, ms=ms)
    await bench.until(lambda: bench.pilot()[0] == 15_000)
    await bench.until(lambda: bench.pilot()[0] != 15_000)


def test_welded_it_supplies_a_stubborn_vehicle_until_it_is_freed(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.do("stubborn")
        await bench.do("weld_contactor")
        bench.io.pwm("evse1.pilot").set_duty(10_000)
        bench.io.output("evse1.contactor").set(False)
        await pilot_blinks(bench, 100)
        state = await bench.do("state")
        assert (state["pilot"], state["contactor_closed"], state["watts"]) == ("C", True, 7200)
        assert not bench.contactor_open()
        await bench.do("unweld_contactor")
        await bench.until(bench.contactor_open)
        state = await bench.do("state")
        assert (state["pilot"], state["watts"]) == ("C", 0)

    play(scene, tmp_path)


def test_a_weld_does_not_close_open_contacts(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("weld_contactor")
        await pilot_blinks(bench, 50)
        assert bench.contactor_open()

    play(scene, tmp_path)


def test_a_broken_coil_does_not_pull_in_until_it_is_mended(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("break_coil")
        bench.io.output("evse1.contactor").set(True)
        await pilot_blinks(bench, 50)
        assert bench.contactor_open()
        await bench.do("mend_coil")
        await bench.until(lambda: not bench.contactor_open())
        await bench.do("break_coil")
        await bench.until(bench.contactor_open)

    play(scene, tmp_path)


def test_a_hanging_armature_carries_no_current_but_its_mirror_says_closed(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.do("hang_contactor")
        bench.io.output("evse1.contactor").set(False)
        await pilot_blinks(bench, 50)
        state = await bench.do("state")
        assert (state["contactor_closed"], state["watts"], bench.contactor_open()) == (False, 0, False)
        await bench.do("free_contactor")
        await bench.until(bench.contactor_open)

    play(scene, tmp_path)


@pytest.mark.parametrize(
    ("stick", "says_open"), [("stick_mirror_open", True), ("stick_mirror_closed", False)]
)
def test_a_mirror_contact_that_lies(tmp_path: Path, stick: str, says_open: bool) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do(stick)
        await bench.until(lambda: bench.contactor_open() == says_open)
        bench.io.output("evse1.contactor").set(True)
        await bench.until_state(lambda state: state["contactor_closed"])
        assert bench.contactor_open() == says_open
        await bench.do("free_mirror")
        await bench.until(lambda: not bench.contactor_open())

    play(scene, tmp_path)


def test_a_slow_contactor_takes_its_time_to_open(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.do("slow_contactor", ms=150)
        bench.io.output("evse1.contactor").set(False)
        await bench.until(bench.contactor_open)
        marks = (await bench.do("state"))["marks"]
        assert 150e6 <= marks["contactor_opened"] - marks["commanded_open"] < 400e6

    play(scene, tmp_path)


def test_an_economised_coil_pulls_in_with_full_current_and_holds_with_less(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        coil = bench.io.pwm("evse1.contactor")
        assert "evse1.contactor" not in bench.io.names()["output"]
        coil.set_duty(4000)
        await pilot_blinks(bench, 50)
        assert bench.contactor_open()
        coil.set_duty(10_000)
        await bench.until(lambda: not bench.contactor_open())
        await pilot_blinks(bench, 100)
        coil.set_duty(3000)
        await pilot_blinks(bench, 50)
        assert not bench.contactor_open()
        coil.set_duty(2999)
        await bench.until(bench.contactor_open)
        marks = (await bench.do("state"))["marks"]
        assert marks["commanded_open"] < marks["contactor_opened"]

    play(scene, tmp_path, wiring=Wiring(economiser=True))


def test_an_economised_coil_drops_out_when_full_current_ends_too_early(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        coil = bench.io.pwm("evse1.contactor")
        coil.set_duty(10_000)
        await bench.until(lambda: not bench.contactor_open())
        coil.set_duty(4000)
        await bench.until(bench.contactor_open)

    play(scene, tmp_path, wiring=Wiring(economiser=True))


def test_a_station_that_dies_leaves_an_economised_coil_without_current(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.io.pwm("evse1.contactor").set_duty(10_000)
        await bench.until(lambda: not bench.contactor_open())
        bench.leave()
        await bench.until_state(lambda state: not state["contactor_closed"])

    play(scene, tmp_path, wiring=Wiring(economiser=True))


def test_without_a_heartbeat_the_coil_has_no_supply(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        beat = bench.io.output("heartbeat")
        bench.io.output("evse1.contactor").set(True)
        await pilot_blinks(bench, 50)
        assert bench.contactor_open()
        beat.set(True)
        await bench.until(lambda: not bench.contactor_open())
        last = await bench.do("state")

        def opens_though_the_line_is_held_high() -> bool:
            beat.set(True)
            return bench.contactor_open()

        await bench.until(opens_though_the_line_is_held_high)
        opened_ns = (await bench.do("state"))["marks"]["contactor_opened"]
        assert 150e6 < opened_ns - last["now_ns"] < 400e6
        beat.set(False)
        await bench.until(lambda: not bench.contactor_open())

    play(scene, tmp_path, heartbeat=True)
