"""Which map fits a meter: whether what it reads by the map can be true, and how much speaks for it. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from firmware.metering_cli.reading import Absent, Taken

LIVE_MV = 20_000
"""Below, a phase is not connected."""

_MAINS_MV = range(80_000, 300_001)
_MOST_DWH = 10**11  # ten million kWh
_MOST_MA = 2_000_000
_MOST_W = 1_000_000
_MOST_BETWEEN_DWH = 10_000  # between two readings one after the other
_LOADED_W = 100
_SLACK_W = 30
_SURE_BY = 3
_SHORTEST_SERIAL = 4


class Fit(NamedTuple):
    """A map by which a meter reads plausibly, and how many points speak for it."""

    name: str
    taken: Taken
    points: int


class Verdict(NamedTuple):
    """The maps that fit, the best first, and how sure that is, in words; ``best`` of them are alike."""

    fits: tuple[Fit, ...]
    best: int
    sure: str


def possible(taken: Taken) -> bool:
    """Can it be a meter at the mains, or is it something else's registers?"""
    sample = taken.sample
    volts, amperes = sample.voltage_mv or (), sample.current_ma or ()
    live = [mv for mv in volts if abs(mv) >= LIVE_MV]
    if volts and (not live or any(mv not in _MAINS_MV for mv in live)):
        return False
    power_w = abs(sample.power_w or 0)
    if sample.import_dwh > _MOST_DWH or power_w > _MOST_W or any(abs(ma) > _MOST_MA for ma in amperes):
        return False
    apparent_w = _apparent_w(taken)
    return apparent_w is None or power_w <= apparent_w * 11 // 10 + _SLACK_W


def follows(taken: Taken, later_dwh: int) -> bool:
    """Can this be the register a moment later?"""
    return 0 <= later_dwh - taken.sample.import_dwh <= _MOST_BETWEEN_DWH


def points(taken: Taken, tells_serial: bool, as_in_the_box: bool) -> int:
    """Return how much speaks for the map by which a meter was read.

    ``tells_serial``: the map has a register for the number on the plate. ``as_in_the_box``: the meter
    answered with the settings with which it is delivered.
    """
    found = _of_voltages(taken) + _of_load(taken) + _of_serial(taken, tells_serial)
    return found + (taken.sample.import_dwh > 0) + as_in_the_box


def verdict(fits: Iterable[Fit]) -> Verdict:
    """Order the maps that fit."""
    ordered = tuple(sorted(fits, key=lambda fit: -fit.points))
    if not ordered:
        return Verdict((), 0, "no map fits")
    best = [fit for fit in ordered if fit.points == ordered[0].points]
    if len(best) > 1:
        return Verdict(ordered, len(best), "these fit alike: the plate on the meter tells which it is")
    if len(ordered) == 1 or ordered[0].points - ordered[1].points >= _SURE_BY:
        return Verdict(ordered, 1, "sure")
    return Verdict(ordered, 1, "likely")


def _of_voltages(taken: Taken) -> int:
    """Mains voltage where the map says it is: the strongest sign that there is."""
    volts = taken.sample.voltage_mv or ()
    live = sum(mv >= LIVE_MV for mv in volts)
    return 3 * live + (live == len(volts) > 0)


def _of_load(taken: Taken) -> int:
    """Power is what voltage and current make it, when there is a load."""
    apparent_w = _apparent_w(taken)
    if apparent_w is None or apparent_w < _LOADED_W:
        return 0
    return 3 if abs(taken.sample.power_w or 0) >= apparent_w * 3 // 10 else 0


def _of_serial(taken: Taken, tells_serial: bool) -> int:
    if not tells_serial:
        return 0
    if isinstance(taken.serial, Absent):
        return -2
    return 3 if len(taken.serial) >= _SHORTEST_SERIAL and taken.serial.isalnum() else -1


def _apparent_w(taken: Taken) -> int | None:
    volts, amperes = taken.sample.voltage_mv, taken.sample.current_ma
    if not volts or not amperes:
        return None
    return sum(abs(mv * ma) for mv, ma in zip(volts, amperes, strict=False)) // 1_000_000
