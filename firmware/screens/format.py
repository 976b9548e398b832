"""Energies, powers and times as people read them, from integers only."""

from firmware.core.units import round_half_up
from firmware.screens.money import decimals

UNKNOWN = "--"


def kilowatt_hours(energy_dwh: int | None) -> str:
    """Return tenths of a watt-hour as kWh with two digits after the point."""
    if energy_dwh is None:
        return UNKNOWN
    return _signed(round_half_up(energy_dwh, 100), 2)


def kilowatts(power_w: int | None) -> str:
    """Return watts as kW with one digit after the point."""
    if power_w is None:
        return UNKNOWN
    return _signed(round_half_up(power_w, 100), 1)


def elapsed(duration_ms: int | None) -> str:
    """Return whole seconds gone by as hh:mm:ss."""
    return _clock(duration_ms) if duration_ms is not None else "--:--:--"


def countdown(duration_ms: int | None) -> str:
    """Return the seconds left as hh:mm:ss, the begun second included: 00:00:00 only when it is over."""
    return _clock(duration_ms + 999) if duration_ms is not None else "--:--:--"


def short_countdown(duration_ms: int) -> str:
    """Return the seconds left as m:ss."""
    minutes, seconds = divmod(max(0, duration_ms + 999) // 1000, 60)
    return f"{minutes}:{seconds:02d}"


def per_mille(part: int | None, whole: int | None) -> int:
    """Return how much of ``whole`` is done in 1/1000, 0 to 1000; 0 where either is unknown."""
    if part is None or not whole or whole < 0:
        return 0
    return min(1000, max(0, part * 1000 // whole))


def _clock(duration_ms: int) -> str:
    minutes, seconds = divmod(max(0, duration_ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}"


def _signed(value: int, digits: int) -> str:
    return ("-" if value < 0 else "") + decimals(abs(value), digits)
