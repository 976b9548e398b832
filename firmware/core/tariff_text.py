"""A tariff in one line that a driver can read: OCMF's TT (FV 1.3, table 4), at most 250 characters.

    chu-night: energy 0.65 CNY/kWh 00:00-08:00, 1.42 CNY/kWh; idle 0.1 CNY/min; at most 50 CNY

The first price that applies counts; one without hours or days is for all others. Prices are without tax, as
in the tariff, and the tax stands beside them. The same tariff gives the same text. It explains; what was
agreed is the tariff that UI and UV name.
"""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import groupby

from firmware.core.tariff import Conditions, Dimension, Price, Tariff

MOST_CHARACTERS = 250
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CUT = "..."


def tariff_text(tariff: Tariff) -> str:
    """Return the tariff's text: each price where that fits, else what the prices range from and to."""
    text = _text(tariff, _each_price)
    if len(text) > MOST_CHARACTERS:
        text = _text(tariff, _price_range)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - len(_CUT)] + _CUT


def _text(tariff: Tariff, prices_text: Callable[[Dimension, str], str]) -> str:
    currency = tariff.currency
    dimensions = (
        ("energy", tariff.energy, f"{currency}/kWh"),
        ("charging", tariff.charging_time, f"{currency}/min"),
        ("idle", tariff.idle_time, f"{currency}/min"),
        ("fixed", tariff.fixed_fee, currency),
    )
    parts = [
        f"{name} {prices_text(dimension, unit)}{_tax(dimension)}"
        for name, dimension, unit in dimensions
        if dimension is not None and dimension.prices
    ]
    bounds = (("at least", tariff.min_cost_e4), ("at most", tariff.max_cost_e4))
    parts += [f"{name} {_decimal(bound, 4)} {currency}" for name, bound in bounds if bound is not None]
    return f"{tariff.tariff_id}: {'; '.join(parts) or 'free of charge'}"


def _each_price(dimension: Dimension, unit: str) -> str:
    """Return the prices in their order; neighbours that cost the same are one, with all their times."""
    neighbours = groupby(dimension.prices, lambda price: price.price_e5)
    return ", ".join(f"{_decimal(price_e5, 5)} {unit}{_times(prices)}" for price_e5, prices in neighbours)


def _times(prices: Iterable[Price]) -> str:
    times = [_when(price.conditions) for price in prices]
    return " or".join(times) if all(times) else ""


def _price_range(dimension: Dimension, unit: str) -> str:
    low, high = (_decimal(pick(price.price_e5 for price in dimension.prices), 5) for pick in (min, max))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit} by time"


def _when(conditions: Conditions) -> str:
    """Return when a price applies, in the station's local time: " 08:00-22:00 Mon Tue", or "" for always."""
    said = []
    if conditions.start_minute is not None or conditions.end_minute is not None:
        end = 1440 if conditions.end_minute is None else conditions.end_minute
        said.append(f"{_clock(conditions.start_minute or 0)}-{_clock(end)}")
    said += [_DAYS[day - 1] for day in sorted(conditions.days or ())]
    if conditions.from_date is not None:
        said.append(f"from {date.fromordinal(conditions.from_date)}")
    if conditions.to_date is not None:
        said.append(f"before {date.fromordinal(conditions.to_date)}")
    return "".join(f" {word}" for word in said)


def _tax(dimension: Dimension) -> str:
    return f" + {_decimal(dimension.tax_e4, 2)} % tax" if dimension.tax_e4 else ""


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _decimal(value: int, places: int) -> str:
    """Return an exact decimal without trailing zeros: 115000 of 1e-5 is 1.15."""
    whole, part = divmod(value, 10**places)
    digits = f"{part:0{places}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
