"""What holds for every `hal.ports.Framebuffer`."""

from array import array

import pytest

from hal.ports import BoardLostError
from tests.contract.rig import Panel, Pixels


def picture(width: int, height: int) -> bytes:
    """Return a picture of which no turning or mirroring looks alike, in many colours."""
    places = ((x, y) for y in range(height) for x in range(width))
    return array("H", ((x * 2_113 + y * 31_607 + x * y * 97) & 0xFFFF for x, y in places)).tobytes()


def seen(rgb565: bytes, width: int) -> Pixels:
    """Return what a person sees of a picture; each colour widened so that full stays full."""
    flat = [(five(p >> 11), six(p >> 5 & 63), five(p & 31)) for p in array("H", rgb565)]
    return [flat[at : at + width] for at in range(0, len(flat), width)]


def five(bits: int) -> int:
    return bits << 3 | bits >> 2


def six(bits: int) -> int:
    return bits << 2 | bits >> 4


class FramebufferContract:
    """A picture shown is the picture seen."""

    def test_a_picture_shown_is_the_picture_seen(self, panel: Panel) -> None:
        framebuffer = panel.framebuffer
        width, height = framebuffer.width, framebuffer.height
        for rgb565 in (picture(width, height), bytes(2 * width * height), b"\xff" * (2 * width * height)):
            framebuffer.show(rgb565)
            assert panel.shows(seen(rgb565, framebuffer.width))

    @pytest.mark.parametrize("more", [-2, -1, 1, 2])
    def test_a_picture_of_another_size_is_refused(self, panel: Panel, more: int) -> None:
        framebuffer = panel.framebuffer
        right = picture(framebuffer.width, framebuffer.height)
        framebuffer.show(right)
        with pytest.raises(ValueError, match=f"{framebuffer.width} × {framebuffer.height} has {len(right)}"):
            framebuffer.show(bytes(len(right) + more))
        assert panel.shows(seen(right, framebuffer.width))

    def test_a_display_that_was_gone_shows_the_next_picture(self, panel: Panel) -> None:
        framebuffer = panel.framebuffer
        black = bytes(2 * framebuffer.width * framebuffer.height)
        framebuffer.show(black)
        panel.lose()
        with pytest.raises(BoardLostError):
            for _ in range(1_000):  # the first may still go into what nobody reads any more
                framebuffer.show(black)
        panel.mend()
        right = picture(framebuffer.width, framebuffer.height)
        framebuffer.show(right)
        assert panel.shows(seen(right, framebuffer.width))
