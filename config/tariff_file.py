"""The shape of a tariff file: an OCPP 2.1 TariffType written in TOML (OCPP 2.1 part 2, data types).

Only names and types are looked at here; whether the station can price with it is for the core to say.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
HourOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
CalendarDay = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class _Group(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A table of the tariff, with OCPP's names; absent is None."""


class TaxRate(_Group, frozen=True, kw_only=True):
    """One tax on a dimension, in percent."""

    type: str
    tax: Decimal
    stack: int = 0
    custom_data: dict[str, Any] | None = None


TaxRates = Annotated[tuple[TaxRate, ...], Meta(max_length=5)]


class PriceConditions(_Group, frozen=True):
    """When a price applies."""

    start_time_of_day: HourOfDay | None = None
    end_time_of_day: HourOfDay | None = None
    day_of_week: tuple[Day, ...] = ()
    valid_from_date: CalendarDay | None = None
    valid_to_date: CalendarDay | None = None
    evse_kind: Literal["AC", "DC"] | None = None
    payment_brand: str | None = None
    payment_recognition: str | None = None
    min_energy: Decimal | None = None
    max_energy: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_time: int | None = None
    max_time: int | None = None
    min_charging_time: int | None = None
    max_charging_time: int | None = None
    min_idle_time: int | None = None
    max_idle_time: int | None = None
    custom_data: dict[str, Any] | None = None


class _Price(_Group, frozen=True):
    conditions: PriceConditions = PriceConditions()
    custom_data: dict[str, Any] | None = None


class EnergyPrice(_Price, frozen=True, kw_only=True):
    """A price per kWh, excluding tax."""

    price_kwh: Decimal


class TimePrice(_Price, frozen=True, kw_only=True):
    """A price per minute, excluding tax."""

    price_minute: Decimal


class FixedPrice(_Price, frozen=True, kw_only=True):
    """A price per transaction, excluding tax."""

    price_fixed: Decimal


class _Dimension(_Group, frozen=True):
    tax_rates: TaxRates = ()
    custom_data: dict[str, Any] | None = None


class Energy(_Dimension, frozen=True, kw_only=True):
    """What energy costs; the first price that applies wins."""

    prices: Annotated[tuple[EnergyPrice, ...], Meta(min_length=1)]


class Time(_Dimension, frozen=True, kw_only=True):
    """What time costs."""

    prices: Annotated[tuple[TimePrice, ...], Meta(min_length=1)]


class Fixed(_Dimension, frozen=True, kw_only=True):
    """What a transaction costs."""

    prices: Annotated[tuple[FixedPrice, ...], Meta(min_length=1)]


class Bound(_Group, frozen=True):
    """A least or a greatest cost."""

    excl_tax: Decimal | None = None
    incl_tax: Decimal | None = None
    tax_rates: TaxRates = ()
    custom_data: dict[str, Any] | None = None


class Description(_Group, frozen=True, kw_only=True):
    """What the driver reads of the tariff, in one language."""

    format: Literal["ASCII", "HTML", "URI", "UTF8", "QRCODE"]
    content: Annotated[str, Meta(max_length=1024)]
    language: Annotated[str, Meta(max_length=8)] | None = None
    custom_data: dict[str, Any] | None = None


class TariffFile(_Group, frozen=True, kw_only=True):
    """The whole file."""

    tariff_id: Annotated[str, Meta(min_length=1, max_length=60)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    description: Annotated[tuple[Description, ...], Meta(max_length=10)] = ()
    valid_from: str | None = None
    energy: Energy | None = None
    charging_time: Time | None = None
    idle_time: Time | None = None
    fixed_fee: Fixed | None = None
    reservation_time: Time | None = None
    reservation_fixed: Fixed | None = None
    min_cost: Bound | None = None
    max_cost: Bound | None = None
    custom_data: dict[str, Any] | None = None
