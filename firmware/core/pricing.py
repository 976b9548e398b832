"""What usage costs, exactly: integers from the register to the bill, rounded where a name says so.

Usage is cut into intervals by a transaction's records. An interval is priced with the prices in force on the
station's wall clock when it began; records are cut wherever a price changes, so an interval has one price.
The exact unit holds a price of 1e-5 times 0.1 Wh (1e-9) and times a millisecond (1/6e9) without remainder.
"""

from typing import NamedTuple

from firmware.core.entries import CostSummary
from firmware.core.tariff import Dimension, LocalTime, Price, Tariff, price_at
from firmware.core.units import round_half_up

EXACT = 6_000_000_000
"""Parts of one main unit in which untaxed costs are exact."""

_PER_ENERGY = EXACT // 1_000_000_000
_PER_FIXED = EXACT // 100_000
_TAXED = EXACT * 10_000
_E4 = 10_000
_MINOR_E4 = 100


class Prices(NamedTuple):
    """The prices in force at one moment."""

    energy: Price
    charging_time: Price
    idle_time: Price


def prices_at(tariff: Tariff, at: LocalTime) -> Prices:
    """Return the prices that an interval beginning then is charged with."""
    return Prices(
        price_at(tariff.energy, at), price_at(tariff.charging_time, at), price_at(tariff.idle_time, at)
    )


class Cost(NamedTuple):
    """Exact untaxed cost by dimension, in 1/`EXACT` of the main unit; ``energy`` contains ``service``."""

    energy: int = 0
    charging_time: int = 0
    idle_time: int = 0
    fixed: int = 0
    service: int = 0

    def plus(self, prices: Prices, energy_dwh: int, charging_ms: int, idle_ms: int) -> "Cost":
        """Return this cost with one more interval."""
        return Cost(
            self.energy + prices.energy.price_e5 * energy_dwh * _PER_ENERGY,
            self.charging_time + prices.charging_time.price_e5 * charging_ms,
            self.idle_time + prices.idle_time.price_e5 * idle_ms,
            self.fixed,
            self.service + prices.energy.service_e5 * energy_dwh * _PER_ENERGY,
        )


def fixed_cost(tariff: Tariff, at: LocalTime) -> int:
    """Return the fixed fee in exact parts; it is due once, as soon as energy has flowed."""
    return price_at(tariff.fixed_fee, at).price_e5 * _PER_FIXED


def total_e4(tariff: Tariff, cost: Cost, energy_dwh: int, cap_e4: int | None) -> int:
    """Return the cumulative cost with tax in 1/10000, within the tariff's bounds and never above ``cap_e4``.

    Rounded half up from the exact cost. The minimum is due only when energy was taken.
    """
    total = round_half_up(_taxed(tariff, cost) * _E4, _TAXED)
    total = _within(total, tariff.min_cost_e4 if energy_dwh > 0 else None, tariff.max_cost_e4)
    return _within(total, None, None if cap_e4 is None else max(0, cap_e4))


def bill_minor(cost_e4: int) -> int:
    """Return the bill in the minor unit: the one rounding to it, half up, of the final cumulative cost."""
    return round_half_up(cost_e4, _MINOR_E4)


def summary(
    tariff: Tariff, cost: Cost, energy_dwh: int, charging_ms: int, idle_ms: int, cap_e4: int | None
) -> CostSummary:
    """Return the bill in full. Parts are before the bounds; the total is what is charged."""
    plain = round_half_up(_taxed(tariff, cost) * _E4, _TAXED)
    total = total_e4(tariff, cost, energy_dwh, cap_e4)
    untaxed = cost.energy + cost.charging_time + cost.idle_time + cost.fixed
    taxed = _taxed(tariff, cost)
    return CostSummary(
        currency=tariff.currency,
        kind="NormalCost" if total == plain else "MinCost" if total > plain else "MaxCost",
        total_minor=bill_minor(total),
        total_e4=total,
        total_excl_tax_e4=round_half_up(total * untaxed * 10_000, taxed) if taxed else total,
        energy_cost_e4=round_half_up(cost.energy * _E4, EXACT),
        charging_time_cost_e4=round_half_up(cost.charging_time * _E4, EXACT),
        idle_time_cost_e4=round_half_up(cost.idle_time * _E4, EXACT),
        fixed_cost_e4=round_half_up(cost.fixed * _E4, EXACT),
        service_cost_e4=round_half_up(cost.service * _E4, EXACT),
        energy_dwh=energy_dwh,
        charging_ms=charging_ms,
        idle_ms=idle_ms,
    )


def _taxed(tariff: Tariff, cost: Cost) -> int:
    parts = (
        (cost.energy, tariff.energy),
        (cost.charging_time, tariff.charging_time),
        (cost.idle_time, tariff.idle_time),
        (cost.fixed, tariff.fixed_fee),
    )
    return sum(part * _with_tax(dimension) for part, dimension in parts if part)


def _with_tax(dimension: Dimension | None) -> int:
    return 10_000 + (dimension.tax_e4 if dimension else 0)


def _within(value: int, low: int | None, high: int | None) -> int:
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value
