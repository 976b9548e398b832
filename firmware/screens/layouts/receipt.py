"""The receipt: what was charged, for what, and why it ended."""

from collections.abc import Iterator

from firmware.core.customer_view import CustomerView
from firmware.screens import format as fmt
from firmware.screens.catalogue import fault_title
from firmware.screens.elements import Box, Element, Icon, Panel, Text
from firmware.screens.station import (
    AMBER,
    AMBER_SOFT,
    GREEN,
    GREEN_SOFT,
    INK,
    LINE,
    MUTED,
    WHITE,
    Station,
    footer,
)
from firmware.screens.texts import OTHER_REASON, REASONS, pick

_CARD = Box(28, 80, 744, 348)
_ROW_X, _ROW_W, _ROW_H = 400, 344, 76


def receipt(station: Station, view: CustomerView) -> Iterator[Element]:
    yield Panel(_CARD, WHITE, 18)
    yield from _bill(station, view)
    yield Panel(Box(370, 108, 2, 292), LINE)
    words = station.words
    rows = (
        (words.energy, fmt.kilowatt_hours(view.energy_dwh), "kWh"),
        (words.elapsed, fmt.elapsed(view.elapsed_ms), ""),
    )
    for number, (label, value, unit) in enumerate(rows):
        y = 100 + number * (_ROW_H + 4)
        yield Text(Box(_ROW_X, y, 140, _ROW_H), label, 22, MUTED)
        yield Text(
            Box(_ROW_X + 144, y, _ROW_W - 144, _ROW_H), value, 38, INK, bold=True, align="right", unit=unit
        )
        yield Panel(Box(_ROW_X, y + _ROW_H + 1, _ROW_W, 2), LINE)
    yield Text(Box(_ROW_X, 270, _ROW_W, 34), words.reason, 22, MUTED)
    yield Text(Box(_ROW_X, 306, _ROW_W, 76), reason(station, view), 28, INK, bold=True, lines=2)
    yield from footer(station, words.unplug_hint)


def _bill(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    settled = view.settled
    colour, soft = (GREEN, GREEN_SOFT) if settled else (AMBER, AMBER_SOFT)
    yield Panel(Box(52, 104, 64, 64), soft, 32)
    yield Icon(Box(64, 116, 40, 40), "tick" if settled else "clock", colour)
    title = words.receipt_title if view.energy_dwh else words.nothing_title
    yield Text(Box(132, 104, 226, 64), title, 32, INK, bold=True)
    if view.bill_minor is None:
        label, amount = words.to_charge, "--"
    elif view.bill_minor == 0:
        label, amount = words.nothing_charged, station.amount(0)
    else:
        label = words.charged if settled else words.to_charge
        amount = station.amount(view.bill_minor)
    yield Text(Box(52, 194, 306, 40), label, 25, MUTED)
    yield Text(Box(52, 234, 306, 96), amount, 68, INK, bold=True)
    state = words.settled if settled else words.settling if view.online else words.settling_offline
    yield Panel(Box(52, 350, 190, 46), soft, 23)
    yield Text(Box(66, 354, 162, 38), state, 22, colour, bold=True, align="center")


def reason(station: Station, view: CustomerView) -> str:
    """Return why the charge ended, in words: the fault if there was one, else the OCPP reason's."""
    if view.fault:
        return fault_title(view.fault, station.language)
    return pick(REASONS.get(view.stopped_reason or "Other", OTHER_REASON), station.language)
