"""EVSEs on one supply: fair, never above what a phase carries, and nobody waits for ever."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.customer_view import Screen
from firmware.core.shares import Claim, fair_shares
from tests.core.garage import Garage

ALL, L1, L2 = (1, 2, 3), (1,), (2,)


def claim(evse: int, most: int = 32, usable: int = 80, phases: tuple[int, ...] = ALL) -> Claim:
    return Claim(evse, most * 1000, phases, usable * 1000)


def shares(supply_a: int, *claims: Claim) -> list[int]:
    """Return the shares in tenths of an ampere, in the order of the claims."""
    given = fair_shares(claims, dict.fromkeys(ALL, supply_a * 1000))
    return [given[each.evse] // 100 for each in claims]


def test_shares_are_equal() -> None:
    assert shares(32, claim(1), claim(2)) == [160, 160]
    assert shares(32, claim(1), claim(2), claim(3)) == [106, 106, 106]
    assert shares(100, claim(1), claim(2)) == [320, 320]


def test_what_one_cannot_use_the_others_get() -> None:
    assert shares(32, claim(1, most=13), claim(2)) == [130, 190]
    assert shares(32, claim(1, usable=8), claim(2)) == [80, 240]


def test_what_nobody_else_can_use_is_not_withheld() -> None:
    assert shares(32, claim(1, usable=8)) == [320]
    assert shares(64, claim(1, usable=8), claim(2)) == [320, 320]


def test_there_is_never_less_than_six_ampere_but_nothing() -> None:
    assert shares(13, claim(1), claim(2), claim(3)) == [65, 65, 0]
    assert shares(11, claim(1), claim(2)) == [110, 0]
    assert shares(5, claim(1)) == [0]


def test_phases_are_counted_each_for_itself() -> None:
    assert shares(32, claim(1, phases=L1), claim(2, phases=L2)) == [320, 320]
    assert shares(32, claim(1, phases=L1), claim(2, phases=L1), claim(3, phases=L2)) == [160, 160, 320]
    assert shares(32, claim(1, phases=ALL), claim(2, phases=L1)) == [160, 160]


def test_one_vehicle_has_the_whole_supply() -> None:
    garage = Garage(32_000, [ALL, ALL])
    garage.plug_in(1)
    garage.run(seconds=3)

    assert garage.permits() == [32_000, 0]
    assert garage.outlets[1].draw_ma == 32_000


def test_a_second_vehicle_is_let_in_only_when_the_first_has_made_room() -> None:
    garage = Garage(32_000, [ALL, ALL])
    garage.plug_in(1)
    garage.run(seconds=60)
    garage.plug_in(2)
    garage.run(seconds=2)
    assert garage.permits() == [16_000, 0], "lowered first"

    garage.run(seconds=10)
    assert garage.permits() == [16_000, 16_000]


def test_who_is_left_has_everything_again() -> None:
    garage = Garage(32_000, [ALL, ALL])
    garage.plug_in(1)
    garage.plug_in(2)
    garage.run(seconds=30)
    garage.unplug(1)
    garage.run(seconds=10)

    assert garage.permits() == [0, 32_000]


def test_a_share_that_a_vehicle_does_not_use_goes_to_the_other_and_comes_back_when_it_is_wanted() -> None:
    garage = Garage(32_000, [ALL, ALL])
    garage.plug_in(1, wants_ma=6_500)
    garage.plug_in(2)
    garage.run(seconds=90)
    assert garage.permits() == [9_000, 23_000]

    garage.outlets[1].wants_ma = 32_000
    garage.run(seconds=30)
    assert garage.permits() == [16_000, 16_000]


def test_limits_stand_still_while_vehicles_draw_evenly() -> None:
    garage = Garage(32_000, [ALL, ALL])
    garage.plug_in(1, wants_ma=10_000)
    garage.plug_in(2, wants_ma=17_500)
    garage.run(seconds=120)
    before = garage.permits()
    for _ in range(100):
        garage.run(seconds=3)
        assert garage.permits() == before


def test_single_phase_vehicles_on_turned_phases_do_not_disturb_each_other() -> None:
    garage = Garage(32_000, [L1, L2, (3,)])
    for evse in (1, 2, 3):
        garage.plug_in(evse)
    garage.run(seconds=10)

    assert garage.permits() == [32_000] * 3


def test_who_waits_has_its_turn_and_its_charge_does_not_end_meanwhile() -> None:
    garage = Garage(11_000, [ALL, ALL])
    garage.plug_in(1)
    garage.plug_in(2)
    garage.run(seconds=800)
    assert garage.permits() == [11_000, 0]

    assert garage.view(2).note == "WaitingForCurrent"

    garage.run(seconds=900)
    assert garage.permits() == [0, 11_000]
    assert (garage.view(1).screen, garage.view(1).note) == (Screen.PAUSED, "WaitingForCurrent")
    assert garage.view(2).note is None
    assert garage.ended() == []


def test_a_killed_agent_does_not_give_away_what_a_lease_still_holds() -> None:
    garage = Garage(32_000, [ALL, ALL])
    garage.plug_in(1)
    garage.run(seconds=60)
    garage.restart()
    garage.run(seconds=1)
    garage.plug_in(2)
    garage.run(seconds=30)

    assert garage.permits() == [16_000, 16_000]


def test_on_a_clock_that_runs_faster_a_vehicle_has_as_long_to_follow() -> None:
    """Billing time passes ten times as fast; the five seconds are the vehicle's."""
    garage = Garage(32_000, [ALL, ALL], physics_rate=10)
    garage.plug_in(1)
    garage.run(seconds=60)
    garage.plug_in(2)
    garage.run(seconds=45)
    assert garage.permits() == [16_000, 0]

    garage.run(seconds=15)
    assert garage.permits() == [16_000, 16_000]


