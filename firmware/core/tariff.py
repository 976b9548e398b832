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
    text: tuple[tuple[str, str], ...] = ()
