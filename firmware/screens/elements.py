"""What a picture is made of, as plain values: equal ones look equal, so only what differs is drawn again."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Colour = tuple[int, int, int]
Align = Literal["left", "center", "right"]


class Box(NamedTuple):
    """A rectangle in pixels from the top left corner."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    def overlaps(self, other: "Box") -> bool:
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def contains(self, other: "Box") -> bool:
        return (
            self.x <= other.x
            and other.right <= self.right
            and self.y <= other.y
            and other.bottom <= self.bottom
        )

    def inset(self, by: int) -> "Box":
        return Box(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)


@dataclass(frozen=True, slots=True)
class Text:
    """Words that stay inside ``box``: smaller than ``size`` pixels if need be, on up to ``lines`` lines.

    ``unit`` follows on the same line in a smaller size, as in "7.2 kW".
    """

    box: Box
    text: str
    size: int
    colour: Colour
    bold: bool = False
    align: Align = "left"
    lines: int = 1
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A filled rectangle with rounded corners; a radius of half its height makes a pill or a disc."""

    box: Box
    colour: Colour
    radius: int = 0


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring that is filled clockwise from the top to ``per_mille``."""

    box: Box
    thickness: int
    per_mille: int
    track: Colour
    colour: Colour


@dataclass(frozen=True, slots=True)
class Icon:
    """A pictogram of `firmware.screens.icons`, as large as its box allows."""

    box: Box
    name: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code with its quiet zone, in whole pixels per module, centred in its box."""

    box: Box
    content: str
    dark: Colour
    light: Colour


Element = Text | Panel | Ring | Icon | QrCode


def scaled(element: Element, to: Box, design: Box) -> Element:
    """Return the element moved from the ``design`` rectangle to the rectangle ``to`` of the same shape."""

    def length(value: int) -> int:
        return value * to.w // design.w

    x, y = to.x + length(element.box.x), to.y + length(element.box.y)
    right, bottom = to.x + length(element.box.right), to.y + length(element.box.bottom)
    box = Box(x, y, right - x, bottom - y)
    match element:
        case Text():
            return replace(element, box=box, size=length(element.size))
        case Panel():
            return replace(element, box=box, radius=min(length(element.radius), box.w // 2, box.h // 2))
        case Ring():
            return replace(element, box=box, thickness=max(1, length(element.thickness)))
        case _:
            return replace(element, box=box)
