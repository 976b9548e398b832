"""Numbers and codes as people read them."""

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

SIGNS = {"CNY": "¥", "JPY": "¥", "EUR": "€", "GBP": "£", "USD": "$"}
KINDS = {
    "B": "begin",
    "C": "minute",
    "T": "tariff",
    "S": "pause",
    "E": "end",
    "P": "power back",
    "L": "end",
    "R": "end",
    "A": "end",
}
"""OCMF transaction markers (TX) and, in a word, what the record stands for."""


def money(amount: object, currency: str) -> str:
    """Return an amount of the main unit with its currency's sign, as it came: ¥3.4200."""
    sign = SIGNS.get(currency)
    return f"{sign}{amount}" if sign else f"{amount} {currency}"


def local_time(utc_ms: int, zone: ZoneInfo) -> datetime:
    """Return a billing stamp as local time."""
    return datetime.fromtimestamp(utc_ms / 1000, zone)


def stamp_ms(at: Any) -> int | None:
    """Return milliseconds since 1970 of a stamp: a number, ISO 8601, or OCMF's ``2026-06-01T10:00:00,000+0800 S``."""
    if isinstance(at, (int, float)):
        return int(at)
    if not isinstance(at, str) or not at:
        return None
    text = at.split(" ")[0].replace(",", ".")
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=timezone(timedelta()))).timestamp() * 1000)


def milliseconds(value: float | None) -> str:
    """Return a wait as a person reads it: "38 ms", "1.24 s", or "–"."""
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def kwh(wh: float | None, digits: int = 3) -> str:
    """Return watt-hours as kilowatt-hours."""
    return "–" if wh is None else f"{float(wh) / 1000:.{digits}f}"
