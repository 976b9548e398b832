"""Control pilot voltages to states: slow to believe that a vehicle asks, quick to believe that it stops."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.interlock.pilot import HYSTERESIS_MV, STABLE_MS, STATES, PilotState, classify

NOMINAL_MV = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000, "E": 0, "F": -12_000}


def standing(state: str) -> PilotState:
    return PilotState(state, state, 1_000)


@pytest.mark.parametrize("seen", [state for state in NOMINAL_MV if state != "C"])
def test_leaving_c_counts_with_the_first_sample(seen: str) -> None:
    """To D too: a vehicle that wants ventilation must not be fed without it (IEC 61851-1, A.5.3)."""
    assert standing("C").sampled(NOMINAL_MV[seen], 1_001).state == seen


@pytest.mark.parametrize("before", [state for state in NOMINAL_MV if state != "C"])
def test_c_counts_only_when_it_has_stood(before: str) -> None:
    pilot = standing(before).sampled(NOMINAL_MV["C"], 2_000)
    assert (pilot.state, pilot.due_ms()) == (before, 2_000 + STABLE_MS)
    assert pilot.sampled(NOMINAL_MV["C"], 2_000 + STABLE_MS - 1).state == before
    assert pilot.sampled(NOMINAL_MV["C"], 2_000 + STABLE_MS).state == "C"


def test_a_state_that_comes_and_goes_starts_again() -> None:
    pilot = standing("B").sampled(6_000, 2_000).sampled(9_000, 2_015).sampled(6_000, 2_016)
    assert pilot.sampled(6_000, 2_000 + STABLE_MS).state == "B"
    assert pilot.sampled(6_000, 2_016 + STABLE_MS).state == "C"


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
