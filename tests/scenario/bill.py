"""The bill calculated once more, from the sealed records and the tariff file alone.

Written for the tests from the tariff's meaning, with fractions and no code of firmware or simulator: each
interval between two records is priced at the price in force at its beginning, local time.
"""

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reading:
    """What one record says that a bill depends on."""

    at: datetime
    kind: str
    register_wh: Fraction
    charging_min: Fraction
    idle_min: Fraction
    stated_cost: Fraction
    transaction: str


def readings(records: Path) -> dict[str, list[Reading]]:
    """Return the readings of each transaction in a records.ocmf, in order."""
    found: dict[str, list[Reading]] = {}
    for line in records.read_text().splitlines():
        payload = json.loads(line.split("|")[1], parse_float=Fraction, parse_int=Fraction)
        (reading,) = payload["RD"]
        found.setdefault(payload["UT"], []).append(
            Reading(
                at=datetime.strptime(reading["TM"].split()[0], "%Y-%m-%dT%H:%M:%S,%f%z"),
                kind=reading["TX"],
                register_wh=Fraction(reading["RV"]) * 1000,
                charging_min=payload["UD"] / 60_000,
                idle_min=payload["UW"] / 60_000,
                stated_cost=Fraction(payload["UC"]),
                transaction=payload["UT"],
            )
        )
    return found


def tariff_from(path: Path) -> dict[str, Any]:
    """Return a tariff file with its prices as exact fractions."""
    return tomllib.loads(path.read_text(), parse_float=Fraction)


def costs(tariff: dict[str, Any], charge: list[Reading], cap: int | None = None) -> list[Fraction]:
    """Return the cost after each reading, taxes included, in 1/10000 of the main unit exactly as sealed."""
    begin = charge[0]
    total, result = Fraction(0), [Fraction(0)]
    once = _price(tariff, "fixedFee", "priceFixed", begin.at)
    for before, after in pairwise(charge):
        energy_kwh = (after.register_wh - before.register_wh) / 1000
        total += energy_kwh * _price(tariff, "energy", "priceKwh", before.at)
        charging = after.charging_min - before.charging_min
        total += charging * _price(tariff, "chargingTime", "priceMinute", before.at)
        total += (after.idle_min - before.idle_min) * _price(tariff, "idleTime", "priceMinute", before.at)
        fee = once if after.register_wh > begin.register_wh else 0
        cost = half_up(total + fee, Fraction(1, 10_000))
        result.append(cost if cap is None else min(cost, Fraction(cap)))
    return result


def half_up(value: Fraction, step: Fraction) -> Fraction:
    """Round a value of zero or more to a multiple of ``step``, halves up."""
    return (value / step + Fraction(1, 2)).__floor__() * step


def _price(tariff: dict[str, Any], group: str, name: str, at: datetime) -> Fraction:
    """Return the first price whose hours match, with the group's taxes; zero if there is no such group."""
    taxed = (
        1
        + sum((Fraction(rate["tax"]) for rate in tariff.get(group, {}).get("taxRates", [])), Fraction(0))
        / 100
    )
    for price in tariff.get(group, {}).get("prices", []):
        hours = dict(price.get("conditions", {}))
        start, end = hours.pop("startTimeOfDay", "00:00"), hours.pop("endTimeOfDay", "24:00")
        assert not hours, f"this calculation does not know the conditions {sorted(hours)}"
        now = at.strftime("%H:%M")
        if (start <= now < end) if start < end else (now >= start or now < end):
            return Fraction(price[name]) * taxed
    return Fraction(0)
