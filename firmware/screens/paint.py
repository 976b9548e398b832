"""Elements onto a picture. A painter knows its element and where the picture's corner is, nothing else."""

from collections.abc import Iterable

from PIL import Image

from firmware.screens import icons, qr, shapes
from firmware.screens.elements import Box, Element, Icon, Panel, QrCode, Ring, Text
from firmware.screens.glyphs import Glyphs
from firmware.screens.typeset import Run, typeset


def paint(picture: Image.Image, corner: tuple[int, int], elements: Iterable[Element], glyphs: Glyphs) -> None:
    """Paint the elements in order; the picture's top left pixel is at ``corner`` of the whole."""
    for element in elements:
        x, y = element.box.x - corner[0], element.box.y - corner[1]
        match element:
            case Text():
                _text(picture, (x, y), element, glyphs)
            case Panel():
                _panel(picture, (x, y), element)
            case Ring():
                _ring(picture, (x, y), element)
            case Icon():
                _icon(picture, (x, y), element)
            case QrCode():
                _qr_code(picture, (x, y), element)


def runs(elements: Iterable[Element], glyphs: Glyphs) -> list[Run]:
    """Return every line of text with its place, as it is painted."""
    return [run for element in elements if isinstance(element, Text) for run in typeset(element, glyphs)]


def _panel(picture: Image.Image, at: tuple[int, int], element: Panel) -> None:
    """Fill the cross between the corners, then the corners."""
    radius, (x, y) = element.radius, at
    right, bottom = x + element.box.w, y + element.box.h
    picture.paste(element.colour, (x + radius, y, right - radius, bottom))
    if radius == 0:
        return
    picture.paste(element.colour, (x, y + radius, x + radius, bottom - radius))
    picture.paste(element.colour, (right - radius, y + radius, right, bottom - radius))
    places = ((x, y), (right - radius, y), (x, bottom - radius), (right - radius, bottom - radius))
    for place, mask in zip(places, shapes.corners(radius), strict=True):
        picture.paste(element.colour, place, mask)


def _text(picture: Image.Image, at: tuple[int, int], element: Text, glyphs: Glyphs) -> None:
    mask = Image.new("L", (element.box.w, element.box.h))
    for run in typeset(element, glyphs):
        pen = 0
        for character in run.text:
            glyph = glyphs.get(character, run.size, run.bold)
            x = run.x - element.box.x + pen // 1000 + glyph.left
            mask.paste(255, (x, run.baseline - element.box.y + glyph.top), glyph.mask)
            pen += glyphs.advance(character, run.bold) * run.size
    picture.paste(element.colour, at, mask)


def _ring(picture: Image.Image, at: tuple[int, int], element: Ring) -> None:
    diameter, thickness = min(element.box.w, element.box.h), element.thickness
    picture.paste(element.track, at, shapes.annulus(diameter, thickness))
    if element.per_mille > 0:
        picture.paste(element.colour, at, shapes.arc(diameter, thickness, element.per_mille))
        for end in (0, element.per_mille):
            x, y = shapes.on_ring(diameter, thickness, end)
            picture.paste(element.colour, (at[0] + x, at[1] + y), shapes.disc(thickness))


def _icon(picture: Image.Image, at: tuple[int, int], element: Icon) -> None:
    mask = icons.icon(element.name, element.box.w, element.box.h)
    x = at[0] + (element.box.w - mask.width) // 2
    y = at[1] + (element.box.h - mask.height) // 2
    picture.paste(element.colour, (x, y), mask)


def _qr_code(picture: Image.Image, at: tuple[int, int], element: QrCode) -> None:
    """Paint the quiet zone and the code; where a module would be below one pixel, the light ground alone."""
    box = element.box
    picture.paste(element.light, (*at, at[0] + box.w, at[1] + box.h))
    code = qr.modules(element.content)
    if code is None or code.width > min(box.w, box.h):
        return
    size = min(box.w, box.h) // code.width * code.width
    dark = code.resize((size, size), Image.Resampling.NEAREST)
    picture.paste(element.dark, (at[0] + (box.w - size) // 2, at[1] + (box.h - size) // 2), dark)


def clip(box: Box, to: Box) -> Box:
    """Return the part of ``box`` that lies in ``to``; empty ones have no width or height."""
    x, y = max(box.x, to.x), max(box.y, to.y)
    return Box(x, y, max(0, min(box.right, to.right) - x), max(0, min(box.bottom, to.bottom) - y))
