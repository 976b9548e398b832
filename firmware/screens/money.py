"""Amounts of money as people read them, from integers only."""

from firmware.core.units import round_half_up

_SYMBOLS = {
    "AUD": "A$", "BRL": "R$", "CAD": "C$", "CHF": "CHF ", "CNY": "¥", "CZK": "Kč ", "DKK": "kr ", "EUR": "€",
    "GBP": "£", "HKD": "HK$", "INR": "₹", "JPY": "¥", "KRW": "₩", "MOP": "MOP$", "NOK": "kr ", "PLN": "zł ",
    "SEK": "kr ", "SGD": "S$", "THB": "฿", "TWD": "NT$", "USD": "$", "VND": "₫",
}  # fmt: skip
_MINOR_DIGITS = {"BHD": 3, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "OMR": 3, "TND": 3, "VND": 0}
"""Digits after the point where they are not two (ISO 4217)."""


def format_minor(minor: int, currency: str) -> str:
    """Return ``minor`` units (fen, cent) as an amount: 1500 of CNY is ``¥15.00``, of XYZ ``XYZ 15.00``."""
    digits = _MINOR_DIGITS.get(currency, 2)
    sign = "-" if minor < 0 else ""
    return sign + _SYMBOLS.get(currency, currency + " ") + decimals(abs(minor), digits)


def format_e4(amount_e4: int, currency: str) -> str:
    """Return 1/10000 of the main unit as an amount, rounded half up to the minor unit."""
    digits = _MINOR_DIGITS.get(currency, 2)
    return format_minor(round_half_up(amount_e4 * 10**digits, 10**4), currency)


def decimals(value: int, digits: int) -> str:
    """Return a non-negative ``value`` of 10^-digits as a decimal number."""
    if digits == 0:
        return str(value)
    whole, part = divmod(value, 10**digits)
    return f"{whole}.{part:0{digits}d}"
