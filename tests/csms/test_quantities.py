"""Numbers on the wire: exact digits out, limits never widened in."""

from decimal import Decimal

import pytest

from firmware.csms.quantities import floor, number, timestamp


@pytest.mark.parametrize(
    ("count", "places", "text"),
    [
        (123_456_789, 1, "12345678.9"),
        (0, 4, "0.0000"),
        (1, 4, "0.0001"),
        (-5, 2, "-0.05"),
        (1500, 2, "15.00"),
    ],
)
def test_a_number_is_written_with_its_decimals(count: int, places: int, text: str) -> None:
    assert str(number(count, places)) == text


@pytest.mark.parametrize(
    ("text", "places", "units"),
    [
        ("10", 4, 100_000),
        ("10.00005", 4, 100_000),
        ("29.99999999999999999999999999999999999999999", 4, 299_999),
        ("0", 1, 0),
        ("-0.00001", 4, -1),
        ("1E+999999999", 4, 10**22),
    ],
)
def test_a_limit_is_rounded_down(text: str, places: int, units: int) -> None:
    assert floor(Decimal(text), places) == units


def test_a_timestamp_is_utc_with_milliseconds() -> None:
    assert timestamp(1_780_279_200_007) == "2026-06-01T02:00:00.007Z"
