import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.board.load import Load
from sim.board.mains import NO_VOLTS, Volts
from sim.board.pilot import offered_a
from sim.board.vehicle import Vehicle

REACTION_MS = 200.0
MAINS: Volts = (230.0, 230.0, 230.0)
HAPPENINGS = ["plug", "unplug", "fill", "ready", "offer", "mains"]


def charging(max_w: float = 7200.0, load: Load | None = None, phases: int = 3) -> Vehicle:
    """A vehicle that has just closed S2 at 32 A and gets mains at 200 ms."""
    vehicle = Vehicle(max_w, phases, REACTION_MS, load)
    vehicle.plug_in(ready=True)
    vehicle.supply(32.0, NO_VOLTS)
    vehicle.advance(REACTION_MS)
    assert vehicle.s2_closed
    vehicle.supply(32.0, MAINS)
    return vehicle


@pytest.mark.parametrize(
    ("duty_e4", "ampere"),
    [(10_000, 0), (500, 0), (999, 0), (1000, 6), (5333, 31.998), (8500, 51), (9600, 80), (9601, 0), (0, 0)],
)
def test_duty_to_current_as_in_iec_61851(duty_e4: int, ampere: float) -> None:
    assert offered_a(duty_e4) == pytest.approx(ampere)


def test_it_takes_its_time_to_close_s2_and_never_without_an_offer() -> None:
    vehicle = Vehicle(7200, 3, REACTION_MS)
    vehicle.plug_in(ready=True)
    vehicle.advance(10_000)
    assert not vehicle.s2_closed
    vehicle.supply(32.0, NO_VOLTS)
    vehicle.advance(10_199)
    assert not vehicle.s2_closed
    vehicle.advance(10_200)
    assert vehicle.s2_closed


def test_an_hour_at_full_power_is_the_ramp_and_the_rest() -> None:
    vehicle = charging(7200)
    vehicle.advance(REACTION_MS + 3_600_000)
    assert vehicle.power_w == 7200
    assert vehicle.drawn_wh == pytest.approx(7200 - 7200 * 1.0 / 3600)  # the ramp of 2 s loses 1 s


def test_the_offer_limits_the_power() -> None:
    vehicle = charging(22_000)
    vehicle.supply(6.0, MAINS)
    vehicle.advance(60_000)
    assert vehicle.power_w == 6 * 230 * 3


def test_one_phase_takes_a_third() -> None:
    vehicle = charging(22_000, phases=1)
    vehicle.advance(60_000)
    assert vehicle.power_w == 32 * 230


def test_a_withdrawn_offer_ramps_down_in_a_second_and_then_opens_s2() -> None:
    vehicle = charging(7200)
    vehicle.advance(60_000)
    vehicle.supply(0.0, MAINS)
    vehicle.advance(60_999)
    assert vehicle.s2_closed
    assert 0 < vehicle.power_w < 10
    vehicle.advance(61_001)
    assert not vehicle.s2_closed
    assert vehicle.power_w == 0


def test_a_full_vehicle_tapers_off_and_stays_in_b_until_it_is_ready_again() -> None:
    vehicle = charging(7200)
    vehicle.advance(60_000)
    vehicle.fill()
    vehicle.advance(62_500)
    assert 3500 < vehicle.power_w < 3700
    vehicle.advance(600_000)
    assert not vehicle.s2_closed
    vehicle.set_ready(True)
    vehicle.advance(601_000)
    assert vehicle.s2_closed


@pytest.mark.parametrize("how", ["plug pulled", "contactor opened"])
def test_power_ends_at_once_without_plug_or_mains(how: str) -> None:
    vehicle = charging(7200)
    vehicle.advance(60_000)
    drawn_wh = vehicle.drawn_wh
    if how == "plug pulled":
        vehicle.unplug()
    else:
        vehicle.supply(32.0, NO_VOLTS)
    assert vehicle.power_w == 0
    vehicle.advance(600_000)
    assert vehicle.drawn_wh == drawn_wh


def test_a_recorded_load_is_replayed_and_ends_full() -> None:
    load = Load((0.0, 60_000.0, 120_000.0), (3600.0, 1800.0, 0.0))
    vehicle = charging(7200, load)
    vehicle.advance(REACTION_MS + 600_000)
    assert vehicle.drawn_wh == pytest.approx(60 + 30)
    assert vehicle.full
    assert not vehicle.s2_closed


def test_a_recorded_load_is_held_below_the_offer() -> None:
    vehicle = charging(7200, Load((0.0, 60_000.0), (7000.0, 0.0)))
    vehicle.supply(6.0, MAINS)
    vehicle.advance(30_000)
    assert vehicle.power_w == 6 * 230 * 3


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=40), st.sampled_from(["fill", "limit", "none"]))
def test_energy_does_not_depend_on_when_it_is_asked_for(steps: list[int], what: str) -> None:
    often, once = charging(7200), charging(7200)
    for vehicle in (often, once):
        vehicle.advance(1_000)
        if what == "fill":
            vehicle.fill()
        elif what == "limit":
            vehicle.supply(0.0, MAINS)
    at_ms = 1_000.0
    for step in steps:
        at_ms += step
        often.advance(at_ms)
    once.advance(at_ms)
    assert often.drawn_wh == pytest.approx(once.drawn_wh)
    assert often.s2_closed == once.s2_closed


