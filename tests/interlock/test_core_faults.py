"""What is faulty, how soon it is told, what it stops and how it ends."""

import pytest

from firmware.interlock.times import DIODE_MS, MIRROR_MS
from tests.interlock.bench import STEADY_E4, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


# contactor


def test_a_contactor_that_does_not_open_within_a_second_is_told_and_the_plug_stays_locked(
    bench: Bench,
) -> None:
    bench.charge().order_release()
    bench.welded = True
    bench.unplug().let(MIRROR_MS - 1)
    assert bench.faults == set()
    bench.let(1)
    assert bench.faults == {"ContactorFailedToOpen"}
    bench.let(10_000)
    assert bench.bolt_locked


def test_a_contactor_that_closes_by_itself_is_told_after_its_second_and_one_wrong_sample_is_not(
    bench: Bench,
) -> None:
    bench.mirror_open = False
    bench.sample()
    bench.mirror_open = True
    assert bench.let(2_000).faults == set()
    bench.mirror_open = False
    assert bench.sample().let(MIRROR_MS - 1).faults == set()
    assert bench.let(1).faults == {"ContactorFailedToOpen"}


def test_a_contactor_found_closed_at_the_start_is_told_after_its_second() -> None:
    assert Bench(welded=True).faults == {"ContactorFailedToOpen"}


def test_a_contactor_that_does_not_close_is_told_and_its_coil_released(bench: Bench) -> None:
    bench.coil_broken = True
    bench.plug_in().grant().let(200).vehicle_goes_to("C").let(20)
    assert bench.closed
    bench.let(MIRROR_MS)
    assert (bench.closed, bench.faults) == (False, {"ContactorFailedToClose"})


def test_a_contactor_that_stuck_stays_a_fault_until_it_is_free_and_an_engineer_says_so(bench: Bench) -> None:
    bench.charge()
    bench.welded = True
    bench.vehicle_goes_to("B").let(2_000).clear_faults()
    assert bench.faults == {"ContactorFailedToOpen"}, "its cause is still there"
    bench.welded, bench.mirror_open = False, True
    bench.let(2_000).agent_connects().grant().let(2_000)
    assert bench.faults == {"ContactorFailedToOpen"}, "nobody has cleared it"
    assert bench.clear_faults("backend").faults == {"ContactorFailedToOpen"}, "nobody was there to look"
    assert bench.clear_faults("engineer").faults == set()


def test_faults_are_not_cleared_while_the_board_is_away(bench: Bench) -> None:
    bench.charge()
    bench.welded = True
    bench.vehicle_goes_to("B").let(2_000).lose_board().clear_faults()
    assert "ContactorFailedToOpen" in bench.find_board().faults


# lock


def test_the_agent_locks_and_releases_while_nothing_is_on_offer(bench: Bench) -> None:
    bench.order_lock().let(100)
    assert (bench.bolt_locked, bench.state.commands.lock) == (True, 0)
    bench.order_release()
    assert bench.state.commands.lock == -1, "at once, whatever moved before"
    bench.let(100)
    assert (bench.bolt_locked, bench.state.commands.lock) == (False, 0)


def test_a_release_ordered_in_mid_charge_waits_for_the_open_contactor(bench: Bench) -> None:
    bench.charge().order_release().let(2_000)
    assert bench.bolt_locked
    bench.withdraw().let(1_000).vehicle_goes_to("B").let(1_000)
    assert not bench.bolt_locked


def test_a_contactor_called_back_halfway_may_still_touch_so_the_plug_stays_locked(bench: Bench) -> None:
    bench.order_release().plug_in().grant().let(200).vehicle_goes_to("C").let(20)
    assert (bench.closed, bench.mirror_open) == (True, True)
    bench.let(5).press_emergency_stop().let(50)
    assert (bench.closed, bench.bolt_locked, bench.state.commands.lock) == (False, True, 0)
    bench.let(200)
    assert not bench.bolt_locked


@pytest.mark.parametrize("direction", [1, -1])
def test_a_jammed_lock_is_tried_three_times_then_told_and_left_alone(bench: Bench, direction: int) -> None:
    bench.bolt_locked, bench.lock_jammed = direction == -1, True
    bench.sample()
    (bench.order_lock if direction == 1 else bench.order_release)()
    bench.let(1_900)
    assert bench.faults == set()
    bench.let(3_000)
    assert bench.pulses == [direction] * 3
    assert (bench.faults, bench.state.commands.lock) == ({"ConnectorLockFailure"}, 0)
    bench.lock_jammed = False
    bench.let(5_000)
    assert bench.faults == {"ConnectorLockFailure"}, "it latches"
    bench.clear_faults().let(200)
    assert (bench.faults, bench.bolt_locked) == (set(), direction == 1)


