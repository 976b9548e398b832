"""Texts keep to their boxes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.screens.elements import Box, Text
from firmware.screens.glyphs import Glyphs
from firmware.screens.typeset import Run, typeset

GLYPHS = Glyphs()
BLACK = (0, 0, 0)


def set_text(text: str, box: Box, size: int = 40, lines: int = 1, **more: object) -> tuple[Run, ...]:
    return typeset(Text(box, text, size, BLACK, lines=lines, **more), GLYPHS)  # type: ignore[arg-type]


def test_a_short_text_keeps_its_size() -> None:
    (run,) = set_text("楚氏充电", Box(0, 0, 400, 60))
    assert (run.text, run.size, run.x) == ("楚氏充电", 40, 0)


def test_a_long_name_is_shrunk_to_fit_on_its_line() -> None:
    (run,) = set_text("楚氏充电科技（上海）有限责任公司", Box(0, 0, 400, 60))
    assert run.text == "楚氏充电科技（上海）有限责任公司"
    assert 13 < run.size < 40


def test_an_endless_name_ends_in_an_ellipsis() -> None:
    (run,) = set_text("楚" * 100, Box(0, 0, 400, 60))
    assert run.text.endswith("楚…")
    assert run.width <= 400


def test_english_breaks_between_words() -> None:
    runs = set_text("Leave the plug in until charging starts", Box(0, 0, 400, 200), lines=3)
    assert [run.text for run in runs] == ["Leave the plug in", "until charging starts"]


def test_chinese_breaks_anywhere_but_not_before_punctuation() -> None:
    runs = set_text("请勿拔枪，车辆就绪后自动开始", Box(0, 0, 160, 200), lines=4)
    assert [run.text for run in runs] == ["请勿拔", "枪，车辆", "就绪后自", "动开始"]


def test_a_unit_stands_on_the_same_line_in_a_smaller_size() -> None:
    value, unit = set_text("7.2", Box(0, 0, 300, 60), unit="kW")
    assert (value.text, unit.text, unit.baseline) == ("7.2", "kW", value.baseline)
    assert unit.size < value.size
    assert unit.x >= value.x + value.width


@pytest.mark.parametrize(("align", "x"), [("left", 0), ("right", 240), ("center", 120)])
def test_alignment(align: str, x: int) -> None:
    (run,) = set_text("楚氏充电", Box(0, 0, 400, 60), align=align)
    assert run.x == x


def test_line_breaks_and_invisible_characters_do_not_break_the_line() -> None:
    (run,) = set_text("\u200e楚氏\r\n充电\u2028", Box(0, 0, 400, 60))
    assert run.text == "楚氏 充电"


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=60),
    st.builds(Box, st.integers(0, 50), st.integers(0, 50), st.integers(8, 500), st.integers(4, 200)),
    st.integers(1, 90),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from(["", "kWh"]),
)
def test_whatever_is_written_stays_in_its_box(
    text: str, box: Box, size: int, lines: int, bold: bool, unit: str
) -> None:
    element = Text(box, text, size, BLACK, bold=bold, lines=1 if unit else lines, unit=unit)
    for run in typeset(element, GLYPHS):
        if run.text.strip("…"):
            assert box.contains(run.box), (element, run)
