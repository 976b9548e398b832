"""The display driver on a framebuffer that remembers what it was given."""

import pytest

from drivers.display import Display, WrongPictureSizeError
from hal.ports import BoardLostError

RED = b"\x00\xf8" * 8
BLUE = b"\x1f\x00" * 8


class Panel:
    """A framebuffer of 4 x 2 pixels that can be unplugged."""

    width = 4
    height = 2

    def __init__(self) -> None:
        self.shown: list[bytes] = []
        self.gone = False

    def show(self, rgb565: bytes) -> None:
        if self.gone:
            raise BoardLostError("the board does not answer")
        self.shown.append(rgb565)


def test_pictures_are_shown_in_order() -> None:
    panel = Panel()
    display = Display(panel)
    display.show(RED)
    display.show(BLUE)
    display.show(RED)
    assert panel.shown == [RED, BLUE, RED]


def test_the_same_picture_is_not_written_twice() -> None:
    panel = Panel()
    display = Display(panel)
    display.show(RED)
    display.show(bytes(bytearray(RED)))
    assert panel.shown == [RED]


def test_a_lost_board_is_told_and_the_picture_is_shown_once_it_is_back() -> None:
    panel = Panel()
    display = Display(panel)
    display.show(RED)
    panel.gone = True
    with pytest.raises(BoardLostError):
        display.show(BLUE)
    panel.gone = False
    display.show(RED)
    assert panel.shown == [RED, RED]


def test_a_picture_of_another_size_is_refused_with_what_to_do() -> None:
    display = Display(Panel())
    with pytest.raises(WrongPictureSizeError, match=r"4 x 2 pixels.*\[display\]"):
        display.show(RED + b"\x00\x00")
