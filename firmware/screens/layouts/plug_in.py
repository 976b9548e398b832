"""Plug in: what to do as a picture, and how long there is."""

from collections.abc import Iterator

from firmware.core.customer_view import CustomerView
from firmware.screens import format as fmt
from firmware.screens.elements import Box, Element, Icon, Panel, Text
from firmware.screens.layouts.journey import PLUG, journey
from firmware.screens.station import GREEN, GREEN_SOFT, INK, MUTED, NAVY, WHITE, Station, footer

_CARD = Box(28, 80, 744, 348)


def plug_in(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    yield Panel(Box(428, 96, 328, 210), GREEN_SOFT, 16)
    yield Icon(Box(446, 134, 136, 136), "gun", NAVY)
    yield Icon(Box(588, 180, 44, 44), "arrow", GREEN)
    yield Icon(Box(640, 152, 100, 100), "inlet", NAVY)
    yield Text(Box(60, 96, 356, 84), words.plug_in_title, 62, INK, bold=True)
    yield Text(Box(60, 180, 356, 68), words.plug_in_hint, 25, MUTED, lines=2)
    if view.remaining_ms is not None:
        left = words.plug_in_left.format(time=fmt.short_countdown(view.remaining_ms))
        yield Panel(Box(60, 256, 190, 50), GREEN_SOFT, 25)
        yield Text(Box(76, 258, 158, 46), left, 27, GREEN, bold=True, align="center")
    yield from journey(station, PLUG, 330)
    yield from footer(station, "")
