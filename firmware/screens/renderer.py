"""The driver's view → picture. Only what differs from the picture before is painted and converted again."""

from collections.abc import Iterable
from itertools import chain

from PIL import Image

from config.schema import Operator
from firmware.core.customer_view import CustomerView
from firmware.screens.elements import Box, Element, scaled
from firmware.screens.glyphs import Glyphs
from firmware.screens.layouts import lay_out
from firmware.screens.paint import clip, paint, runs
from firmware.screens.rgb565 import to_rgb565
from firmware.screens.station import DESIGN, GROUND, Station
from firmware.screens.texts import Language
from firmware.screens.typeset import Run


class Renderer:
    """Draws one display's pictures. Not thread-safe; drawing does not depend on what was drawn before."""

    def __init__(
        self,
        operator: Operator,
        station_label: str,
        language: Language,
        currency: str,
        width: int = 800,
        height: int = 480,
        *,
        evses: int = 1,
        prices: str = "",
        glyphs: Glyphs | None = None,
    ) -> None:
        """``evses`` above 1 makes the pictures name the connector; ``prices`` is shown beside the QR code."""
        name = operator.name_en if language == "en" and operator.name_en else operator.name
        self._station = Station(name, operator.hotline, station_label, language, currency, evses, prices)
        self._glyphs = glyphs or Glyphs()
        self._frame = Image.new("RGB", (width, height), GROUND)
        self._elements: tuple[Element, ...] = ()
        self._rgb565 = bytearray(to_rgb565(self._frame))
        self._canvas = Box(0, 0, width, height)
        self._design_at = _centred(width, height)

    def draw(self, view: CustomerView) -> Image.Image:
        """Return the picture as an RGB image of its own."""
        self._update(view)
        return self._frame.copy()

    def rgb565(self, view: CustomerView) -> bytes:
        """Return the picture as little-endian RGB565, row by row, ``width * height * 2`` bytes."""
        self._update(view)
        return bytes(self._rgb565)

    def elements(self, view: CustomerView) -> tuple[Element, ...]:
        """Return what the picture is made of, in pixels of the display, in painting order."""
        return tuple(scaled(element, self._design_at, DESIGN) for element in lay_out(self._station, view))

    def runs(self, view: CustomerView) -> list[Run]:
        """Return every line of text of the picture with its place, as it is painted."""
        return runs(self.elements(view), self._glyphs)

    def _update(self, view: CustomerView) -> None:
        elements = self.elements(view)
        for box in _changed(self._elements, elements, self._canvas):
            self._paint(box, elements)
        self._elements = elements
        self._glyphs.close_face()

    def _paint(self, box: Box, elements: Iterable[Element]) -> None:
        """Paint all that shows in ``box`` anew, and convert its rows."""
        tile = Image.new("RGB", (box.w, box.h), GROUND)
        paint(tile, (box.x, box.y), (each for each in elements if each.box.overlaps(box)), self._glyphs)
        self._frame.paste(tile, (box.x, box.y))
        if box.w == self._canvas.w:
            stride = 2 * self._canvas.w
            self._rgb565[box.y * stride : box.bottom * stride] = to_rgb565(tile)
        else:
            self._splice(box, to_rgb565(tile))

    def _splice(self, box: Box, rgb565: bytes) -> None:
        row = 2 * box.w
        for line in range(box.h):
            at = 2 * ((box.y + line) * self._canvas.w + box.x)
            self._rgb565[at : at + row] = rgb565[line * row : (line + 1) * row]


def _changed(before: tuple[Element, ...], now: tuple[Element, ...], canvas: Box) -> list[Box]:
    """Return disjoint boxes over all elements that came or went; the whole canvas if that is most of it."""
    old, new = set(before), set(now)
    boxes: list[Box] = []
    for element in chain((e for e in before if e not in new), (e for e in now if e not in old)):
        _add(boxes, clip(element.box, canvas))
    if not before or sum(box.w * box.h for box in boxes) * 2 > canvas.w * canvas.h:
        return [canvas]
    return boxes


def _add(boxes: list[Box], box: Box) -> None:
    """Add a box to disjoint boxes, joined with all that it overlaps."""
    if box.w == 0 or box.h == 0:
        return
    for other in boxes:
        if other.overlaps(box):
            boxes.remove(other)
            x, y = min(box.x, other.x), min(box.y, other.y)
            _add(boxes, Box(x, y, max(box.right, other.right) - x, max(box.bottom, other.bottom) - y))
            return
    boxes.append(box)


def _centred(width: int, height: int) -> Box:
    """Return the largest rectangle of the design's shape in the middle of the display."""
    w = min(width, height * DESIGN.w // DESIGN.h)
    h = w * DESIGN.h // DESIGN.w
    return Box((width - w) // 2, (height - h) // 2, w, h)
