"""What a station sees of the simulated board, over its sockets."""

from pathlib import Path

import pytest
from board_bench import Bench, play

from hal.remote.framebuffer import RemoteFramebuffer


def test_at_rest(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        state = await bench.do("state")
        assert bench.pilot() == (12_000, 12_000)
        assert bench.contactor_open()
        assert bench.locked()
        assert bench.io.input("emergency_stop").read() is False
        assert (state["pilot"], state["plugged"], state["meter"]) == ("A", False, "ok")
        assert state["import_wh"] == 1_234_567.8
        assert set(state["marks"].values()) == {None}

    play(scene, tmp_path)


def test_pilot_voltages_through_a_charge(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        pilot = bench.io.pwm("evse1.pilot")
        await bench.do("plug_in")
        await bench.until(lambda: bench.pilot() == (9000, 9000))
        pilot.set_duty(5333)
        await bench.until(lambda: bench.pilot() == (9000, -12_000))
        await bench.until(lambda: bench.pilot() == (6000, -12_000))
        bench.io.output("evse1.contactor").set(True)
        await bench.until(lambda: not bench.contactor_open())
        pilot.set_duty(10_000)
        await bench.until(lambda: bench.pilot() == (9000, 9000))
        pilot.set_duty(0)
        await bench.until(lambda: bench.pilot() == (-12_000, -12_000))
        assert (await bench.do("state"))["pilot"] == "F"
        await bench.do("unplug")
        pilot.set_duty(10_000)
        await bench.until(lambda: bench.pilot() == (12_000, 12_000))

    play(scene, tmp_path)


def test_reaction_contactor_and_marks_are_in_real_time(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        bench.io.output("evse1.contactor").set(False)
        await bench.until(bench.contactor_open)
        marks = (await bench.do("state"))["marks"]
        assert marks["commanded_closed"] - marks["plugged"] >= 200e6
        assert 15e6 <= marks["contactor_closed"] - marks["commanded_closed"] < 60e6
        assert marks["power_on"] >= marks["contactor_closed"]
        assert 8e6 <= marks["contactor_opened"] - marks["commanded_open"] < 50e6
        assert marks["power_off"] >= marks["contactor_opened"]

    play(scene, tmp_path)


def test_energy_integrates_in_billing_time_while_closed_and_drawing(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        earlier = await bench.do("state")
        later = earlier
        while later["now_ns"] - earlier["now_ns"] < 0.2e9:
            later = await bench.do("state")
        billing_s = (later["now_ns"] - later["marks"]["contactor_closed"]) * 60 / 1e9
        drawn_wh = later["import_wh"] - 1_234_567.8
        assert later["watts"] == 7200
        assert drawn_wh == pytest.approx(7200 * (billing_s - 1) / 3600, rel=0.03)
        await bench.do("unplug")
        rest = await bench.do("state")
        assert (rest["watts"], rest["pilot"]) == (0, "A")
        assert (await bench.do("state"))["import_wh"] == rest["import_wh"]

    play(scene, tmp_path)


def test_a_full_vehicle_leaves_c_and_stays_in_b_until_ready(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.do("full")
        await bench.until(lambda: bench.pilot()[0] == 9000)
        state = await bench.do("state")
        assert (state["pilot"], state["full"], state["watts"]) == ("B", True, 0)
        assert state["marks"]["left_c"] is not None
        await bench.do("ready")
        await bench.until(lambda: bench.pilot()[0] == 6000)

    play(scene, tmp_path)


def test_unplugging_under_load_is_seen_within_milliseconds(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.do("unplug")
        await bench.until(lambda: bench.pilot()[0] == 12_000)
        state = await bench.do("state")
        assert state["now_ns"] - state["marks"]["unplugged"] < 50e6
        assert state["marks"]["power_off"] >= state["marks"]["unplugged"]

    play(scene, tmp_path)


def test_the_lock_moves_on_a_pulse_and_not_when_jammed(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        reverse = bench.io.output("evse1.lock_reverse")
        forward = bench.io.output("evse1.lock_forward")
        reverse.set(True)
        await bench.until(lambda: not bench.locked())
        reverse.set(False)
        await bench.do("jam_lock")
        forward.set(True)
        await bench.charge()  # far longer than the pulse
        assert (await bench.do("state"))["lock"] == "released"
        forward.set(False)
        await bench.do("free_lock")
        forward.set(True)
        await bench.until(bench.locked)
        marks = (await bench.do("state"))["marks"]
        assert marks["lock_locked"] - marks["lock_released"] > 60e6

    play(scene, tmp_path)


def test_a_pulse_that_is_too_short_moves_nothing(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        reverse = bench.io.output("evse1.lock_reverse")
        reverse.set(True)
        reverse.set(False)
        await bench.charge()
        assert bench.locked()

    play(scene, tmp_path)


def test_a_welded_contactor_stays_closed_until_it_is_freed(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        await bench.do("weld_contactor")
        bench.io.output("evse1.contactor").set(False)
        bench.io.pwm("evse1.pilot").set_duty(10_000)
        await bench.until(lambda: bench.pilot()[0] == 9000)
        state = await bench.do("state")
        assert state["defects"] == ["contactor_welded"]
        assert state["contactor_closed"]
        assert not bench.contactor_open()
        await bench.do("unweld_contactor")
        await bench.until(bench.contactor_open)

    play(scene, tmp_path)


def test_the_emergency_stop_reaches_the_station(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        stop = bench.io.input("emergency_stop")
        await bench.do("press_emergency_stop")
        await bench.until(stop.read)
        assert (await bench.do("release_emergency_stop"))["emergency_stop"] is False
        await bench.until(lambda: not stop.read())

    play(scene, tmp_path)


def test_a_broken_diode_shows_on_the_low_side(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("plug_in", ready=False)
        bench.io.pwm("evse1.pilot").set_duty(5333)
        await bench.until(lambda: bench.pilot() == (9000, -12_000))
        await bench.do("break_diode")
        await bench.until(lambda: bench.pilot() == (9000, -9000))
        await bench.do("mend_diode")
        await bench.until(lambda: bench.pilot() == (9000, -12_000))

    play(scene, tmp_path)


def test_a_station_that_dies_leaves_everything_safe(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.charge()
        bench.leave()
        state = await bench.do("state")
        while state["contactor_closed"]:
            state = await bench.do("state")
        assert state["duty_e4"] == 10_000
        assert state["marks"]["commanded_open"] is not None

    play(scene, tmp_path)


def test_two_evses_are_apart(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("plug_in", evse=2)
        await bench.until(lambda: bench.pilot(2)[0] == 9000)
        assert bench.pilot(1)[0] == 12_000
        bench.io.output("evse2.contactor").set(True)
        await bench.until(lambda: not bench.contactor_open(2))
        assert bench.contactor_open(1)
        assert (await bench.do("state", evse=2))["import_wh"] == 1_334_567.8

    play(scene, tmp_path, evses=2)


def test_the_display_keeps_the_newest_picture(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        nothing = (await bench.ask({"do": "display"}))["display"]
        assert nothing == {"width": 0, "height": 0, "rgb565": ""}
        display = RemoteFramebuffer({"address": bench.address, "display": {"width": 2, "height": 1}})
        display.show(b"\x01\x02\x03\x04")
        display.show(b"\x05\x06\x07\x08")
        shown = nothing
        while shown["rgb565"] != "BQYHCA==":
            shown = (await bench.ask({"do": "display"}))["display"]
        assert (shown["width"], shown["height"]) == (2, 1)
        display.close()

    play(scene, tmp_path)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"do": "unplug"}, "no vehicle is plugged in"),
        ({"do": "explode"}, "unknown action 'explode'; there is state, plug_in"),
        ({"do": "plug_in", "evse": 3}, "there is no EVSE 3; there is 1"),
        ({"do": "set_load", "watts": "much"}, "watts: 'much' is no number from 0 to 100000"),
        ({"do": "plug_in", "ready": 1}, "ready: 1 is neither true nor false"),
        ({"do": ["state"]}, "unknown action ['state']"),
        ([1], "a request is an object"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, request_: object, said: str) -> None:
    async def scene(bench: Bench) -> None:
        reply = await bench.ask(request_)
        assert reply["ok"] is False
        assert reply["error"].startswith(said)

    play(scene, tmp_path)


def test_plugging_in_twice_is_refused(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("plug_in")
        assert await bench.ask({"do": "plug_in"}) == {"ok": False, "error": "already plugged in"}

    play(scene, tmp_path)
