"""Stamps and exact units. Energy and money are integers; the unit is in the name.

``dwh``  tenths of a watt-hour, 1e-4 kWh          ``e4``  1/10000 of the currency's main unit
``e5``   1e-5 of the main unit (a price's step)    ``minor``  the currency's minor unit (fen, cent)
"""

from dataclasses import dataclass
from typing import Literal

Trust = Literal["unsynchronised", "informative", "synchronised"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was known: ``mono_ms`` for durations, ``utc_ms`` for people, ``trust`` in the latter.

    ``offset_min`` is the station's local time minus UTC at that moment: tariff hours are local.
    """

    mono_ms: int
    utc_ms: int
    trust: Trust
    offset_min: int = 0


def round_half_up(numerator: int, denominator: int) -> int:
    """Return ``numerator / denominator`` rounded to the nearest integer, halves away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))