def test_another_order_tries_a_jammed_lock_again_and_leaves_the_fault(bench: Bench) -> None:
    bench.lock_jammed = True
    bench.order_lock().let(5_000).order_lock().let(200)
    assert (len(bench.pulses), bench.faults) == (4, {"ConnectorLockFailure"})


def test_a_lock_that_sticks_once_is_tried_again(bench: Bench) -> None:
    bench.lock_jammed = True
    bench.plug_in().grant().let(400)
    bench.lock_jammed = False
    bench.let(2_000)
    assert (bench.pulses, bench.faults, bench.duty_e4) == ([1, 1], set(), 2_666)


def test_a_lock_that_nobody_asked_for_stays_where_it_is(bench: Bench) -> None:
    bench.plug_in().let(5_000).unplug().let(5_000)
    assert bench.pulses == []


# pilot


def test_a_missing_diode_is_told_within_50_ms_and_the_offer_taken_back(bench: Bench) -> None:
    bench.diode_broken = True
    bench.plug_in().let(50).grant().let(60 + 1 + 49)
    assert bench.duty_e4 == 2_666
    bench.let(1)
    assert (bench.faults, bench.duty_e4) == ({"DiodeFault"}, STEADY_E4)


@pytest.mark.parametrize("agent_first", [True, False])
def test_a_missing_diode_is_mended_by_pulling_the_plug_once_the_agent_has_heard(
    bench: Bench, agent_first: bool
) -> None:
    bench.diode_broken = True
    bench.plug_in().grant().let(5_000)
    assert bench.faults == {"DiodeFault"}, "it latches while the vehicle is there"
    _ = bench.withdraw().unplug().let(19) if agent_first else bench.unplug().let(1_000)
    assert bench.faults == {"DiodeFault"}
    _ = bench.let(1) if agent_first else bench.withdraw()
    assert bench.faults == set()
    bench.diode_broken = False
    bench.charge()


def test_no_vehicle_has_no_diode_and_that_is_no_fault(bench: Bench) -> None:
    bench.plug_in().grant().let(200).unplug()
    for _ in range(30):
        bench.let(1).see(12_000, 12_000)
    assert bench.faults == set()


@pytest.mark.parametrize("pilot", ["A", "E", "F"])
def test_one_bad_sample_opens_at_once_and_is_no_fault(bench: Bench, pilot: str) -> None:
    bench.charge().vehicle_goes_to(pilot)
    assert not bench.closed
    bench.vehicle_goes_to("C").let(500)
    assert (bench.state.pilot.state, bench.faults, bench.duty_e4) == ("C", set(), 2_666)
    bench.let(600)
    assert bench.closed, "after its rest"


@pytest.mark.parametrize("pilot", ["E", "F"])
def test_a_torn_or_shorted_pilot_is_a_fault_as_long_as_it_stands(bench: Bench, pilot: str) -> None:
    bench.vehicle_goes_to(pilot).let(20)
    assert bench.faults == {"PilotFault"}
    bench.unplug().let(20)
    assert bench.faults == set()


def test_a_state_counts_when_it_has_stood_for_20_ms(bench: Bench) -> None:
    bench.vehicle_goes_to("B").let(19)
    assert bench.state.pilot.state == "A"
    bench.vehicle_goes_to("A").let(1).vehicle_goes_to("B").let(19)
    assert bench.state.pilot.state == "A"
    bench.let(1)
    assert bench.state.pilot.state == "B"


def test_noise_at_a_threshold_does_not_flicker(bench: Bench) -> None:
    bench.charge()
    for mv in (7_400, 7_600, 7_790, 4_300, 6_000) * 20:
        bench.ms += 1
        bench.see(mv)
    assert bench.closed


# time


def test_every_fault_is_told_in_its_time_when_nothing_else_happens() -> None:
    bench = Bench().charge()
    bench.welded = True
    bench.vehicle_goes_to("B").let(60_000)
    assert bench.when_ms["ContactorFailedToOpen"] == bench.when_ms["opened"] + MIRROR_MS
    bench = Bench()
    bench.diode_broken = True
    offered_ms = bench.plug_in().grant().let(100).when_ms["offer changed"]
    bench.let(60_000)
    assert bench.when_ms["DiodeFault"] == offered_ms + 1 + DIODE_MS
