"""Control pilot voltages to states: the standard's bands, and no flicker between them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.interlock.pilot import HYSTERESIS_MV, STATES, classify

NOMINAL_MV = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000, "E": 0, "F": -12_000}


@pytest.mark.parametrize("state", NOMINAL_MV)
@pytest.mark.parametrize("before", NOMINAL_MV)
def test_the_standards_voltage_with_its_volt_of_tolerance_is_that_state_whatever_was(
    state: str, before: str
) -> None:
    nominal_mv = NOMINAL_MV[state]
    assert {classify(mv, before) for mv in (nominal_mv - 1_000, nominal_mv, nominal_mv + 1_000)} == {state}


@pytest.mark.parametrize(("upper", "lower"), [*pairwise(STATES)], ids=lambda row: row[0])
@given(noise_mv=st.integers(1 - HYSTERESIS_MV, HYSTERESIS_MV - 1))
def test_noise_at_a_threshold_does_not_flicker(
    upper: tuple[str, int, str], lower: tuple[str, int, str], noise_mv: int
) -> None:
    threshold_mv = upper[1]
    assert classify(threshold_mv + noise_mv, upper[0]) == upper[0]
    assert classify(threshold_mv + noise_mv, lower[0]) == lower[0]
