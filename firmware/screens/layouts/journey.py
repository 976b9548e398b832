"""Where the driver is on the way from paying to the receipt, as four dots in a row."""

from collections.abc import Iterator

from firmware.screens.elements import Box, Colour, Element, Icon, Panel, Text
from firmware.screens.station import GREEN, INK, LINE, MUTED, WHITE, Station

PAY, PLUG, CHARGE = range(3)
_PITCH, _DOT = 176, 36


def journey(station: Station, now: int, y: int) -> Iterator[Element]:
    """Four steps in a row: those before ``now`` ticked off, ``now`` filled, the rest grey."""
    steps = station.words.journey
    left = 400 - _PITCH * (len(steps) - 1) // 2
    for number, step in enumerate(steps):
        x = left + number * _PITCH
        if number:
            line: Colour = GREEN if number <= now else LINE
            yield Panel(Box(x - _PITCH + 26, y + _DOT // 2 - 2, _PITCH - 52, 4), line)
        dot = Box(x - _DOT // 2, y, _DOT, _DOT)
        yield Panel(dot, GREEN if number <= now else LINE, _DOT // 2)
        if number < now:
            yield Icon(dot.inset(7), "tick", WHITE)
        else:
            colour = WHITE if number == now else MUTED
            yield Text(dot.inset(2), str(number + 1), 21, colour, bold=True, align="center")
        colour = INK if number == now else MUTED
        yield Text(Box(x - 80, y + _DOT + 4, 160, 30), step, 20, colour, bold=number == now, align="center")
