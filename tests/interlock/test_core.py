"""The interlock of one EVSE: when the contactor may be closed, and what opens it."""

import pytest

from firmware.interlock.core import next_deadline_ms
from firmware.interlock.model import Rules, Sampled
from firmware.interlock.times import DUTY_GAP_MS, MAX_LEASE_MS, RAMP_MS
from tests.interlock.bench import STEADY_E4, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


# the way to energy


def test_plugged_in_and_permitted_it_locks_offers_and_closes_when_the_vehicle_asks(bench: Bench) -> None:
    bench.plug_in().let(30)
    assert (bench.duty_e4, bench.state.commands.lock) == (STEADY_E4, 0)
    bench.grant(amperes=16)
    assert (bench.duty_e4, bench.state.commands.lock) == (STEADY_E4, 1)
    bench.let(60)
    assert (bench.duty_e4, bench.state.commands.lock, bench.closed) == (2_666, 0, False)
    bench.vehicle_goes_to("C").let(19)
    assert not bench.closed
    bench.let(1)
    assert bench.closed
    bench.let(3_000)
    assert bench.faults == set()


@pytest.mark.parametrize("missing", ["lease", "vehicle", "lock", "state C"])
def test_it_does_not_close_without(bench: Bench, missing: str) -> None:
    bench.lock_jammed = missing == "lock"
    if missing != "vehicle":
        bench.plug_in()
    if missing != "lease":
        bench.grant()
    bench.let(200)
    if missing not in ("vehicle", "state C"):
        bench.vehicle_goes_to("C")
    bench.let(10_000)
    assert not bench.closed


def test_a_vehicle_that_wants_ventilation_gets_no_energy(bench: Bench) -> None:
    bench.plug_in().grant().let(200).vehicle_goes_to("D").let(5_000)
    assert (bench.closed, bench.duty_e4) == (False, 2_666)


def test_it_does_not_close_onto_a_vehicle_whose_diode_has_not_been_seen(bench: Bench) -> None:
    """Some vehicles ask before there is an offer: the first moment of PWM must not close yet."""
    bench.diode_broken = True
    bench.order_lock().let(200).plug_in().let(100).vehicle_goes_to("C").let(100)
    bench.grant().let(1_000)
    assert bench.closings == 0
    assert bench.faults == {"DiodeFault"}


def test_a_vehicle_that_asked_before_the_offer_is_served(bench: Bench) -> None:
    bench.plug_in().let(100).vehicle_goes_to("C").let(100).grant().let(200)
    assert bench.closed


def test_it_does_not_close_while_the_mirror_says_closed(bench: Bench) -> None:
    bench.mirror_open, bench.welded = False, True
    bench.plug_in().grant().let(200).vehicle_goes_to("C").let(20_000)
    assert not bench.closed


# what opens it


@pytest.mark.parametrize("pilot", ["A", "B", "D", "E", "F"])
def test_the_vehicle_leaves_c_and_the_contactor_opens_in_the_same_step(bench: Bench, pilot: str) -> None:
    bench.charge().vehicle_goes_to(pilot)
    assert not bench.closed


def test_the_emergency_stop_opens_in_the_same_step_and_takes_the_offer_back(bench: Bench) -> None:
    bench.charge().press_emergency_stop()
    assert (bench.closed, bench.duty_e4, bench.faults) == (False, STEADY_E4, {"EmergencyStop"})


def test_after_the_emergency_stop_only_a_new_permission_closes_again(bench: Bench) -> None:
    bench.charge().press_emergency_stop().let(50).release_emergency_stop()
    bench.grant().let(5_000)
    assert not bench.closed, "a renewal that was under way is no new permission"
    assert bench.faults == {"EmergencyStop"}, "nobody can say that it was not heard"
    bench.withdraw().let(50)
    assert bench.faults == set()
    bench.grant().let(5_000)
    assert bench.closed


def test_an_emergency_stop_while_the_agent_was_away_is_not_forgotten(bench: Bench) -> None:
    bench.charge().press_emergency_stop().let(50).release_emergency_stop()
    bench.agent_connects().grant().let(5_000)
    assert (bench.closed, bench.faults) == (False, {"EmergencyStop"})
    bench.withdraw().grant().let(5_000)
    assert bench.closed


def test_an_emergency_stop_between_charges_is_in_nobodys_way(bench: Bench) -> None:
    bench.press_emergency_stop().let(50).release_emergency_stop().charge()


def test_the_lease_runs_out_the_offer_is_taken_back_and_it_opens_6_s_later_under_load(bench: Bench) -> None:
    bench.charge().grant(seconds=15).let(14_999)
    assert (bench.closed, bench.duty_e4) == (True, 2_666)
    bench.let(1)
    assert (bench.closed, bench.duty_e4) == (True, STEADY_E4)
    bench.let(RAMP_MS - 1)
    assert bench.closed
    bench.let(1)
    assert not bench.closed


def test_a_renewed_lease_goes_on_without_a_gap(bench: Bench) -> None:
    bench.charge()
    for _ in range(10):
        bench.let(5_000).grant()
        assert (bench.closed, bench.duty_e4) == (True, 2_666)


def test_a_renewal_during_the_ramp_offers_again(bench: Bench) -> None:
    bench.charge().withdraw().let(3_000).grant().let(10_000)
    assert (bench.closed, bench.duty_e4) == (True, 2_666)


def test_a_withdrawn_permission_lets_the_vehicle_ramp_down_and_open_without_load(bench: Bench) -> None:
    bench.charge().withdraw()
    assert (bench.closed, bench.duty_e4) == (True, STEADY_E4)
    bench.let(1_500).vehicle_goes_to("B")
    assert not bench.closed


