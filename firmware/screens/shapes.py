"""Smooth masks (mode L) of the shapes a picture is made of, kept while they are in use."""

import math
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

_FINE = 4
"""Shapes are drawn this many times as large and averaged down: that is what makes their edges smooth."""


@lru_cache(maxsize=16)
def disc(diameter: int) -> Image.Image:
    fine = Image.new("L", (diameter * _FINE, diameter * _FINE))
    ImageDraw.Draw(fine).ellipse((0, 0, diameter * _FINE - 1, diameter * _FINE - 1), fill=255)
    return fine.reduce(_FINE)


@lru_cache(maxsize=2)
def annulus(diameter: int, thickness: int) -> Image.Image:
    mask = disc(diameter).copy()
    hole = disc(diameter - 2 * thickness)
    mask.paste(0, (thickness, thickness), hole)
    return mask


def arc(diameter: int, thickness: int, per_mille: int) -> Image.Image:
    """Return the part of a ring from the top clockwise to ``per_mille``, with a hard edge at both ends."""
    size = (diameter, diameter)
    sector = Image.new("L", size)
    degrees = per_mille * 360 / 1000
    ImageDraw.Draw(sector).pieslice((-1, -1, diameter, diameter), -90, -90 + degrees, fill=255)
    return ImageChops.multiply(annulus(diameter, thickness), sector)


@lru_cache(maxsize=8)
def corners(radius: int) -> tuple[Image.Image, Image.Image, Image.Image, Image.Image]:
    """Return the quarters of a disc: top left, top right, bottom left, bottom right."""
    whole, end = disc(2 * radius), 2 * radius
    return (
        whole.crop((0, 0, radius, radius)),
        whole.crop((radius, 0, end, radius)),
        whole.crop((0, radius, radius, end)),
        whole.crop((radius, radius, end, end)),
    )


def on_ring(diameter: int, thickness: int, per_mille: int) -> tuple[int, int]:
    """Return the top left corner of a disc that rounds off a ring's end at ``per_mille``."""
    angle = math.radians(per_mille * 360 / 1000 - 90)
    radius = (diameter - thickness) / 2
    return round(radius + radius * math.cos(angle)), round(radius + radius * math.sin(angle))
