"""QR codes: content to modules."""

from functools import lru_cache

from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode

QUIET_ZONE = 4
"""Light modules around the code, that a reader needs to find it (ISO/IEC 18004, 5.3.8)."""


@lru_cache(maxsize=2)
def modules(content: str) -> Image.Image | None:
    """Return the code with its quiet zone, a pixel per module (mode L, 255 is dark), at error correction M.

    None if the content is empty or longer than a QR code can hold.
    """
    if not content:
        return None
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(content)
    try:
        code.make()
    except (DataOverflowError, ValueError):
        return None
    rows = code.get_matrix()
    return Image.frombytes("L", (len(rows), len(rows)), bytes(255 * dark for row in rows for dark in row))
