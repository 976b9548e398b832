"""Exact numbers between integers with a unit and the digits on the wire. No float comes near them."""

from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Context, Decimal, InvalidOperation

_FLOOR = Context(prec=60, rounding=ROUND_FLOOR)
_MOST_DIGITS = 28
_MOST_EXPONENT = 18
_LEAST_EXPONENT = -400
_LONGEST_TEXT = 512
_BEYOND_ANY_USE = Decimal(10) ** (_MOST_EXPONENT + 1)
NOT_A_NUMBER = Decimal("NaN")


def parse(text: str) -> int | Decimal:
    """Return a JSON number that has a point or an exponent, exactly; a whole one (``1.0``) as an int.

    One with more than 28 digits or of 1e19 and more is NaN, which no schema takes for a number: 1E+999999999
    is legal JSON and must not fill the memory.
    """
    if len(text) > _LONGEST_TEXT:
        return NOT_A_NUMBER
    try:
        value = Decimal(text)
    except InvalidOperation:
        return NOT_A_NUMBER
    if value.is_zero():
        return 0
    if (
        len(value.as_tuple().digits) > _MOST_DIGITS
        or not _LEAST_EXPONENT <= value.adjusted() <= _MOST_EXPONENT
    ):
        return NOT_A_NUMBER
    return int(value) if value == value.to_integral_value() else value


def number(count: int, places: int) -> Decimal:
    """Return ``count`` × 10**-``places`` with just those decimals (12340, 4 → 1.2340)."""
    return Decimal(count).scaleb(-places)


def floor(value: int | Decimal, places: int) -> int:
    """Return ``value`` in units of 10**-``places``, rounded down: a limit is never widened.

    A number beyond 1e19 counts as 1e19.
    """
    bounded = max(-_BEYOND_ANY_USE, min(_BEYOND_ANY_USE, Decimal(value)))
    return int(_FLOOR.to_integral_value(_FLOOR.scaleb(bounded, places)))


def timestamp(utc_ms: int) -> str:
    """Return RFC 3339 in UTC with milliseconds: ``2026-06-01T10:00:00.000Z``."""
    seconds, milliseconds = divmod(utc_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"
