"""What all pictures of one station share: who it is, in which words, colours and with which frame."""

from collections.abc import Iterator
from dataclasses import dataclass

from firmware.core.customer_view import CustomerView
from firmware.screens.elements import Box, Colour, Element, Icon, Panel, Text
from firmware.screens.money import format_e4, format_minor
from firmware.screens.texts import WORDS, Language, Words

DESIGN = Box(0, 0, 800, 480)
"""Layouts are drawn up in these pixels and scaled to the display's."""

INK: Colour = (16, 32, 48)
MUTED: Colour = (88, 104, 120)
GROUND: Colour = (240, 244, 247)
WHITE: Colour = (255, 255, 255)
LINE: Colour = (221, 228, 234)
NAVY: Colour = (14, 36, 56)
NAVY_SOFT: Colour = (38, 62, 84)
GREEN: Colour = (0, 150, 100)
GREEN_SOFT: Colour = (219, 243, 233)
BLUE: Colour = (24, 110, 210)
BLUE_SOFT: Colour = (222, 236, 251)
AMBER: Colour = (176, 96, 0)
AMBER_SOFT: Colour = (253, 238, 208)
RED: Colour = (200, 40, 40)
RED_SOFT: Colour = (252, 228, 226)

HEADER = 64
MARGIN = 28
FOOTER = Box(MARGIN, 436, 800 - 2 * MARGIN, 36)


@dataclass(frozen=True, slots=True)
class Station:
    """Who this charger is. ``prices`` is the operator's price line in the display's language, or empty."""

    operator: str
    hotline: str
    label: str
    language: Language
    currency: str
    evses: int = 1
    prices: str = ""

    @property
    def words(self) -> Words:
        return WORDS[self.language]

    def amount(self, minor: int) -> str:
        return format_minor(minor, self.currency)

    def cost(self, cost_e4: int | None) -> str:
        return "--" if cost_e4 is None else format_e4(cost_e4, self.currency)

    def place(self, evse: int) -> str:
        """Return which charger this is, and which connector if there are several."""
        words = self.words
        if self.evses == 1 and evse <= 1:
            return words.charger.format(label=self.label) if self.label else ""
        pattern = words.charger_and_connector if self.label else words.connector_only
        return pattern.format(label=self.label, evse=evse)


def header(station: Station, view: CustomerView) -> Iterator[Element]:
    """The dark bar: operator, charger, and a marker while the backend cannot be reached."""
    yield Panel(Box(0, 0, 800, HEADER), NAVY)
    place, right = station.place(view.evse), 800 - MARGIN
    if place:
        width = min(300, _rough_width(place, 21))
        yield Panel(Box(right - width - 36, 13, width + 36, 38), NAVY_SOFT, 19)
        yield Text(Box(right - width - 18, 15, width, 34), place, 21, WHITE, align="center")
        right -= width + 52
    if not view.online:
        width = _rough_width(station.words.offline, 20)
        yield Panel(Box(right - width - 60, 13, width + 60, 38), AMBER_SOFT, 19)
        yield Icon(Box(right - width - 46, 19, 26, 26), "offline", AMBER)
        yield Text(Box(right - width - 14, 15, width, 34), station.words.offline, 20, AMBER)
        right -= width + 76
    yield Text(Box(MARGIN, 7, right - MARGIN - 8, 50), station.operator, 29, WHITE, bold=True, lines=2)


def _rough_width(text: str, size: int) -> int:
    """Return about how wide a text will be: a box to centre it in, not to measure by."""
    return sum(size if ord(character) > 0x2E7F else size * 58 // 100 for character in text)


def footer(station: Station, hint: str, colour: Colour = MUTED) -> Iterator[Element]:
    """A quiet line: the hotline at the left, what else the driver can do or should know at the right."""
    half = FOOTER.w // 2 - 8
    if station.hotline:
        text = station.words.hotline.format(number=station.hotline)
        yield Text(Box(FOOTER.x, FOOTER.y, half, FOOTER.h), text, 19, MUTED)
    if hint:
        yield Text(Box(FOOTER.right - half, FOOTER.y, half, FOOTER.h), hint, 19, colour, align="right")


def metric(
    box: Box, label: str, value: str, unit: str = "", size: int = 40, colour: Colour = INK, aside: int = 0
) -> Iterator[Element]:
    """A white card with a label over a value; ``aside`` is left free at its right."""
    yield Panel(box, WHITE, 14)
    label_height = max(28, box.h * 34 // 100)
    yield Text(Box(box.x + 18, box.y + 8, box.w - 36, label_height - 4), label, 20, MUTED)
    value_box = Box(box.x + 18, box.y + label_height + 4, box.w - 36 - aside, box.h - label_height - 10)
    yield Text(value_box, value, size, colour, bold=True, unit=unit)
