"""Characters cut from the font."""

import pytest

from firmware.screens.glyphs import Glyph, Glyphs

BOTH = pytest.mark.parametrize("shaped", [None, False], ids=["as installed", "without libraqm"])


def ink(glyph: Glyph) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what is black, from the pen on the baseline."""
    box = glyph.mask.getbbox()
    assert box is not None
    return glyph.left + box[0], glyph.top + box[1], glyph.left + box[2], glyph.top + box[3]


@BOTH
def test_chinese_punctuation_stands_at_the_lower_left_as_simplified_chinese_has_it(
    shaped: bool | None,
) -> None:
    glyphs = Glyphs(shaped)
    for mark in "，。、":
        left, top, right, bottom = ink(glyphs.get(mark, 100, bold=False))
        assert 0 <= left < right <= 50
        assert -40 <= top < bottom <= 25


@BOTH
def test_an_ideograph_fills_its_square(shaped: bool | None) -> None:
    left, top, right, bottom = ink(Glyphs(shaped).get("电", 100, bold=False))
    assert right - left > 75
    assert bottom - top > 75
    assert -95 < top < bottom < 20


def test_bold_is_heavier_and_wider() -> None:
    glyphs = Glyphs()
    plain, bold = glyphs.get("电", 60, bold=False), glyphs.get("电", 60, bold=True)
    assert sum(bold.mask.tobytes()) > sum(plain.mask.tobytes()) * 1.1
    assert glyphs.width("电", 60, bold=True) > glyphs.width("电", 60, bold=False)


def test_figures_are_all_of_one_width_so_that_a_clock_does_not_dance() -> None:
    glyphs = Glyphs()
    assert len({glyphs.advance(figure, bold=True) for figure in "0123456789"}) == 1


def test_a_character_the_font_has_not_got_is_still_something_to_see() -> None:
    assert Glyphs().get("\U0001f697", 40, bold=False).mask.getbbox()
    assert Glyphs().advance("\U0001f697", bold=False) > 0
