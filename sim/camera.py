"""The phone's camera: reads the QR code off the picture that the firmware drew."""

import io

import zxingcpp
from PIL import Image

QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


class NothingToScanError(RuntimeError):
    """There is no code on the display now."""


def url_on(png: bytes) -> str:
    """Return the URL in the QR code on a picture of the display (PNG bytes, empty for a dark display).

    Raises NothingToScanError when there is none.
    """
    if not png:
        raise NothingToScanError("the display is dark")
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)), formats=QR_CODES)
    if not codes:
        raise NothingToScanError("the display shows no QR code now")
    return str(codes[0].text)
