"""Numbers on the wire: exact digits out, limits never widened in."""

from decimal import Decimal

import pytest

from firmware.csms.quantities import floor, number, parse, timestamp


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
        ("1E+999999999", 4, 10**23),
    ],
)
def test_a_limit_is_rounded_down(text: str, places: int, units: int) -> None:
    assert floor(Decimal(text), places) == units


def test_a_timestamp_is_utc_with_milliseconds() -> None:
    assert timestamp(1_780_279_200_007) == "2026-06-01T02:00:00.007Z"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.340", Decimal("12.340")),
        ("1.0", 1),
        ("1E5", 100_000),
        ("-0.0", 0),
        ("5.551115123125783e-17", Decimal("5.551115123125783e-17")),
        ("0E+999999", 0),
    ],
)
def test_a_number_is_read_exactly(text: str, value: int | Decimal) -> None:
    assert parse(text) == value
    assert isinstance(parse(text), type(value))


@pytest.mark.parametrize(
    "text",
    [
        "1E+999999999",
        "-1E+99999999",
        "1E-99999",
        "1E999999999999999999999",
        "1." + "9" * 28,
        "9" * 5000 + ".5",
    ],
)
def test_a_number_beyond_any_use_is_none(text: str) -> None:
    assert str(parse(text)) == "NaN"
