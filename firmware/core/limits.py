"""When what was bought is used up: at once the display's remaining time and the core's deadline."""

from firmware.core.events import Limit
from firmware.core.pricing import Cost, Prices, fixed_cost, total_e4
from firmware.core.state import Evse, Transaction
from firmware.core.tariff import Dimension, local_time
from firmware.core.units import round_half_up

_MS_PER_HOUR = 3_600_000


def is_nothing(limit: Limit) -> bool:
    """Say whether a limit leaves nothing to charge."""
    return any(part is not None and part <= 0 for part in (limit.cost_e4, limit.energy_dwh, limit.time_ms))


def energy_dwh(transaction: Transaction, import_dwh: int) -> int:
    """Return the energy since the begin register."""
    return 0 if transaction.begin_dwh is None else import_dwh - transaction.begin_dwh


def exact_cost(transaction: Transaction, import_dwh: int) -> Cost:
    """Return the exact cost of everything used up to this register and the time counted so far."""
    mark = transaction.mark
    if mark is None:
        return Cost()
    cost = mark.cost.plus(
        mark.prices,
        import_dwh - mark.import_dwh,
        transaction.charging_ms - mark.charging_ms,
        transaction.idle_ms - mark.idle_ms,
    )
    begin_at, tariff = transaction.begin_at, transaction.start.tariff
    fee_is_due = tariff.fixed_fee is not None and cost.fixed == 0 and energy_dwh(transaction, import_dwh) > 0
    if fee_is_due and begin_at is not None:
        fee = fixed_cost(tariff, local_time(begin_at.utc_ms, begin_at.offset_min))
        return Cost(cost.energy, cost.charging_time, cost.idle_time, fee, cost.service)
    return cost


def cost_e4(transaction: Transaction, import_dwh: int) -> int:
    """Return the cumulative cost in 1/10000, tax included, never above a cost limit."""
    return total_e4(
        transaction.start.tariff,
        exact_cost(transaction, import_dwh),
        energy_dwh(transaction, import_dwh),
        transaction.limit.cost_e4 if transaction.limit else None,
    )


def reached(transaction: Transaction, evse: Evse, now_ms: int) -> str:
    """Return the OCPP trigger reason of the limit that is used up by ``now_ms``, or ""."""
    limit = transaction.limit
    if limit is None or transaction.mark is None:
        return ""
    if limit.time_ms is not None and transaction.used_ms >= limit.time_ms:
        return "TimeLimitReached"
    for trigger, left_ms in (
        ("CostLimitReached", _cost_left_ms(transaction, evse, limit)),
        ("EnergyLimitReached", _energy_left_ms(transaction, evse, limit)),
    ):
        if left_ms is not None and evse.reading and evse.reading.at.mono_ms + left_ms <= now_ms:
            return trigger
    return ""


def remaining_ms(transaction: Transaction, evse: Evse, now_ms: int) -> int | None:
    """Return how long charging can go on: exact for a time, at the present power for amount and energy."""
    limit = transaction.limit
    if limit is None:
        return None
    lefts = [] if limit.time_ms is None else [limit.time_ms - transaction.used_ms]
    if evse.reading is not None:
        since = now_ms - evse.reading.at.mono_ms
        estimates = (_cost_left_ms(transaction, evse, limit), _energy_left_ms(transaction, evse, limit))
        lefts += [left - since for left in estimates if left is not None]
    return max(0, min(lefts)) if lefts else None


def _cost_left_ms(transaction: Transaction, evse: Evse, limit: Limit) -> int | None:
    if limit.cost_e4 is None or transaction.mark is None or evse.reading is None:
        return None
    left_e4 = limit.cost_e4 - cost_e4(transaction, evse.reading.import_dwh)
    if left_e4 <= 0:
        return 0
    rate = _rate_e8_per_hour(transaction, transaction.mark.prices, evse)
    return left_e4 * 10_000 * _MS_PER_HOUR // rate if rate else None


def _energy_left_ms(transaction: Transaction, evse: Evse, limit: Limit) -> int | None:
    if limit.energy_dwh is None or evse.reading is None:
        return None
    left_dwh = limit.energy_dwh - energy_dwh(transaction, evse.reading.import_dwh)
    if left_dwh <= 0:
        return 0
    return left_dwh * (_MS_PER_HOUR // 10) // evse.power_w if evse.power_w and evse.contactor_closed else None


def _rate_e8_per_hour(transaction: Transaction, prices: Prices, evse: Evse) -> int:
    """Return what an hour at the present power costs, in 1e-8 of the main unit, tax included."""
    tariff = transaction.start.tariff
    if not evse.contactor_closed:
        return _taxed(prices.idle_time.price_e5 * 60_000, tariff.idle_time)
    power = _taxed(prices.energy.price_e5 * (evse.power_w or 0), tariff.energy)
    return power + _taxed(prices.charging_time.price_e5 * 60_000, tariff.charging_time)


def _taxed(cost: int, dimension: Dimension | None) -> int:
    return round_half_up(cost * (10_000 + (dimension.tax_e4 if dimension else 0)), 10_000)
