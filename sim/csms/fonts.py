"""Where a font with Chinese glyphs is, for phones (and headless browsers) that have none of their own."""

import importlib.util
from pathlib import Path

_PACKAGE = "cvttf_NotoSansCJK_Regular"


def chinese() -> Path | None:
    """Return the font file of the installed package (Noto Sans CJK, OFL), None if it is not installed."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        return None
    return next(Path(found.origin).parent.glob("*.otf"), None)
