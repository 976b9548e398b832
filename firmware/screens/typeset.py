"""Texts into lines that fit their boxes: shrunk first, then cut with an ellipsis."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from firmware.screens.elements import Box, Text
from firmware.screens.glyphs import Glyphs

_SMALLEST = 13
_UNIT_PERCENT = 50
_UNIT_GAP_PERCENT = 12
_ASCENT_PERCENT, _DESCENT_PERCENT = 95, 30
_LEADING_PERCENT = 132
_CENTRE_PERCENT = 37
"""Half the height of capitals and ideographs: their middle belongs in the middle of a box, not the line's."""
_TOKEN = re.compile(r"\s|[\u2e80-\uffef][，。、；：！？）》”]*|[^\s\u2e80-\uffef]+[，。、；：！？）》”]*")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")


class Run(NamedTuple):
    """One line, or its unit: text at one size with the pen's start on the baseline."""

    text: str
    size: int
    bold: bool
    x: int
    baseline: int
    width: int

    @property
    def box(self) -> Box:
        """The room that this run takes."""
        ascent, descent = self.size * _ASCENT_PERCENT // 100, self.size * _DESCENT_PERCENT // 100
        return Box(self.x, self.baseline - ascent, self.width, ascent + descent)


def typeset(element: Text, glyphs: Glyphs) -> tuple[Run, ...]:
    """Return the runs of a text, all within its box, at the largest size up to its own that fits."""
    text = _INVISIBLE.sub(" ", element.text).strip()
    smallest = min(_SMALLEST, element.size)
    for size in range(element.size, smallest - 1, -1):
        lines = _lines(text, size, element, glyphs)
        if _fits(lines, size, element, glyphs):
            return _place(lines, size, element, glyphs)
    return _cut_to_fit(text, smallest, element, glyphs)


def _cut_to_fit(text: str, smallest: int, element: Text, glyphs: Glyphs) -> tuple[Run, ...]:
    """Set at the smallest size what goes into the box; one lower than a line of it takes a smaller one."""
    size = max(1, min(smallest, element.box.h * 100 // (_ASCENT_PERCENT + _DESCENT_PERCENT)))
    if element.unit and _width("…", size, element, glyphs) > element.box.w:
        element = replace(element, unit="")
    room = max(1, min(element.lines, 1 + _extra_lines(element.box.h, size)))
    lines = _lines(text, size, element, glyphs)
    if len(lines) > room:
        lines = [*lines[: room - 1], "".join(lines[room - 1 :])]
    return _place([_cut(line, size, element, glyphs) for line in lines], size, element, glyphs)


def _fits(lines: list[str], size: int, element: Text, glyphs: Glyphs) -> bool:
    return (
        len(lines) <= element.lines
        and _height(len(lines), size) <= element.box.h
        and all(_width(line, size, element, glyphs) <= element.box.w for line in lines)
    )


def _height(lines: int, size: int) -> int:
    return size * (_ASCENT_PERCENT + _DESCENT_PERCENT + (lines - 1) * _LEADING_PERCENT) // 100


def _extra_lines(height: int, size: int) -> int:
    return max(0, (height - _height(1, size)) * 100 // (size * _LEADING_PERCENT))


def _unit(element: Text, size: int, glyphs: Glyphs) -> tuple[int, int, int]:
    """Return the unit's size, its gap and its width; zeros without one."""
    if not element.unit:
        return 0, 0, 0
    unit_size = max(min(_SMALLEST, size), size * _UNIT_PERCENT // 100)
    return unit_size, size * _UNIT_GAP_PERCENT // 100, glyphs.width(element.unit, unit_size, False)


def _width(line: str, size: int, element: Text, glyphs: Glyphs) -> int:
    _, gap, unit_width = _unit(element, size, glyphs)
    return glyphs.width(line, size, element.bold) + gap + unit_width


def _lines(text: str, size: int, element: Text, glyphs: Glyphs) -> list[str]:
    """Break a text into lines no wider than the box, between words or ideographs."""
    if element.lines == 1:
        return [text]
    lines, line = [], ""
    for token in _tokens(text, size, element, glyphs):
        if line.strip() and glyphs.width((line + token).rstrip(), size, element.bold) > element.box.w:
            lines.append(line.strip())
            line = ""
        line += token
    return [*lines, line.strip()]


def _tokens(text: str, size: int, element: Text, glyphs: Glyphs) -> Iterator[str]:
    """Yield what stays together on a line: words, ideographs with their punctuation; else single letters."""
    for token in _TOKEN.findall(text):
        if glyphs.width(token, size, element.bold) <= element.box.w:
            yield token
        else:
            yield from token


def _cut(line: str, size: int, element: Text, glyphs: Glyphs) -> str:
    if _width(line, size, element, glyphs) <= element.box.w:
        return line
    while line and _width(line + "…", size, element, glyphs) > element.box.w:
        line = line[:-1]
    return line.rstrip() + "…"


def _place(lines: list[str], size: int, element: Text, glyphs: Glyphs) -> tuple[Run, ...]:
    box = element.box
    spread = (len(lines) - 1) * size * _LEADING_PERCENT // 100
    baseline = box.y + (box.h - spread) // 2 + size * _CENTRE_PERCENT // 100
    # Centring by the capitals may push a descender out of a tight box: the box has the last word.
    baseline = min(baseline, box.bottom - spread - size * _DESCENT_PERCENT // 100)
    baseline = max(baseline, box.y + size * _ASCENT_PERCENT // 100)
    runs: list[Run] = []
    for number, line in enumerate(lines):
        width = glyphs.width(line, size, element.bold)
        unit_size, gap, unit_width = _unit(element, size, glyphs)
        slack = box.w - width - gap - unit_width
        x = box.x + {"left": 0, "center": slack // 2, "right": slack}[element.align]
        y = baseline + number * size * _LEADING_PERCENT // 100
        runs.append(Run(line, size, element.bold, x, y, width))
        if element.unit:
            runs.append(Run(element.unit, unit_size, False, x + width + gap, y, unit_width))
    return tuple(runs)