def test_no_lease_outlives_a_minute_whatever_the_agent_asks_for(bench: Bench) -> None:
    bench.charge().grant(seconds=4_000_000).let(MAX_LEASE_MS + RAMP_MS)
    assert not bench.closed


def test_a_lock_that_opens_under_load_opens_the_contactor(bench: Bench) -> None:
    bench.charge()
    bench.bolt_locked = False
    bench.sample()
    assert not bench.closed


def test_the_board_is_lost_and_the_permission_with_it(bench: Bench) -> None:
    bench.charge().lose_board()
    assert (bench.closed, bench.faults, bench.state.opened_at_ms) == (False, {"BoardLost"}, bench.ms)
    bench.grant().let(100).find_board().let(2_000)
    assert (bench.closed, bench.faults) == (False, {"BoardLost"})
    bench.withdraw().grant().let(2_000)
    assert (bench.closed, bench.faults) == (True, set())


def test_a_contactor_still_falling_when_the_board_comes_back_is_not_called_welded(bench: Bench) -> None:
    bench.charge().let(5_000).lose_board()
    bench.mirror_open = False
    bench.find_board().let(20)
    bench.mirror_open = True
    bench.let(3_000)
    assert bench.faults == {"BoardLost"}, "of which the agent has yet to take note"
    bench.withdraw().let(1)
    assert bench.faults == set()


def test_it_rests_a_second_between_opening_and_closing(bench: Bench) -> None:
    bench.charge().vehicle_goes_to("B").let(100).vehicle_goes_to("C").let(800)
    assert not bench.closed
    bench.let(100)
    assert bench.closed


# who may say what


def test_messages_late_or_twice_change_nothing(bench: Bench) -> None:
    bench.charge().withdraw(seq=100).grant(seq=99).grant(seq=100)
    assert (bench.state.leased_ma, bench.duty_e4) == (0, STEADY_E4)
    bench.grant(seq=101)
    assert bench.duty_e4 == 2_666


def test_a_new_connection_counts_from_the_start_and_leaves_the_lease(bench: Bench) -> None:
    bench.charge().grant(seq=5_000).agent_connects().let(100)
    assert bench.closed
    bench.withdraw(seq=1)
    assert bench.duty_e4 == STEADY_E4


def test_a_permission_given_while_a_fault_stands_is_void(bench: Bench) -> None:
    bench.plug_in().press_emergency_stop().grant().let(100).release_emergency_stop().let(100)
    assert (bench.state.leased_ma, bench.bolt_locked, bench.duty_e4) == (0, False, STEADY_E4)


# how much


@pytest.mark.parametrize(
    ("asked_a", "site_a", "duty"),
    [(16, 32, 2_666), (32, 32, 5_333), (63, 32, 5_333), (63, 16, 2_666), (6, 32, 1_000)],
)
def test_it_offers_what_is_permitted_and_never_more_than_the_site_allows(
    asked_a: int, site_a: int, duty: int
) -> None:
    bench = Bench(Rules(site_a * 1000)).plug_in().grant(asked_a).let(200)
    assert bench.duty_e4 == duty


@pytest.mark.parametrize("amperes", [0, 1, 5.999])
def test_below_6_a_nothing_is_offered_and_nothing_closes(bench: Bench, amperes: float) -> None:
    bench.plug_in().grant(amperes).let(200).vehicle_goes_to("C").let(200)
    assert (bench.duty_e4, bench.closed) == (STEADY_E4, False)


def test_the_permission_falls_below_6_a_and_the_charge_ramps_down(bench: Bench) -> None:
    bench.charge().let(6_000).grant(5)
    assert (bench.duty_e4, bench.closed) == (STEADY_E4, True)
    bench.let(RAMP_MS)
    assert not bench.closed


def test_offers_change_no_sooner_than_each_5_s(bench: Bench) -> None:
    bench.charge().let(6_000).grant(20)
    assert bench.duty_e4 == 3_333
    bench.let(1_000).grant(10).let(DUTY_GAP_MS - 1_001)
    assert bench.duty_e4 == 3_333
    bench.let(1)
    assert bench.duty_e4 == 1_666


def test_taking_the_offer_back_does_not_wait(bench: Bench) -> None:
    bench.charge().let(6_000).grant(20).let(100).withdraw()
    assert bench.duty_e4 == STEADY_E4


# what it reports


def test_it_remembers_when_the_contacts_moved(bench: Bench) -> None:
    bench.charge()
    closed_at_ms = bench.state.closed_at_ms
    bench.let(5_000).vehicle_goes_to("B")
    told_ms = bench.ms
    bench.let(500)
    assert bench.state.closed_at_ms == closed_at_ms
    assert bench.state.opened_at_ms == told_ms + 10


def test_every_time_limit_acts_by_itself_when_nothing_else_happens() -> None:
    bench = Bench().charge()
    start_ms = bench.ms
    bench.grant(seconds=15).let(60_000)
    assert bench.when_ms["offer changed"] == start_ms + 15_000
    assert bench.when_ms["opened"] == start_ms + 15_000 + RAMP_MS
    bench = Bench().charge().grant(20)
    changed_ms = bench.when_ms["offer changed"]
    bench.let(10_000)
    assert bench.when_ms["offer changed"] == changed_ms + DUTY_GAP_MS


def test_it_names_its_next_deadline_and_none_when_nothing_is_due(bench: Bench) -> None:
    bench.let(60_000)
    assert next_deadline_ms(bench.state) is None
    bench.vehicle_goes_to("B")
    assert next_deadline_ms(bench.state) == bench.ms + 20


def test_time_does_not_run_back(bench: Bench) -> None:
    bench.charge().withdraw().let(RAMP_MS)
    bench.step(Sampled(0, 6_000, -12_000, mirror_open=False, locked=True, emergency_stop=False))
    assert not bench.closed
