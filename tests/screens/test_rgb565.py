"""Pictures in the display's own format."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from firmware.screens.rgb565 import from_rgb565, to_rgb565

channel = st.integers(0, 255)


@given(channel, channel, channel)
def test_a_pixel_is_five_six_five_bits_little_endian(red: int, green: int, blue: int) -> None:
    (pixel,) = struct.unpack("<H", to_rgb565(Image.new("RGB", (1, 1), (red, green, blue))))
    assert pixel == red >> 3 << 11 | green >> 2 << 5 | blue >> 3


@given(channel, channel, channel)
def test_what_the_display_shows_is_close_to_what_was_drawn(red: int, green: int, blue: int) -> None:
    shown = from_rgb565(to_rgb565(Image.new("RGB", (1, 1), (red, green, blue))), 1, 1).getpixel((0, 0))
    assert isinstance(shown, tuple)
    assert all(abs(a - b) <= 8 for a, b in zip(shown, (red, green, blue), strict=True))


def test_pixels_come_row_by_row() -> None:
    picture = Image.new("RGB", (2, 2))
    picture.putpixel((1, 0), (255, 0, 0))
    picture.putpixel((0, 1), (0, 0, 255))
    assert to_rgb565(picture) == bytes.fromhex("0000 00f8 1f00 0000")
    assert from_rgb565(to_rgb565(picture), 2, 2).tobytes() == picture.tobytes()


def test_too_few_bytes_are_refused() -> None:
    with pytest.raises(ValueError):
        from_rgb565(b"\x00\x00", 2, 2)
