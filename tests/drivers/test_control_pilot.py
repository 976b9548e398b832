"""The control pilot: what duty offers a current, and what the line says back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.control_pilot import STEADY_HIGH_E4, ControlPilot, duty_e4


class Line:
    """A pilot line: the duty it was told, the peaks it shows."""

    def __init__(self, high_mv: int = 9_000, low_mv: int = -12_000) -> None:
        self.duties: list[int] = []
        self.high, self.low = Peak(high_mv), Peak(low_mv)

    def set_duty(self, duty: int) -> None:
        self.duties.append(duty)


class Peak:
    def __init__(self, mv: int) -> None:
        self._mv = mv

    def read_mv(self) -> int:
        return self._mv


def read_by_a_vehicle_ma(duty: int) -> int:
    """What a vehicle takes a duty in 1/10000 for (IEC 61851-1, Table A.8), exactly."""
    return duty * 6 if duty <= 8_500 else (duty - 6_400) * 25


@pytest.mark.parametrize(
    ("amperes", "percent"),
    [(6, 10.00), (10, 16.66), (16, 26.66), (32, 53.33), (51, 85.00), (63, 89.20), (80, 96.00)],
)
def test_the_standards_duties(amperes: int, percent: float) -> None:
    assert duty_e4(amperes * 1000) == round(percent * 100)


@pytest.mark.parametrize("limit_ma", [-1, 0, 1, 5_999])
def test_below_6_a_there_is_nothing_to_offer(limit_ma: int) -> None:
    assert duty_e4(limit_ma) == STEADY_HIGH_E4


@pytest.mark.parametrize("limit_ma", [80_001, 125_000])
def test_more_than_80_a_is_offered_as_80_a(limit_ma: int) -> None:
    assert duty_e4(limit_ma) == duty_e4(80_000)


@given(st.integers(6_000, 80_000))
def test_a_vehicle_never_reads_more_than_is_permitted_nor_much_less(limit_ma: int) -> None:
    """Up to a duty of 85 % a vehicle reads the lower formula: just above 51 A nothing says exactly that."""
    short_ma = limit_ma - read_by_a_vehicle_ma(duty_e4(limit_ma))
    assert 0 <= short_ma < (1_525 if 51_000 < limit_ma < 52_525 else 26)


@given(st.integers(0, 100_000))
def test_no_duty_means_digital_communication_or_nothing_at_all(limit_ma: int) -> None:
    assert duty_e4(limit_ma) == STEADY_HIGH_E4 or 1_000 <= duty_e4(limit_ma) <= 9_600


def test_an_offer_goes_to_the_line_and_both_peaks_come_back() -> None:
    line = Line(high_mv=6_010, low_mv=-11_900)
    pilot = ControlPilot(line, line.high, line.low)
    pilot.offer(2_666)
    assert line.duties == [2_666]
    assert pilot.peaks_mv() == (6_010, -11_900)
