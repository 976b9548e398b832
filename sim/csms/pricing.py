"""What usage costs by an OCPP 2.1 tariff: the backend's own calculation, held against the station's.

Usage comes as intervals between two records. Each is priced with the first price whose conditions match the
station's local time at the interval's start. Everything is a Fraction until a rounding that has a name.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

_KNOWN_CONDITIONS: Final = {
    "startTimeOfDay", "endTimeOfDay", "dayOfWeek", "validFromDate", "validToDate", "customData"
}  # fmt: skip
_DAY_MINUTES: Final = 24 * 60
_DWH_PER_KWH: Final = 10_000
_MS_PER_MINUTE: Final = 60_000


class TariffError(ValueError):
    """A tariff that this backend cannot price with; the text names the key."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Usage between two records: begin in the station's local time, 0.1 Wh, milliseconds."""

    begin: datetime
    energy_dwh: int
    charging_ms: int
    idle_ms: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a price applies; None is always. Minutes of the day; a span that ends before it begins wraps."""

    start: int | None
    end: int | None
    days: frozenset[str]
    from_date: date | None
    to_date: date | None

    def match(self, at: datetime) -> bool:
        """Tell whether they hold at a local time; the end of a span and the last date are exclusive."""
        return self._on(at.date()) and self._within(at.hour * 60 + at.minute)

    def _on(self, day: date) -> bool:
        named = not self.days or calendar.day_name[day.weekday()] in self.days
        begun = self.from_date is None or day >= self.from_date
        return named and begun and (self.to_date is None or day < self.to_date)

    def _within(self, minute: int) -> bool:
        start = 0 if self.start is None else self.start
        end = _DAY_MINUTES if self.end is None else self.end
        return start <= minute < end if start < end else minute >= start or minute < end


@dataclass(frozen=True, slots=True)
class Price:
    """An amount of the main unit without tax, per kWh, per minute or once; ``service`` is contained."""

    amount: Fraction
    service: Fraction
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Dimension:
    """The prices of one dimension in order, and the factor that adds its taxes."""

    prices: tuple[Price, ...] = ()
    tax_factor: Fraction = Fraction(1)

    def price_at(self, at: datetime) -> Price | None:
        """Return the first price that applies, None where nothing is charged."""
        return next((price for price in self.prices if price.conditions.match(at)), None)

    def taxed(self, at: datetime) -> Fraction:
        """Return the amount that applies, tax included, 0 where nothing is charged."""
        price = self.price_at(at)
        return price.amount * self.tax_factor if price else Fraction(0)


@dataclass(frozen=True, slots=True)
class Tariff:
    """An OCPP 2.1 TariffType. Bounds are in the main unit, tax included."""

    tariff_id: str
    currency: str
    energy: Dimension
    charging_time: Dimension
    idle_time: Dimension
    fixed_fee: Dimension
    min_cost: Fraction | None
    max_cost: Fraction | None
    text: Mapping[str, str]

    @classmethod
    def from_ocpp(cls, data: Mapping[str, Any]) -> "Tariff":
        """Read a TariffType whose numbers are int or Decimal. Raises TariffError."""
        for key in ("reservationTime", "reservationFixed"):
            if key in data:
                raise TariffError(f"{key}: reservations are not priced here, take it out of the tariff")
        return cls(
            tariff_id=data["tariffId"],
            currency=data["currency"],
            energy=_dimension(data, "energy", "priceKwh"),
            charging_time=_dimension(data, "chargingTime", "priceMinute"),
            idle_time=_dimension(data, "idleTime", "priceMinute"),
            fixed_fee=_dimension(data, "fixedFee", "priceFixed"),
            min_cost=_bound(data, "minCost"),
            max_cost=_bound(data, "maxCost"),
            text={item.get("language", ""): item["content"] for item in data.get("description", ())},
        )


class Bill:
    """The running bill of one transaction.

    ``cap`` is the amount the driver paid for, in the main unit; the bill never exceeds it.
    """

    def __init__(self, tariff: Tariff, begin: datetime, cap: Fraction | None = None) -> None:
        self.tariff = tariff
        self.energy_dwh = 0
        self.energy_cost = Fraction(0)
        self.time_cost = Fraction(0)
        self.idle_cost = Fraction(0)
        self._fixed = tariff.fixed_fee.taxed(begin)
        self._cap = cap

    def add(self, usage: Interval) -> None:
        """Take one more interval in."""
        tariff = self.tariff
        self.energy_dwh += usage.energy_dwh
        self.energy_cost += tariff.energy.taxed(usage.begin) * Fraction(usage.energy_dwh, _DWH_PER_KWH)
        self.time_cost += tariff.charging_time.taxed(usage.begin) * Fraction(
            usage.charging_ms, _MS_PER_MINUTE
        )
        self.idle_cost += tariff.idle_time.taxed(usage.begin) * Fraction(usage.idle_ms, _MS_PER_MINUTE)

    @property
    def fixed_cost(self) -> Fraction:
        """The fixed fee, due once energy has flowed."""
        return self._fixed if self.energy_dwh > 0 else Fraction(0)

    @property
    def cost_e4(self) -> int:
        """What it comes to so far in 1/10000 of the main unit, with tax, the tariff's bounds and the cap."""
        cost = self.energy_cost + self.time_cost + self.idle_cost + self.fixed_cost
        cost_e4 = round_half_up(cost * 10_000)
        if self.tariff.min_cost is not None and self.energy_dwh > 0:
            cost_e4 = max(cost_e4, round_half_up(self.tariff.min_cost * 10_000))
        for bound in (self.tariff.max_cost, self._cap):
            if bound is not None:
                cost_e4 = min(cost_e4, round_half_up(bound * 10_000))
        return cost_e4

    @property
    def total_minor(self) -> int:
        """The bill in the minor unit (1/100): the one rounding to it, half up."""
        return round_half_up(Fraction(self.cost_e4, 100))


