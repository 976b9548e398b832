"""The backend's own prices: slots, tax, bounds, caps, and sums that are exact."""

import tomllib
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.csms.pricing import Bill, Interval, Tariff, TariffError, round_half_up

SHANGHAI = timezone(timedelta(hours=8))
SAMPLE = Path(__file__).parents[3] / "config/tariffs/chu_time_of_use.toml"
CHU = Tariff.from_ocpp(tomllib.loads(SAMPLE.read_text(), parse_float=Decimal))


def at(clock: str, day: str = "2026-06-01") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=SHANGHAI)


def tariff(**parts: Any) -> Tariff:
    return Tariff.from_ocpp({"tariffId": "t", "currency": "CNY", **parts})


def per_kwh(*prices: Any, **more: Any) -> dict[str, Any]:
    return {"energy": {"prices": list(prices), **more}}


def used(bill: Bill, begin: datetime, kwh: str = "0", minutes: int = 0, idle: int = 0) -> Bill:
    bill.add(Interval(begin, int(Decimal(kwh) * 10_000), minutes * 60_000, idle * 60_000))
    return bill


@pytest.mark.parametrize(
    ("clock", "price"),
    [
        ("00:00", "0.65"), ("06:59", "0.65"), ("07:00", "0.95"), ("07:59", "0.95"), ("08:00", "1.15"),
        ("09:59", "1.15"), ("10:00", "1.45"), ("11:59", "1.45"), ("12:00", "1.15"), ("13:59", "1.15"),
        ("14:00", "1.45"), ("18:59", "1.45"), ("19:00", "1.15"), ("22:59", "1.15"), ("23:00", "0.65"),
        ("23:59", "0.65"),
    ],
)  # fmt: skip
def test_the_sample_tariff_through_the_day(clock: str, price: str) -> None:
    assert CHU.energy.taxed(at(clock)) == Fraction(price)


def test_an_hour_of_the_sample_tariff() -> None:
    bill = used(Bill(CHU, at("10:00")), at("10:00"), "7", minutes=60)
    assert bill.cost_e4 == 118_500  # 7 × 1.45 + 60 × 0.02 + 0.50
    assert bill.total_minor == 1185


def test_each_side_of_a_slot_boundary_has_its_own_price() -> None:
    bill = Bill(CHU, at("11:30"))
    used(bill, at("11:30"), "1")
    used(bill, at("12:00"), "1")
    assert bill.energy_cost == Fraction("1.45") + Fraction("1.15")


def test_an_interval_has_the_price_of_its_begin() -> None:
    assert used(Bill(CHU, at("11:59")), at("11:59"), "1").energy_cost == Fraction("1.45")


def test_midnight_does_not_end_a_slot() -> None:
    bill = used(Bill(CHU, at("23:59")), at("23:59"), "1")
    assert used(bill, at("00:00", "2026-06-02"), "1").energy_cost == Fraction("1.30")


def test_idle_time_has_its_own_price() -> None:
    assert used(Bill(CHU, at("10:00")), at("10:00"), idle=10).cost_e4 == 5_000


def test_the_fixed_fee_waits_for_energy_and_is_due_once() -> None:
    bill = used(Bill(CHU, at("10:00")), at("10:00"), minutes=1)
    assert bill.cost_e4 == 200
    used(bill, at("10:01"), "0.0001")
    used(bill, at("10:02"), "0.0001")
    assert bill.fixed_cost == Fraction("0.5")


def test_the_fixed_fee_is_that_of_the_begin() -> None:
    night = {"priceFixed": Decimal("2"), "conditions": {"startTimeOfDay": "22:00", "endTimeOfDay": "06:00"}}
    prices = tariff(fixedFee={"prices": [night, {"priceFixed": 1}]})
    assert used(Bill(prices, at("05:59")), at("06:01"), "1").cost_e4 == 20_000


@pytest.mark.parametrize(
    ("conditions", "begin", "applies"),
    [
        ({"dayOfWeek": ["Saturday", "Sunday"]}, at("10:00", "2026-06-06"), True),
        ({"dayOfWeek": ["Saturday", "Sunday"]}, at("10:00", "2026-06-05"), False),
        ({"validFromDate": "2026-06-01"}, at("00:00", "2026-06-01"), True),
        ({"validFromDate": "2026-06-02"}, at("23:59", "2026-06-01"), False),
        ({"validToDate": "2026-06-02"}, at("23:59", "2026-06-01"), True),
        ({"validToDate": "2026-06-02"}, at("00:00", "2026-06-02"), False),
        ({"startTimeOfDay": "22:00"}, at("23:30"), True),
        ({"startTimeOfDay": "22:00"}, at("00:30"), False),
        ({"endTimeOfDay": "06:00"}, at("05:59"), True),
        ({"endTimeOfDay": "06:00"}, at("06:00"), False),
        ({"startTimeOfDay": "23:00", "endTimeOfDay": "00:00"}, at("23:30"), True),
        ({"startTimeOfDay": "23:00", "endTimeOfDay": "00:00"}, at("00:00"), False),
    ],
)
def test_conditions(conditions: dict[str, Any], begin: datetime, applies: bool) -> None:
    prices = tariff(**per_kwh({"priceKwh": 9, "conditions": conditions}, {"priceKwh": 1}))
    assert prices.energy.taxed(begin) == (9 if applies else 1)


