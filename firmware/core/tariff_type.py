"""OCPP 2.1 ``TariffType`` (a dict whose numbers are Decimal or int) → `tariff.Tariff`.

What the station cannot price exactly is refused with the status that OCPP has for it, never guessed.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from firmware.core.tariff import Conditions, Dimension, Price, Tariff

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KNOWN_CONDITIONS = {
    "startTimeOfDay", "endTimeOfDay", "dayOfWeek", "validFromDate", "validToDate", "customData"
}  # fmt: skip
_MAX_PRICES = 96
_OWN_DATA = "wattseal"


class TariffError(ValueError):
    """A tariff that the station cannot price; ``status`` is an OCPP TariffSetStatusEnumType value."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status


def parse(tariff: Mapping[str, Any]) -> Tariff:
    """Return the tariff of a TariffType. Raises TariffError with where and what."""
    for name in ("reservationTime", "reservationFixed"):
        if name in tariff:
            raise TariffError("Rejected", f"{name}: reservations are not sold by this station")
    if "validFrom" in tariff:
        raise TariffError("Rejected", "validFrom: send the tariff when it is to come into force")
    return Tariff(
        tariff_id=tariff["tariffId"],
        currency=tariff["currency"],
        energy=_dimension(tariff, "energy", "priceKwh"),
        charging_time=_dimension(tariff, "chargingTime", "priceMinute"),
        idle_time=_dimension(tariff, "idleTime", "priceMinute"),
        fixed_fee=_dimension(tariff, "fixedFee", "priceFixed"),
        min_cost_e4=_bound(tariff, "minCost"),
        max_cost_e4=_bound(tariff, "maxCost"),
        version=hashlib.sha256(canonical(tariff).encode()).hexdigest()[:16],
        text=tuple((text.get("language", ""), text["content"]) for text in tariff.get("description", ())),
    )


def canonical(tariff: Mapping[str, Any]) -> str:
    """Return the tariff's JSON with sorted keys, whole numbers as such, others as shortest decimal text."""
    return json.dumps(tariff, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_shortest)


def _shortest(value: object) -> int | str:
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
        return int(value) if whole else f"{value.normalize():f}"
    raise TypeError(f"{type(value).__name__} does not belong in a tariff")


def _dimension(tariff: Mapping[str, Any], name: str, key: str) -> Dimension | None:
    group = tariff.get(name)
    if group is None:
        return None
    if len(group["prices"]) > _MAX_PRICES:
        raise TariffError("TooManyElements", f"{name}.prices: {len(group['prices'])}, at most {_MAX_PRICES}")
    prices = (_price(item, key, f"{name}.prices[{index}]") for index, item in enumerate(group["prices"]))
    return Dimension(tuple(prices), _tax_e4(group, name))


def _price(item: Mapping[str, Any], key: str, where: str) -> Price:
    return Price(
        price_e5=_exact(item[key], 5, f"{where}.{key}"),
        service_e5=_service_e5(item, key, where),
        conditions=_conditions(item.get("conditions", {}), f"{where}.conditions"),
    )


def _service_e5(item: Mapping[str, Any], key: str, where: str) -> int:
    """Return the service fee inside an energy price, which customData keeps apart (ADR 0002)."""
    custom = item.get("customData", {})
    if custom.get("vendorId") != _OWN_DATA or "serviceKwh" not in custom:
        return 0
    service = _exact(custom["serviceKwh"], 5, f"{where}.customData.serviceKwh")
    electricity = _exact(custom.get("electricityKwh", 0), 5, f"{where}.customData.electricityKwh")
    if electricity + service != _exact(item[key], 5, where):
        raise TariffError("Rejected", f"{where}: electricityKwh and serviceKwh do not add up to {key}")
    return service


def _tax_e4(group: Mapping[str, Any], name: str) -> int:
    """Return the sum of tax rates in 1/100 percent; taxes on taxes (``stack``) are refused."""
    rates = group.get("taxRates", ())
    if any(rate.get("stack", 0) != 0 for rate in rates):
        raise TariffError("Rejected", f"{name}.taxRates: stacked taxes are not supported")
    return sum(_exact(rate["tax"], 2, f"{name}.taxRates") for rate in rates)


def _bound(tariff: Mapping[str, Any], name: str) -> int | None:
    bound = tariff.get(name)
    if bound is None:
        return None
    if "inclTax" not in bound:
        raise TariffError("Rejected", f"{name}: inclTax is missing")
    return _exact(bound["inclTax"], 4, f"{name}.inclTax")


def _exact(value: object, places: int, where: str) -> int:
    """Return a number in units of 10**-places. Raises TariffError when digits would be lost."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TariffError("Rejected", f"{where}: a number with its exact digits is needed")
    scaled = Decimal(value).scaleb(places)
    if not scaled.is_finite() or scaled != scaled.to_integral_value() or scaled < 0:
        raise TariffError("Rejected", f"{where}: {value} must be at least 0, with at most {places} decimals")
    return int(scaled)


def _conditions(conditions: Mapping[str, Any], where: str) -> Conditions:
    unknown = sorted(set(conditions) - _KNOWN_CONDITIONS)
    if unknown:
        raise TariffError("ConditionNotSupported", f"{where}: {', '.join(unknown)}")
    days = conditions.get("dayOfWeek")
    return Conditions(
        start_minute=_minute(conditions.get("startTimeOfDay"), where),
        end_minute=_minute(conditions.get("endTimeOfDay"), where),
        days=None if days is None else frozenset(_WEEKDAYS.index(day) + 1 for day in days),
        from_date=_ordinal(conditions.get("validFromDate"), where),
        to_date=_ordinal(conditions.get("validToDate"), where),
    )


def _minute(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
        raise TariffError("Rejected", f"{where}: {text} is no time of day, write 09:30")
    return int(hours) * 60 + int(minutes)


def _ordinal(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        raise TariffError("Rejected", f"{where}: {text} is no date, write 2026-01-31") from None
