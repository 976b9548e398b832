"""Single characters as masks, cut from the Noto Sans CJK font once and kept.

An open font face costs about 4 MiB of resident memory, and each size needs its own; a face opens in half a
millisecond. So only the masks are kept (a whole set of screens is below 1 MiB), and a face is open just
while new characters are drawn.

The font's own shapes are Traditional Chinese. Where Pillow can shape text (libraqm with libfribidi), the
font's language feature gives the Simplified ones; elsewhere some ideographs keep a Traditional stroke or
two. Punctuation is put where Simplified Chinese has it, as the feature needs ideographs around it for that.
"""

from collections import OrderedDict
from typing import NamedTuple

from cvttf_NotoSansCJK_Regular import get_TTF_path
from PIL import Image, ImageDraw, ImageFont, features

_EM = 1000
_LANGUAGE = "zh-Hans"
_KEPT = 1500
_BOLD_TRACKING = 20
"""Bold is the outline with a stroke around it; this much wider (1/1000 of the size) the letters breathe."""
_LOW_PUNCTUATION = "，。、"
_HIGH_PUNCTUATION = "；：！？"


class Glyph(NamedTuple):
    """A character's mask (mode L) and where its top left corner is from the pen on the baseline."""

    mask: Image.Image
    left: int
    top: int


class Glyphs:
    """The masks and widths of characters. Not thread-safe."""

    def __init__(self, shaped: bool | None = None) -> None:
        """``shaped`` False does without libraqm, None takes it where it is."""
        self._shaped = bool(features.check("raqm")) if shaped is None else shaped
        self._face: tuple[int, ImageFont.FreeTypeFont] | None = None
        self._advances: dict[str, int] = {}
        self._glyphs: OrderedDict[tuple[str, int, bool], Glyph] = OrderedDict()

    def width(self, text: str, size: int, bold: bool) -> int:
        """Return the width of ``text`` in pixels at ``size``, rounded up."""
        return -(-sum(self.advance(character, bold) for character in text) * size // _EM)

    def advance(self, character: str, bold: bool) -> int:
        """Return how far a character moves the pen, in 1/1000 of its size."""
        return self._regular_advance(character) + (_BOLD_TRACKING if bold else 0)

    def _regular_advance(self, character: str) -> int:
        known = self._advances.get(character)
        if known is None:
            if len(self._advances) >= _KEPT:
                self._advances.clear()
            known = self._advances[character] = round(self._open(_EM).getlength(character))
        return known

    def get(self, character: str, size: int, bold: bool) -> Glyph:
        key = (character, size, bold)
        known = self._glyphs.get(key)
        if known is None:
            known = self._glyphs[key] = self._cut(character, size, bold)
            if len(self._glyphs) > _KEPT:
                self._glyphs.popitem(last=False)
        else:
            self._glyphs.move_to_end(key)
        return known

    def close_face(self) -> None:
        """Give the open face's memory back; it opens again when a new character is asked for."""
        self._face = None

    def _open(self, size: int) -> ImageFont.FreeTypeFont:
        if self._face is None or self._face[0] != size:
            engine = ImageFont.Layout.RAQM if self._shaped and size != _EM else ImageFont.Layout.BASIC
            self._face = size, ImageFont.truetype(get_TTF_path(), size, layout_engine=engine)
        return self._face[1]

    def _cut(self, character: str, size: int, bold: bool) -> Glyph:
        face = self._open(size)
        language = _LANGUAGE if self._shaped else None
        stroke = size / 50 if bold else 0.0
        left, top, right, bottom = face.getbbox(
            character, anchor="ls", stroke_width=stroke, language=language
        )
        x, y = int(left) - 1, int(top) - 1
        mask = Image.new("L", (max(1, int(right) - x + 1), max(1, int(bottom) - y + 1)))
        ImageDraw.Draw(mask).text(
            (-x, -y), character, 255, face, anchor="ls", stroke_width=stroke, language=language
        )
        return Glyph(mask, *_simplified_place(character, mask, size, x, y))


def _simplified_place(character: str, mask: Image.Image, size: int, x: int, y: int) -> tuple[int, int]:
    """Return where a mask goes: Simplified Chinese has its punctuation at the left, low marks at the foot."""
    ink = mask.getbbox()
    if ink is None or character not in _LOW_PUNCTUATION + _HIGH_PUNCTUATION:
        return x, y
    x = size // 10 - ink[0]
    if character in _LOW_PUNCTUATION:
        y = size // 10 - ink[3]
    return x, y
