"""Amounts as the driver reads them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.screens.money import format_e4, format_minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1500, "CNY", "¥15.00"),
        (5, "CNY", "¥0.05"),
        (0, "EUR", "€0.00"),
        (123456789, "USD", "$1234567.89"),
        (1500, "XYZ", "XYZ 15.00"),
        (-250, "GBP", "-£2.50"),
    ],
)
def test_a_bill_reads_as_its_currency_is_written(minor: int, currency: str, text: str) -> None:
    assert format_minor(minor, currency) == text


@pytest.mark.parametrize(
    ("cost_e4", "currency", "text"),
    [
        (23349, "CNY", "¥2.33"),
        (23350, "CNY", "¥2.34"),
        (49, "CNY", "¥0.00"),
    ],
)
def test_the_cost_so_far_is_rounded_half_up_to_the_minor_unit(cost_e4: int, currency: str, text: str) -> None:
    assert format_e4(cost_e4, currency) == text


@given(st.integers(0, 10**15))
def test_no_amount_is_more_than_half_a_fen_off(cost_e4: int) -> None:
    shown = Fraction(format_e4(cost_e4, "CNY").removeprefix("¥"))
    assert abs(shown - Fraction(cost_e4, 10_000)) <= Fraction(1, 200)