def round_half_up(value: Fraction) -> int:
    """Return the nearest integer, halves upwards (costs are never negative)."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _dimension(data: Mapping[str, Any], name: str, key: str) -> Dimension:
    group = data.get(name)
    if group is None:
        return Dimension()
    prices = (_price(item, key, f"{name}.prices[{index}]") for index, item in enumerate(group["prices"]))
    taxes = group.get("taxRates", ())
    if any(rate.get("stack", 0) for rate in taxes):
        raise TariffError(f"{name}.taxRates: stacked taxes are not priced here")
    return Dimension(tuple(prices), 1 + sum((_exact(rate["tax"]) for rate in taxes), Fraction(0)) / 100)


def _price(item: Mapping[str, Any], key: str, where: str) -> Price:
    if key not in item:
        raise TariffError(f"{where}: {key} is missing")
    amount, custom = _exact(item[key]), item.get("customData", {})
    service = _exact(custom.get("serviceKwh", 0))
    if "serviceKwh" in custom and _exact(custom.get("electricityKwh", 0)) + service != amount:
        raise TariffError(f"{where}: electricityKwh and serviceKwh do not add up to {key}")
    return Price(amount, service, _conditions(item.get("conditions", {}), f"{where}.conditions"))


def _conditions(data: Mapping[str, Any], where: str) -> Conditions:
    for key in data.keys() - _KNOWN_CONDITIONS:
        raise TariffError(f"{where}.{key}: this condition is not priced here")
    return Conditions(
        start=_minute(data.get("startTimeOfDay"), where),
        end=_minute(data.get("endTimeOfDay"), where),
        days=frozenset(data.get("dayOfWeek", ())),
        from_date=_date(data.get("validFromDate"), where),
        to_date=_date(data.get("validToDate"), where),
    )


def _minute(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        raise TariffError(f'{where}: "{text}" is no time of day, write it as "07:30"') from None
    return clock.hour * 60 + clock.minute


def _date(text: str | None, where: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise TariffError(f'{where}: "{text}" is no date, write it as "2026-06-01"') from None


def _bound(data: Mapping[str, Any], name: str) -> Fraction | None:
    price = data.get(name)
    if price is None:
        return None
    if "inclTax" in price:
        return _exact(price["inclTax"])
    taxes = sum((_exact(rate["tax"]) for rate in price.get("taxRates", ())), Fraction(0))
    return _exact(price["exclTax"]) * (1 + taxes / 100)


def _exact(number: Decimal | int) -> Fraction:
    return Fraction(number)