evse = st.integers(1, 3)
action = st.one_of(
    st.tuples(st.just("plug in"), evse, st.integers(0, 40_000)),
    st.tuples(st.just("unplug"), evse, st.just(0)),
    st.tuples(st.just("draw"), evse, st.integers(0, 40_000)),
    st.tuples(st.just("restart"), evse, st.just(0)),
    st.tuples(st.just("wait"), evse, st.integers(1, 40)),
)
places = st.sampled_from([(1, 2, 3), (2, 3, 1), (1,), (2,), (3,)])


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 90), st.lists(places, min_size=3, max_size=3), st.lists(action, max_size=14))
def test_whatever_happens_no_phase_carries_too_much(
    supply_a: int, phases: list[tuple[int, ...]], actions: list[tuple[str, int, int]]
) -> None:
    garage = Garage(supply_a * 1000, phases)
    for what, number, value in actions:
        outlet = garage.outlets[number]
        match what:
            case "plug in" if outlet.wants_ma is None:
                garage.plug_in(number, value)
            case "unplug":
                garage.unplug(number)
            case "draw" if outlet.wants_ma is not None:
                outlet.wants_ma = value
            case "restart":
                garage.restart()
        garage.run(seconds=value if what == "wait" else 1.5)


@pytest.mark.parametrize(
    ("supply_a", "phases"), [(6, [ALL, ALL, ALL]), (13, [ALL, (2, 3, 1), L1]), (7, [ALL, L1, L2])]
)
def test_nobody_waits_for_ever(supply_a: int, phases: list[tuple[int, ...]]) -> None:
    garage = Garage(supply_a * 1000, phases)
    for number in (1, 2, 3):
        garage.plug_in(number)
    charged = set()
    for _ in range(3 * 900 // 30 + 4):
        garage.run(seconds=30, tick_ms=3_000)
        charged |= {number for number, outlet in garage.outlets.items() if outlet.draw_ma > 0}
    assert charged == {1, 2, 3}
