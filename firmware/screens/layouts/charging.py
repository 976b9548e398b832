"""Charging: how long it still takes, and what it is and costs so far."""

from collections.abc import Iterator

from firmware.core.customer_view import CustomerView
from firmware.screens import format as fmt
from firmware.screens.catalogue import note_text
from firmware.screens.elements import Box, Element, Icon, Panel, Ring, Text
from firmware.screens.station import (
    AMBER,
    GREEN,
    GREEN_SOFT,
    INK,
    MUTED,
    WHITE,
    Station,
    footer,
    metric,
)

_CARD = Box(28, 80, 348, 348)
_RING = _CARD.inset(18)


def charging(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    yield Ring(_RING, 20, _progress(view), GREEN_SOFT, GREEN)
    yield from _time(station, view)
    yield from metric(
        Box(392, 80, 380, 132), words.power, fmt.kilowatts(view.power_w), "kW", 66, GREEN, aside=116
    )
    yield Panel(Box(668, 104, 84, 84), GREEN_SOFT, 42)
    yield Icon(Box(668, 104, 84, 84).inset(20), "bolt", GREEN)
    yield from metric(Box(392, 224, 184, 108), words.energy, fmt.kilowatt_hours(view.energy_dwh), "kWh", 38)
    yield from metric(Box(588, 224, 184, 108), words.cost, station.cost(view.cost_e4), "", 38)
    yield Panel(Box(392, 344, 380, 84), WHITE, 14)
    yield Text(Box(410, 352, 150, 68), words.elapsed, 20, MUTED)
    yield Text(Box(566, 352, 188, 68), fmt.elapsed(view.elapsed_ms), 36, INK, bold=True, align="right")
    colour = MUTED if view.note is None else AMBER
    yield from footer(station, note_text(view.note, station.language, words.stop_hint), colour)


def _progress(view: CustomerView) -> int:
    """Return how much of what was paid is used, by the time or by the cost, in 1/1000."""
    by_cost = fmt.per_mille(view.cost_e4, view.paid_cost_e4)
    return max(by_cost, fmt.per_mille(view.elapsed_ms, view.paid_time_ms))


def _time(station: Station, view: CustomerView) -> Iterator[Element]:
    """The middle of the ring: the remaining time, or the time so far where nothing limits the charge."""
    words = station.words
    limited = view.paid_cost_e4 is not None or view.paid_time_ms is not None or view.remaining_ms is not None
    if not limited:
        label, time = words.charging, fmt.elapsed(view.elapsed_ms)
    elif view.paid_time_ms is not None and view.paid_cost_e4 is None:
        label, time = words.remaining, fmt.countdown(view.remaining_ms)
    else:
        label, time = words.remaining_estimated, fmt.countdown(view.remaining_ms)
    yield Text(Box(84, 176, 236, 38), label, 24, MUTED, align="center")
    yield Text(Box(76, 216, 252, 76), time, 54, INK, bold=True, align="center")
    yield Text(Box(104, 296, 196, 36), _paid(station, view), 21, GREEN, align="center")


def _paid(station: Station, view: CustomerView) -> str:
    words = station.words
    if view.remaining_ms is None and view.paid_cost_e4 is not None:
        return words.estimating
    if view.paid_cost_e4 is not None:
        return words.paid.format(amount=station.cost(view.paid_cost_e4))
    if view.paid_time_ms is not None:
        return words.paid_time.format(minutes=-(-view.paid_time_ms // 60_000))
    return ""
