"""Energies, powers and times as the driver reads them."""

import pytest

from firmware.screens import format as fmt


@pytest.mark.parametrize(
    ("energy_dwh", "text"),
    [(20340, "2.03"), (20350, "2.04"), (0, "0.00"), (99, "0.01"), (123_456_789, "12345.68"), (None, "--")],
)
def test_energy_in_kwh(energy_dwh: int | None, text: str) -> None:
    assert fmt.kilowatt_hours(energy_dwh) == text


@pytest.mark.parametrize(
    ("power_w", "text"),
    [(7180, "7.2"), (49, "0.0"), (50, "0.1"), (22_000, "22.0"), (-120, "-0.1"), (None, "--")],
)
def test_power_in_kw(power_w: int | None, text: str) -> None:
    assert fmt.kilowatts(power_w) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "00:00:00"),
        (999, "00:00:00"),
        (3_599_999, "00:59:59"),
        (360_000_000, "100:00:00"),
        (None, "--:--:--"),
    ],
)
def test_time_gone_by(duration_ms: int | None, text: str) -> None:
    assert fmt.elapsed(duration_ms) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(3_600_000, "01:00:00"), (1, "00:00:01"), (0, "00:00:00"), (-5_000, "00:00:00"), (None, "--:--:--")],
)
def test_a_countdown_shows_zero_only_when_it_is_over(duration_ms: int | None, text: str) -> None:
    assert fmt.countdown(duration_ms) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"), [(60_000, "1:00"), (42_001, "0:43"), (0, "0:00"), (-1, "0:00")]
)
def test_the_time_left_to_plug_in(duration_ms: int, text: str) -> None:
    assert fmt.short_countdown(duration_ms) == text


@pytest.mark.parametrize(
    ("part", "whole", "progress"),
    [
        (0, 100, 0),
        (50, 100, 500),
        (100, 100, 1000),
        (150, 100, 1000),
        (-1, 100, 0),
        (5, 0, 0),
        (5, None, 0),
        (None, 5, 0),
    ],
)
def test_progress_stays_between_nothing_and_all(part: int | None, whole: int | None, progress: int) -> None:
    assert fmt.per_mille(part, whole) == progress
