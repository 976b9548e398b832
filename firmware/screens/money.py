"""Amounts of money as people read them, from integers only."""

from firmware.core.units import round_half_up

_SYMBOLS = {
    "AUD": "A$", "BRL": "R$", "CAD": "C$", "CHF": "CHF ", "CNY": "¥", "CZK": "Kč ", "DKK": "kr ", "EUR": "€",
    "GBP": "£", "HKD": "HK$", "INR": "₹", "MOP": "MOP$", "NOK": "kr ", "PLN": "zł ",
    "SEK": "kr ", "SGD": "S$", "THB": "฿", "TWD": "NT$", "USD": "$",
}  # fmt: skip
_MINOR_DIGITS = 2
"""All currencies that a site may sell in have hundredths (`config.rules`)."""


def format_minor(minor: int, currency: str) -> str:
    """Return ``minor`` units (fen, cent) as an amount: 1500 of CNY is ``¥15.00``, of XYZ ``XYZ 15.00``."""
    sign = "-" if minor < 0 else ""
    return sign + _SYMBOLS.get(currency, currency + " ") + decimals(abs(minor), _MINOR_DIGITS)


def format_e4(amount_e4: int, currency: str) -> str:
    """Return 1/10000 of the main unit as an amount, rounded half up to the minor unit."""
    return format_minor(round_half_up(amount_e4, 10 ** (4 - _MINOR_DIGITS)), currency)


def decimals(value: int, digits: int) -> str:
    """Return a non-negative ``value`` of 10^-digits as a decimal number."""
    if digits == 0:
        return str(value)
    whole, part = divmod(value, 10**digits)
    return f"{whole}.{part:0{digits}d}"
