"""Exact prices: held against a calculation with fractions that shares nothing with the product."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.pricing import Cost, bill_minor, fixed_cost, prices_at, summary, total_e4
from firmware.core.tariff import LocalTime, Tariff, local_time
from firmware.core.tariff_type import parse

NOON = LocalTime(720, 1, 739_768)


def tariff(**groups: Any) -> Tariff:
    return parse({"tariffId": "t", "currency": "CNY", **groups})


def energy(*prices: tuple[str, str, str], tax: str = "0") -> dict[str, Any]:
    items = [
        {"priceKwh": Decimal(price), "conditions": {"startTimeOfDay": start, "endTimeOfDay": end}}
        for price, start, end in prices
    ]
    return {"prices": items, "taxRates": [{"type": "VAT", "tax": Decimal(tax)}]}


def half_up(value: Fraction, step: Fraction) -> int:
    return int((value / step + Fraction(1, 2)) // 1)


intervals = st.lists(
    st.tuples(
        st.integers(0, 100_000), st.integers(0, 3_600_000), st.integers(0, 600_000), st.integers(0, 1439)
    ),
    min_size=1,
    max_size=30,
)


@given(
    intervals,
    st.integers(0, 200_000),
    st.integers(0, 10_000),
    st.integers(0, 2500),
    st.none() | st.integers(1, 100) | st.integers(1, 10_000_000),
)
def test_the_cost_is_exact_and_the_minutes_add_up(
    spans: list[tuple[int, int, int, int]], price_e5: int, minute_e5: int, tax_e4: int, cap_e4: int | None
) -> None:
    tax = Decimal(tax_e4) / 100
    sold = tariff(
        energy={
            "prices": [
                {
                    "priceKwh": Decimal(price_e5) / 100_000,
                    "conditions": {"startTimeOfDay": "08:00", "endTimeOfDay": "20:00"},
                },
                {"priceKwh": Decimal(price_e5) / 200_000 if price_e5 % 2 == 0 else Decimal(1)},
            ],
            "taxRates": [{"type": "VAT", "tax": tax}],
        },
        chargingTime={"prices": [{"priceMinute": Decimal(minute_e5) / 100_000}]},
        idleTime={"prices": [{"priceMinute": Decimal("0.05")}]},
    )
    cost, exact, dwh, cumulative = Cost(), Fraction(0), 0, [0]
    night = Fraction(price_e5, 200_000) if price_e5 % 2 == 0 else Fraction(1)
    for energy_dwh, charging_ms, idle_ms, minute in spans:
        cost = cost.plus(prices_at(sold, LocalTime(minute, 1, 1)), energy_dwh, charging_ms, idle_ms)
        dwh += energy_dwh
        per_kwh = Fraction(price_e5, 100_000) if 480 <= minute < 1200 else night
        exact += per_kwh * Fraction(energy_dwh, 10_000) * (1 + Fraction(tax_e4, 10_000))
        exact += Fraction(minute_e5, 100_000) * Fraction(charging_ms, 60_000)
        exact += Fraction(5, 100) * Fraction(idle_ms, 60_000)
        cumulative.append(total_e4(sold, cost, dwh, cap_e4))

    expected = half_up(exact, Fraction(1, 10_000))
    if cap_e4 is not None:
        expected = min(expected, cap_e4)
    bill = summary(sold, cost, dwh, 0, 0, cap_e4)
    assert cumulative[-1] == expected == bill.total_e4
    assert sum(after - before for before, after in pairwise(cumulative)) == expected
    assert cumulative == sorted(cumulative)
    assert bill.total_minor == half_up(Fraction(expected, 10_000), Fraction(1, 100))


@pytest.mark.parametrize(
    ("minute", "price_e5"),
    [
        (479, 65_000),
        (480, 115_000),
        (599, 115_000),
        (600, 145_000),
        (1379, 95_000),
        (1380, 65_000),
        (0, 65_000),
    ],
)
def test_the_first_price_whose_hours_match_applies_and_hours_may_cross_midnight(
    minute: int, price_e5: int
) -> None:
    sold = tariff(
        energy=energy(
            ("1.15", "08:00", "10:00"),
            ("1.45", "10:00", "12:00"),
            ("0.65", "23:00", "08:00"),
            ("0.95", "00:00", "00:00"),
        )
    )
    assert prices_at(sold, LocalTime(minute, 1, 1)).energy.price_e5 == price_e5


def test_days_and_dates_narrow_a_price() -> None:
    sold = tariff(
        energy={
            "prices": [
                {"priceKwh": Decimal("0.5"), "conditions": {"dayOfWeek": ["Saturday", "Sunday"]}},
                {
                    "priceKwh": Decimal("0.7"),
                    "conditions": {"validFromDate": "2026-07-01", "validToDate": "2026-09-01"},
                },
                {"priceKwh": Decimal("0.9")},
            ]
        }
    )

    def price_on(utc_ms: int) -> int:
        return prices_at(sold, local_time(utc_ms, 480)).energy.price_e5

    assert price_on(1_782_518_400_000) == 50_000  # Saturday 2026-06-27
    assert price_on(1_782_864_000_000) == 70_000  # Wednesday 2026-07-01
    assert price_on(1_782_748_800_000) == 90_000  # Tuesday 2026-06-30
    assert price_on(1_782_835_200_000) == 70_000  # 2026-07-01 00:00 in China, still June in UTC


@pytest.mark.parametrize(
    ("cost_e4", "minor"),
    [(0, 0), (49, 0), (50, 1), (149_999, 1500), (150_000, 1500), (12_349, 123), (12_350, 124)],
)
def test_the_bill_is_rounded_half_up_to_the_minor_unit(cost_e4: int, minor: int) -> None:
    assert bill_minor(cost_e4) == minor


def test_the_minimum_is_due_only_when_energy_was_taken_and_the_maximum_always_holds() -> None:
    sold = tariff(
        energy=energy(("1", "00:00", "00:00")),
        idleTime={"prices": [{"priceMinute": 1}]},
        minCost={"inclTax": Decimal("2")},
        maxCost={"inclTax": Decimal("5")},
    )
    prices = prices_at(sold, NOON)

    assert total_e4(sold, Cost(), 0, None) == 0
    assert total_e4(sold, Cost().plus(prices, 0, 0, 3_600_000), 0, None) == 50_000
    assert total_e4(sold, Cost().plus(prices, 1, 0, 0), 1, None) == 20_000
    assert total_e4(sold, Cost().plus(prices, 90_000, 0, 0), 90_000, None) == 50_000
    assert total_e4(sold, Cost().plus(prices, 1, 0, 0), 1, 10_000) == 10_000, "what was paid bounds all"
    assert summary(sold, Cost().plus(prices, 1, 0, 0), 1, 0, 0, None).kind == "MinCost"


@pytest.mark.parametrize("cap_e4", [0, -10_000])
def test_a_limit_of_nothing_bills_nothing(cap_e4: int) -> None:
    sold = tariff(energy=energy(("1", "00:00", "00:00")))
    assert total_e4(sold, Cost().plus(prices_at(sold, NOON), 500, 0, 0), 500, cap_e4) == 0


def test_the_fixed_fee_and_the_service_fee_are_kept_apart() -> None:
    sold = parse(
        {
            "tariffId": "t",
            "currency": "CNY",
            "energy": {
                "prices": [
                    {
                        "priceKwh": Decimal("1.45"),
                        "customData": {
                            "vendorId": "wattseal",
                            "electricityKwh": Decimal("0.95"),
                            "serviceKwh": Decimal("0.5"),
                        },
                    }
                ]
            },
            "fixedFee": {"prices": [{"priceFixed": Decimal("0.5")}]},
        }
    )
    cost = Cost(fixed=fixed_cost(sold, NOON)).plus(prices_at(sold, NOON), 100_000, 0, 0)
    bill = summary(sold, cost, 100_000, 0, 0, None)

    assert (bill.energy_cost_e4, bill.service_cost_e4, bill.fixed_cost_e4) == (145_000, 50_000, 5_000)
    assert bill.total_minor == 1500
