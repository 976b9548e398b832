"""Scan to charge: the code as large as the display allows, and three steps beside it."""

from collections.abc import Iterator

from firmware.core.customer_view import CustomerView
from firmware.screens import qr
from firmware.screens.elements import Box, Element, Icon, Panel, QrCode, Text
from firmware.screens.station import GREEN, GREEN_SOFT, INK, MUTED, WHITE, Station
from firmware.screens.texts import EN, ZH

_CARD = Box(28, 78, 388, 388)
_CODE = _CARD.inset(6)
_SMALLEST_MODULE = 3
_COLUMN_X, _COLUMN_W = 452, 320


def scan(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    yield from _code(station, view)
    other = EN if station.language == "zh" else ZH
    large = 66 if station.language == "zh" else 44
    yield Text(Box(_COLUMN_X, 84, _COLUMN_W, 80), words.scan_title, large, INK, bold=True)
    yield Text(Box(_COLUMN_X, 164, _COLUMN_W, 42), other.scan_title, 29, GREEN)
    for number, step in enumerate(words.scan_steps, start=1):
        yield from _step(number, step, 226 + 54 * (number - 1))
    prices = station.prices or words.scan_price
    yield Text(Box(_COLUMN_X, 390, _COLUMN_W, 40), prices, 20, MUTED, lines=2)
    if station.hotline:
        hotline = words.hotline.format(number=station.hotline)
        yield Text(Box(_COLUMN_X, 432, _COLUMN_W, 34), hotline, 20, MUTED)


def _step(number: int, step: str, y: int) -> Iterator[Element]:
    yield Panel(Box(_COLUMN_X, y, 42, 42), GREEN_SOFT, 21)
    yield Text(Box(_COLUMN_X + 4, y + 2, 34, 38), str(number), 24, GREEN, bold=True, align="center")
    yield Text(Box(_COLUMN_X + 58, y, _COLUMN_W - 58, 42), step, 27, INK)


def _code(station: Station, view: CustomerView) -> Iterator[Element]:
    """The code, if the driver could pay with it now; else why not."""
    code = qr.modules(view.qr_url or "") if view.online else None
    if code is not None and code.width * _SMALLEST_MODULE <= _CODE.w:
        yield QrCode(_CODE, view.qr_url or "", (0, 0, 0), WHITE)
        return
    why = station.words.scan_unavailable if view.online else station.words.scan_offline
    yield Icon(Box(_CARD.x + 134, _CARD.y + 96, 120, 120), "offline", MUTED)
    yield Text(Box(_CARD.x + 36, _CARD.y + 220, _CARD.w - 72, 90), why, 26, MUTED, align="center", lines=2)
