"""Tariffs as the station prices with them (OCPP 2.1 block I, TariffType), and the exact price of usage."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a price applies, in the station's local time; None is "always".

    ``start_minute`` and ``end_minute`` are minutes of the day, end exclusive; a span with end <= start
    crosses midnight. ``days`` holds ISO weekdays (1 Monday … 7 Sunday). ``from_date`` (inclusive) and
    ``to_date`` (exclusive) are proleptic ordinals (`datetime.date.toordinal`).
    """

    start_minute: int | None = None
    end_minute: int | None = None
    days: frozenset[int] | None = None
    from_date: int | None = None
    to_date: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """One price of a dimension, excluding tax: 1e-5 of the main unit per kWh, per minute or per transaction.

    ``service_e5`` is the service fee's part of an energy price (it is contained in ``price_e5``).
    """

    price_e5: int
    service_e5: int = 0
    conditions: Conditions = Conditions()


@dataclass(frozen=True, slots=True)
class Dimension:
    """The prices of one dimension in order (the first that applies wins) and their tax in 1/100 percent."""

    prices: tuple[Price, ...]
    tax_e4: int = 0


@dataclass(frozen=True, slots=True)
class Tariff:
    """An OCPP 2.1 tariff. Absent dimensions cost nothing. ``text`` is what the driver reads, by language.

    ``version`` starts the SHA-256 of the tariff's canonical JSON: an id may come again with new prices.
    ``min_cost_e4`` and ``max_cost_e4`` bound the bill including tax.
    """

    tariff_id: str
    currency: str
    energy: Dimension | None = None
    charging_time: Dimension | None = None
    idle_time: Dimension | None = None
    fixed_fee: Dimension | None = None
    min_cost_e4: int | None = None
    max_cost_e4: int | None = None
    version: str = ""
    text: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment on the station's wall clock: minute of the day, ISO weekday, proleptic day ordinal."""

    minute: int
    weekday: int
    ordinal: int


_EPOCH_ORDINAL = 719_163  # datetime.date(1970, 1, 1).toordinal(), a Thursday
_EPOCH_WEEKDAY = 4


def local_time(utc_ms: int, offset_min: int) -> LocalTime:
    """Return the wall clock's time at ``utc_ms`` where local time is ``offset_min`` ahead of UTC."""
    days, minute = divmod(utc_ms // 60_000 + offset_min, 1440)
    return LocalTime(minute, (days + _EPOCH_WEEKDAY - 1) % 7 + 1, days + _EPOCH_ORDINAL)


def applies(conditions: Conditions, at: LocalTime) -> bool:
    """Say whether a price applies at that time; hours that cross midnight belong to both days."""
    return (
        _in_hours(conditions.start_minute, conditions.end_minute, at.minute)
        and (conditions.days is None or at.weekday in conditions.days)
        and (conditions.from_date is None or at.ordinal >= conditions.from_date)
        and (conditions.to_date is None or at.ordinal < conditions.to_date)
    )


def _in_hours(start: int | None, end: int | None, minute: int) -> bool:
    start, end = start or 0, 1440 if end is None else end
    if start < end:
        return start <= minute < end
    return minute >= start or minute < end


_FREE = Price(0)


def price_at(dimension: Dimension | None, at: LocalTime) -> Price:
    """Return the first price that applies, or a price of nothing."""
    if dimension is None:
        return _FREE
    return next((price for price in dimension.prices if applies(price.conditions, at)), _FREE)
