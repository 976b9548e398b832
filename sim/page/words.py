"""Numbers and codes as people read them."""

from datetime import UTC, datetime
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


def stamp_ms(at: str) -> int:
    """Return milliseconds since 1970 of an ISO 8601 stamp; without a zone it is UTC."""
    moment = datetime.fromisoformat(at)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def milliseconds(value: float | None) -> str:
    """Return a wait as a person reads it: "38 ms", "1.24 s", or "–"."""
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def kwh(wh: float | None, digits: int = 3) -> str:
    """Return watt-hours as kilowatt-hours."""
    return "–" if wh is None else f"{float(wh) / 1000:.{digits}f}"