@given(
    st.lists(
        st.tuples(st.integers(0, 3_000), st.sampled_from(HAPPENINGS)),
        max_size=60,
    )
)
def test_it_draws_only_with_plug_s2_and_mains_and_within_its_limits(
    story: list[tuple[int, str]],
) -> None:
    vehicle = Vehicle(7200, 3, REACTION_MS)
    at_ms, offer_a, mains = 0.0, 0.0, False
    for wait_ms, what in story:
        at_ms += wait_ms
        drawn_wh = vehicle.drawn_wh
        vehicle.advance(at_ms)
        assert drawn_wh <= vehicle.drawn_wh <= drawn_wh + 7200 * wait_ms / 3_600_000 + 1e-9
        offer_a = 32.0 - offer_a if what == "offer" else offer_a
        mains = mains ^ (what == "mains")
        {
            "plug": lambda: vehicle.plug_in(ready=True),
            "unplug": vehicle.unplug,
            "fill": vehicle.fill,
            "ready": lambda: vehicle.set_ready(True),
        }.get(what, lambda: None)()
        vehicle.supply(offer_a, MAINS if mains else NO_VOLTS)
        assert vehicle.power_w <= 7200
        assert vehicle.power_w == 0 or (vehicle.plugged and vehicle.s2_closed and mains)


def test_a_lost_phase_takes_its_current_away_at_once() -> None:
    vehicle = charging(7200)
    vehicle.advance(60_000)
    vehicle.supply(32.0, (230.0, 0.0, 230.0))
    assert vehicle.phase_power_w((230.0, 0.0, 230.0)) == pytest.approx((2400, 0, 2400))
    drawn_wh = vehicle.drawn_wh
    vehicle.advance(60_000 + 3_600_000)
    assert vehicle.drawn_wh - drawn_wh == pytest.approx(4800)
    vehicle.supply(32.0, MAINS)
    vehicle.advance(5_000_000)
    assert vehicle.power_w == 7200


def test_one_phase_uses_l1_alone() -> None:
    vehicle = charging(22_000, phases=1)
    vehicle.advance(60_000)
    assert vehicle.phase_power_w(MAINS) == (7360, 0, 0)
    vehicle.supply(32.0, (0.0, 230.0, 230.0))
    assert (vehicle.power_w, vehicle.phase_power_w((0.0, 230.0, 230.0))) == (0, (0, 0, 0))


def test_a_stubborn_vehicle_goes_on_without_an_offer_until_it_loses_voltage() -> None:
    vehicle = charging(7200)
    vehicle.behave(stubborn=True)
    vehicle.advance(60_000)
    vehicle.supply(0.0, MAINS)
    vehicle.advance(120_000)
    assert (vehicle.state, vehicle.power_w) == ("C", 7200)
    vehicle.supply(0.0, NO_VOLTS)
    vehicle.advance(180_000)
    assert (vehicle.state, vehicle.power_w) == ("C", 0)
    vehicle.unplug()
    vehicle.plug_in(ready=True)
    vehicle.supply(0.0, NO_VOLTS)
    vehicle.advance(240_000)
    assert vehicle.state == "B"


def test_a_vehicle_that_overdraws_takes_so_many_times_the_offer() -> None:
    vehicle = charging(7200)
    vehicle.behave(overdraw=1.5)
    vehicle.supply(16.0, MAINS)
    vehicle.advance(60_000)
    assert vehicle.power_w == 16 * 1.5 * 3 * 230
    vehicle.behave(overdraw=None)
    vehicle.advance(120_000)
    assert vehicle.power_w == 7200


def asleep() -> Vehicle:
    """A sleeping vehicle that has been offered 16 A for a minute and did not care."""
    vehicle = Vehicle(7200, 3, REACTION_MS)
    vehicle.behave(asleep=True)
    vehicle.plug_in(ready=True)
    vehicle.supply(16.0, NO_VOLTS)
    vehicle.advance(60_000)
    assert vehicle.state == "B"
    return vehicle


def test_state_f_wakes_a_sleeping_vehicle() -> None:
    vehicle = asleep()
    vehicle.supply(0.0, NO_VOLTS)
    vehicle.wake()
    vehicle.supply(16.0, NO_VOLTS)
    vehicle.advance(61_000)
    assert vehicle.state == "C"


def test_a_second_offer_wakes_a_sleeping_vehicle() -> None:
    vehicle = asleep()
    vehicle.supply(0.0, NO_VOLTS)
    vehicle.advance(61_000)
    assert vehicle.state == "B"
    vehicle.supply(16.0, NO_VOLTS)
    vehicle.advance(62_000)
    assert vehicle.state == "C"


def test_another_current_on_offer_does_not_wake_it() -> None:
    vehicle = asleep()
    vehicle.supply(32.0, NO_VOLTS)
    vehicle.advance(120_000)
    assert vehicle.state == "B"
