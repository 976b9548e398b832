"""Small means for a tidy terminal: colours only where a person looks at it."""

import sys
import unicodedata
from collections.abc import Sequence

_CODES = {"bold": "1", "dim": "2", "green": "32", "red": "31", "cyan": "36", "yellow": "33"}


def painted(text: str, *styles: str) -> str:
    """Return ``text`` in the styles (bold, dim, green, red, cyan, yellow), or as it is when not on a tty."""
    if not sys.stdout.isatty():
        return text
    return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def width_of(text: str) -> int:
    """Return how many columns a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def bar(share: float, width: int = 20) -> str:
    """Return a progress bar; ``share`` is from 0 to 1."""
    full = round(min(1.0, max(0.0, share)) * width)
    return "█" * full + "░" * (width - full)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with aligned columns: the first to the left, the others to the right."""
    widths = [max(width_of(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["   ".join(_aligned(cells, widths)) for cells in rows]


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    gaps = [" " * (width - width_of(cell)) for cell, width in zip(cells, widths, strict=True)]
    return [
        cell + gap if index == 0 else gap + cell
        for index, (cell, gap) in enumerate(zip(cells, gaps, strict=True))
    ]
