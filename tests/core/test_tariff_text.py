"""A tariff as a driver reads it: exact, short enough for OCMF, the same every time."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firmware.core.tariff import Conditions, Dimension, Price, Tariff
from firmware.core.tariff_text import MOST_CHARACTERS, tariff_text
from firmware.core.tariff_type import parse
from tests.support.streams import TIME_OF_USE, WITH_EVERYTHING


def text(**parts: Any) -> str:
    return tariff_text(parse({"tariffId": "t", "currency": "CNY", **parts}))


def energy(*prices: dict[str, Any]) -> dict[str, Any]:
    return {"prices": [{"priceKwh": Decimal(1), **price} for price in prices]}


def test_a_driver_reads_the_prices_of_the_day() -> None:
    assert tariff_text(parse(TIME_OF_USE)) == (
        "chu-ac-2026-1: energy 1.45 CNY/kWh 10:00-12:00 or 14:00-19:00, 1.15 CNY/kWh 08:00-10:00 or"
        " 12:00-14:00 or 19:00-23:00, 0.65 CNY/kWh 23:00-07:00, 0.95 CNY/kWh; charging 0.02 CNY/min;"
        " idle 0.05 CNY/min; fixed 0.5 CNY"
    )


def test_days_dates_taxes_and_bounds_are_said() -> None:
    assert tariff_text(parse(WITH_EVERYTHING)) == (
        "everything: energy 1.23457 CNY/kWh 10:00-10:07, 0.5 CNY/kWh Sat before 2026-12-31,"
        " 2.5 CNY/kWh 23:00-10:00 + 19.25 % tax; charging 0.02001 CNY/min + 7 % tax; idle 0.1 CNY/min;"
        " fixed 0.35 CNY + 19 % tax; at least 1.25 CNY; at most 2.2 CNY"
    )
    assert text(
        energy=energy({"conditions": {"validFromDate": "2026-02-01", "startTimeOfDay": "22:00"}})
    ) == ("t: energy 1 CNY/kWh 22:00-24:00 from 2026-02-01")


def test_a_price_that_always_applies_hides_the_hours_of_an_equal_one_before_it() -> None:
    morning = {"conditions": {"startTimeOfDay": "06:00", "endTimeOfDay": "10:00"}}
    assert text(energy=energy(morning, {})) == "t: energy 1 CNY/kWh"


def test_nothing_to_pay_is_said() -> None:
    assert text() == "t: free of charge"


def test_more_prices_than_fit_are_a_range() -> None:
    hours = [
        {
            "priceKwh": Decimal(hour + 1) / 10,
            "conditions": {"startTimeOfDay": f"{hour:02d}:00", "endTimeOfDay": f"{(hour + 1) % 24:02d}:00"},
        }
        for hour in range(24)
    ]
    assert text(energy={"prices": hours}) == "t: energy 0.1 to 2.4 CNY/kWh by time"


CONDITIONS = st.builds(
    Conditions,
    start_minute=st.none() | st.integers(0, 1439),
    end_minute=st.none() | st.integers(0, 1439),
    days=st.none() | st.frozensets(st.integers(1, 7)),
    from_date=st.none() | st.integers(730_000, 750_000),
    to_date=st.none() | st.integers(730_000, 750_000),
)
DIMENSIONS = st.none() | st.builds(
    Dimension,
    prices=st.lists(
        st.builds(Price, price_e5=st.integers(0, 10**12), conditions=CONDITIONS), max_size=96
    ).map(tuple),
    tax_e4=st.integers(0, 10_000),
)
TARIFFS = st.builds(
    Tariff,
    tariff_id=st.text(max_size=60),
    currency=st.just("CNY"),
    energy=DIMENSIONS,
    charging_time=DIMENSIONS,
    idle_time=DIMENSIONS,
    fixed_fee=DIMENSIONS,
    min_cost_e4=st.none() | st.integers(0, 10**12),
    max_cost_e4=st.none() | st.integers(0, 10**12),
)


@given(TARIFFS)
def test_any_tariff_fits(tariff: Tariff) -> None:
    assert 0 < len(tariff_text(tariff)) <= MOST_CHARACTERS
