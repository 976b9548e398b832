"""The pictograms, drawn from plain shapes on a field of 100 × 100 (200 × 100 for the wide ones)."""

import math
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw

_FINE = 4
_HEIGHT = 100
Point = tuple[float, float]


class Pen:
    """Draws on a field 100 units high; ``clear`` takes away instead of adding."""

    def __init__(self, field: Image.Image) -> None:
        self._draw = ImageDraw.Draw(field)
        self._scale = field.height / _HEIGHT

    def area(self, *points: Point, clear: bool = False) -> None:
        self._draw.polygon([self._at(point) for point in points], fill=self._ink(clear))

    def line(self, *points: Point, width: float, clear: bool = False) -> None:
        """Draw a line with round joints and ends."""
        ink = self._ink(clear)
        self._draw.line([self._at(p) for p in points], fill=ink, width=round(width * self._scale))
        for x, y in points:
            self.disc(x, y, width / 2, clear=clear)

    def disc(self, x: float, y: float, radius: float, clear: bool = False) -> None:
        corners = (*self._at((x - radius, y - radius)), *self._at((x + radius, y + radius)))
        self._draw.ellipse(corners, fill=self._ink(clear))

    def block(
        self, x: float, y: float, right: float, bottom: float, radius: float, clear: bool = False
    ) -> None:
        corners = (*self._at((x, y)), *self._at((right, bottom)))
        self._draw.rounded_rectangle(corners, radius * self._scale, fill=self._ink(clear))

    def arc(self, x: float, y: float, radius: float, start: float, end: float, width: float) -> None:
        """Draw an arc from ``start`` to ``end`` degrees, clockwise from three o'clock, with round ends."""
        steps = max(2, int(abs(end - start) / 4))
        angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
        self.line(*((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles), width=width)

    def _at(self, point: Point) -> Point:
        return point[0] * self._scale, point[1] * self._scale

    @staticmethod
    def _ink(clear: bool) -> int:
        return 0 if clear else 255


def _bolt(pen: Pen) -> None:
    pen.area((58, 4), (18, 56), (46, 56), (40, 96), (82, 40), (54, 40))


def _tick(pen: Pen) -> None:
    pen.line((22, 53), (42, 73), (79, 31), width=11)


def _clock(pen: Pen) -> None:
    pen.arc(50, 50, 38, 0, 360, 8)
    pen.line((50, 28), (50, 51), (66, 60), width=8)


def _pause(pen: Pen) -> None:
    pen.block(26, 20, 43, 80, 4)
    pen.block(57, 20, 74, 80, 4)


def _stop(pen: Pen) -> None:
    pen.block(24, 24, 76, 76, 8)


def _warning(pen: Pen) -> None:
    pen.line((50, 16), (88, 82), (12, 82), (50, 16), width=10)
    pen.area((50, 16), (88, 82), (12, 82))
    pen.line((50, 38), (50, 58), width=8, clear=True)
    pen.disc(50, 73, 5, clear=True)


def _phone(pen: Pen) -> None:
    pen.block(27, 6, 73, 94, 9)
    pen.block(33, 17, 67, 76, 3, clear=True)
    pen.disc(50, 85, 4, clear=True)
    pen.line((42, 47), (48, 54), (60, 38), width=6)


def _unlock(pen: Pen) -> None:
    pen.block(22, 46, 78, 90, 8)
    pen.arc(50, 33, 18, 180, 360, 8)
    pen.line((32, 33), (32, 48), width=8)
    pen.disc(50, 64, 6, clear=True)
    pen.line((50, 66), (50, 76), width=5, clear=True)


def _car(pen: Pen) -> None:
    pen.area((22, 46), (32, 25), (68, 25), (78, 46))
    pen.line((24, 46), (33, 26), (67, 26), (76, 46), width=9)
    pen.block(12, 44, 88, 76, 9)
    pen.area((33, 43), (38, 33), (62, 33), (67, 43), clear=True)
    pen.block(17, 70, 33, 88, 5)
    pen.block(67, 70, 83, 88, 5)
    pen.disc(27, 59, 6, clear=True)
    pen.disc(73, 59, 6, clear=True)


def _power(pen: Pen) -> None:
    pen.arc(50, 54, 33, -50, 230, 9)
    pen.line((50, 12), (50, 48), width=9)


def _cloud_off(pen: Pen) -> None:
    pen.disc(30, 60, 18)
    pen.disc(52, 44, 24)
    pen.disc(74, 60, 17)
    pen.block(14, 54, 90, 78, 12)
    pen.line((14, 16), (86, 92), width=14, clear=True)
    pen.line((16, 14), (86, 88), width=7)


def _gun(pen: Pen) -> None:
    """The connector of the charging cable from the side, its face to the right."""
    pen.line((5, 94), (16, 90), (24, 78), width=8)
    pen.line((26, 76), (44, 42), width=21)
    pen.block(30, 20, 74, 54, 13)
    pen.block(66, 14, 79, 60, 4)
    pen.block(79, 22, 96, 29, 3)
    pen.block(79, 33.5, 96, 40.5, 3)
    pen.block(79, 45, 96, 52, 3)
    pen.line((52, 62), (47, 72), width=5)
    pen.block(40, 31, 58, 36, 2.5, clear=True)


def _inlet(pen: Pen) -> None:
    """The vehicle's inlet from the front: seven contacts, as in GB/T 20234.2."""
    pen.disc(50, 50, 48)
    pen.disc(50, 50, 40, clear=True)
    pen.disc(50, 50, 36)
    for x, y, radius in (
        (38, 30, 4), (62, 30, 4), (26, 50, 6), (50, 50, 6), (74, 50, 6), (37, 70, 6), (63, 70, 6),
    ):  # fmt: skip
        pen.disc(x, y, radius, clear=True)


def _arrow(pen: Pen) -> None:
    pen.line((10, 50), (84, 50), width=13)
    pen.line((58, 22), (88, 50), (58, 78), width=13)


_ICONS: dict[str, tuple[int, Callable[[Pen], None]]] = {
    "bolt": (100, _bolt),
    "tick": (100, _tick),
    "clock": (100, _clock),
    "pause": (100, _pause),
    "stop": (100, _stop),
    "warning": (100, _warning),
    "phone": (100, _phone),
    "unlock": (100, _unlock),
    "car": (100, _car),
    "power": (100, _power),
    "offline": (100, _cloud_off),
    "gun": (100, _gun),
    "inlet": (100, _inlet),
    "arrow": (100, _arrow),
}


@lru_cache(maxsize=12)
def icon(name: str, width: int, height: int) -> Image.Image:
    """Return the mask of a pictogram (mode L), as large as fits into ``width`` × ``height``, undistorted.

    Raises KeyError for a name that is not there.
    """
    units, draw = _ICONS[name]
    height = max(1, min(height, width * _HEIGHT // units))
    fine = Image.new("L", (max(1, height * units // _HEIGHT) * _FINE, height * _FINE))
    draw(Pen(fine))
    return fine.reduce(_FINE)