def test_tax_is_added_by_dimension() -> None:
    vat = [{"type": "VAT", "tax": Decimal("13")}]
    time = {
        "chargingTime": {"prices": [{"priceMinute": Decimal("0.1")}], "taxRates": [{"type": "VAT", "tax": 6}]}
    }
    prices = tariff(**per_kwh({"priceKwh": 1}, taxRates=vat), **time)
    assert used(Bill(prices, at("10:00")), at("10:00"), "1", minutes=10).cost_e4 == 11_300 + 10_600


def test_the_minimum_is_due_only_with_energy() -> None:
    prices = tariff(**per_kwh({"priceKwh": 1}), minCost={"inclTax": 5})
    assert Bill(prices, at("10:00")).cost_e4 == 0
    assert used(Bill(prices, at("10:00")), at("10:00"), "1").cost_e4 == 50_000


def test_the_maximum_and_the_amount_paid_bound_the_bill() -> None:
    prices = tariff(
        **per_kwh({"priceKwh": 1}), maxCost={"exclTax": 20, "taxRates": [{"type": "VAT", "tax": 10}]}
    )
    assert used(Bill(prices, at("10:00")), at("10:00"), "50").cost_e4 == 220_000
    assert used(Bill(prices, at("10:00"), Fraction(10)), at("10:00"), "50").total_minor == 1000


def test_the_amount_paid_is_stronger_than_the_minimum() -> None:
    prices = tariff(**per_kwh({"priceKwh": 1}), minCost={"inclTax": 15})
    assert used(Bill(prices, at("10:00"), Fraction(10)), at("10:00"), "1").total_minor == 1000


@pytest.mark.parametrize(
    ("value", "rounded"), [("0.4999", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999", 2), ("7", 7)]
)
def test_halves_are_rounded_up(value: str, rounded: int) -> None:
    assert round_half_up(Fraction(value)) == rounded


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        (per_kwh({"priceKwh": 1, "conditions": {"minPower": 1}}), "energy.prices[0].conditions.minPower"),
        (per_kwh({"priceKwh": 1, "conditions": {"startTimeOfDay": "25:00"}}), '"25:00" is no time of day'),
        (per_kwh({"priceKwh": 1, "conditions": {"validFromDate": "soon"}}), '"soon" is no date'),
        (per_kwh({"priceMinute": 1}), "priceKwh is missing"),
        (per_kwh({"priceKwh": 1}, taxRates=[{"type": "a", "tax": 1, "stack": 1}]), "stacked taxes"),
        ({"reservationTime": {}}, "reservations"),
        (
            per_kwh(
                {
                    "priceKwh": 1,
                    "customData": {"electricityKwh": Decimal("0.4"), "serviceKwh": Decimal("0.5")},
                }
            ),
            "do not add up",
        ),
    ],
)
def test_a_tariff_that_cannot_be_priced_says_why(parts: dict[str, Any], named: str) -> None:
    with pytest.raises(TariffError) as refused:
        tariff(**parts)
    assert named in str(refused.value)


intervals = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 60_000), st.integers(0, 60_000)), min_size=1, max_size=60
)


@given(intervals, st.integers(0, 1439), st.none() | st.integers(1, 30))
def test_minutes_sum_exactly_to_the_bill_and_never_exceed_the_amount(
    usage: list[tuple[int, int, int]], start: int, amount: int | None
) -> None:
    begin = at("00:00") + timedelta(minutes=start)
    bill = Bill(CHU, begin, None if amount is None else Fraction(amount))
    minutes, before = [], bill.cost_e4
    for index, (energy, charging, idle) in enumerate(usage):
        bill.add(Interval(begin + timedelta(minutes=index), energy, charging, idle))
        minutes.append(bill.cost_e4 - before)
        before = bill.cost_e4
    assert all(minute >= 0 for minute in minutes)
    assert sum(minutes) == bill.cost_e4
    assert abs(bill.total_minor * 100 - bill.cost_e4) <= 50
    assert amount is None or bill.total_minor <= amount * 100


@given(intervals, st.integers(0, 1439))
def test_the_bill_does_not_depend_on_how_a_slot_is_cut(usage: list[tuple[int, int, int]], start: int) -> None:
    begin = at("00:00") + timedelta(minutes=start)
    cut, whole = Bill(CHU, begin), Bill(CHU, begin)
    for energy, charging, idle in usage:
        cut.add(Interval(begin, energy, charging, idle))
    whole.add(Interval(begin, *(sum(column) for column in zip(*usage, strict=True))))
    assert cut.cost_e4 == whole.cost_e4
