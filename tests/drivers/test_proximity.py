"""The proximity contact: millivolts at the contact become the plug's resistor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.proximity import MOST_OHM, Proximity, resistance_ohm


class Contact:
    def __init__(self, mv: int) -> None:
        self._mv = mv

    def read_mv(self) -> int:
        return self._mv


@pytest.mark.parametrize("ohm", [100, 220, 680, 1_500, 4_700])
@pytest.mark.parametrize(("supply_mv", "pull_up_ohm"), [(3_300, 330), (5_000, 330), (12_000, 1_000)])
def test_the_codes_are_read_within_a_per_cent(ohm: int, supply_mv: int, pull_up_ohm: int) -> None:
    contact = Contact(round(supply_mv * ohm / (ohm + pull_up_ohm)))
    assert Proximity(contact, supply_mv, pull_up_ohm).read_ohm() == pytest.approx(ohm, rel=0.01)


@pytest.mark.parametrize("mv", [3_300, 3_301, 5_000])
def test_at_the_supplys_voltage_nothing_is_plugged_in(mv: int) -> None:
    assert resistance_ohm(mv, 3_300, 330) == MOST_OHM


@pytest.mark.parametrize("mv", [0, -40])
def test_at_earth_it_is_shorted(mv: int) -> None:
    assert resistance_ohm(mv, 3_300, 330) == 0


@given(st.integers(-20_000, 20_000), st.integers(1, 20_000), st.integers(1, 100_000))
def test_whatever_is_measured_is_a_resistance(mv: int, supply_mv: int, pull_up_ohm: int) -> None:
    assert 0 <= resistance_ohm(mv, supply_mv, pull_up_ohm) <= MOST_OHM


@given(st.integers(0, 3_299))
def test_more_voltage_is_more_resistance(mv: int) -> None:
    assert resistance_ohm(mv, 3_300, 330) <= resistance_ohm(mv + 1, 3_300, 330)
