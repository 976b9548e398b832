"""The screens that say one thing: a pictogram, a headline, a line below, and figures if there are any."""

from collections.abc import Iterator

from firmware.core.customer_view import CustomerView
from firmware.screens import format as fmt
from firmware.screens.catalogue import note_text
from firmware.screens.elements import Box, Colour, Element, Icon, Panel, Text
from firmware.screens.layouts.journey import CHARGE, PAY, PLUG, journey
from firmware.screens.station import (
    AMBER,
    AMBER_SOFT,
    BLUE,
    BLUE_SOFT,
    GREEN,
    GREEN_SOFT,
    INK,
    MARGIN,
    MUTED,
    WHITE,
    Station,
    footer,
    metric,
)

_CARD = Box(MARGIN, 80, 744, 348)
_UPPER_CARD = Box(MARGIN, 80, 744, 226)
_JOURNEY_Y = 326


def starting_up(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    yield from _message(words.starting_title, words.starting_hint, "power", BLUE, BLUE_SOFT, middle=254)
    yield from footer(station, "")


def paying(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    yield from _message(words.paying_title, words.paying_hint, "phone", BLUE, BLUE_SOFT)
    yield from journey(station, PAY, _JOURNEY_Y)
    yield from footer(station, "")


def preparing(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    yield from _message(words.preparing_title, words.preparing_hint, "unlock", GREEN, GREEN_SOFT)
    yield from journey(station, PLUG, _JOURNEY_Y)
    yield from footer(station, "")


def waiting(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    hint = note_text(view.note, station.language, words.waiting_hint)
    yield from _message(words.waiting_title, hint, "car", BLUE, BLUE_SOFT)
    yield from journey(station, CHARGE, _JOURNEY_Y)
    yield from footer(station, words.stop_hint)


def paused(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_UPPER_CARD, WHITE, 18)
    title = words.held_title if view.note == "WaitingForCurrent" else words.paused_title
    hint = note_text(view.note, station.language, words.paused_hint)
    yield from _message(title, hint, "pause", AMBER, AMBER_SOFT)
    yield from _figures(station, view)
    yield from footer(station, words.stop_hint)


def stopping(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_UPPER_CARD, WHITE, 18)
    yield from _message(words.stopping_title, words.stopping_hint, "stop", BLUE, BLUE_SOFT)
    yield from _figures(station, view)
    yield from footer(station, "")


def _message(
    title: str, hint: str, icon: str, colour: Colour, soft: Colour, middle: int = 196
) -> Iterator[Element]:
    """The badge, and the words at its right."""
    badge = Box(72, middle - 74, 148, 148)
    yield Panel(badge, soft, 74)
    yield Icon(badge.inset(36), icon, colour)
    column, width = 256, 488
    yield Text(Box(column, middle - 80, width, 80), title, 54, INK, bold=True)
    yield Text(Box(column, middle + 2, width, 72), hint, 27, MUTED, lines=2)


def _figures(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    y, width, gap, height = 318, 240, 12, 110
    figures = (
        (words.energy, fmt.kilowatt_hours(view.energy_dwh), "kWh"),
        (words.cost, station.cost(view.cost_e4), ""),
        (words.elapsed, fmt.elapsed(view.elapsed_ms), ""),
    )
    for number, (label, value, unit) in enumerate(figures):
        yield from metric(Box(MARGIN + number * (width + gap), y, width, height), label, value, unit)
