"""Exact numbers between integers with a unit and the digits on the wire. No float comes near them."""

from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Context, Decimal

_FLOOR = Context(prec=40, rounding=ROUND_FLOOR)
_BEYOND_ANY_USE = Decimal(10) ** 18


def number(count: int, places: int) -> Decimal:
    """Return ``count`` × 10**-``places`` with just those decimals (12340, 4 → 1.2340)."""
    return Decimal(count).scaleb(-places)


def floor(value: int | Decimal, places: int) -> int:
    """Return ``value`` in units of 10**-``places``, rounded down: a limit is never widened.

    A number beyond 1e18 counts as 1e18 (1E+999999999 is legal JSON and must not fill the memory).
    """
    bounded = max(-_BEYOND_ANY_USE, min(_BEYOND_ANY_USE, Decimal(value)))
    return int(_FLOOR.to_integral_value(_FLOOR.scaleb(_FLOOR.plus(bounded), places)))


def timestamp(utc_ms: int) -> str:
    """Return RFC 3339 in UTC with milliseconds: ``2026-06-01T10:00:00.000Z``."""
    seconds, milliseconds = divmod(utc_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"
