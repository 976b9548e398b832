"""Out of service: what is wrong, what to do, and what to tell on the phone."""

from collections.abc import Iterator

from firmware.core.customer_view import CustomerView
from firmware.screens.catalogue import fault_code, fault_remedy, fault_title
from firmware.screens.elements import Box, Element, Icon, Panel, Text
from firmware.screens.station import FOOTER, INK, MUTED, RED, RED_SOFT, WHITE, Station

_CARD = Box(28, 80, 744, 348)


def out_of_service(station: Station, view: CustomerView) -> Iterator[Element]:
    words = station.words
    yield Panel(_CARD, WHITE, 18)
    yield Panel(Box(28, 80, 744, 124), RED_SOFT, 18)
    yield Panel(Box(28, 180, 744, 24), RED_SOFT)
    yield Icon(Box(60, 98, 88, 88), "warning", RED)
    yield Text(Box(176, 98, 568, 88), words.fault_title, 56, RED, bold=True)
    title = fault_title(view.fault, station.language) if view.fault else words.fault_unknown
    remedy = fault_remedy(view.fault, station.language) if view.fault else ""
    yield Text(Box(60, 212, 680, 54), title, 34, INK, bold=True)
    yield Text(Box(60, 266, 680, 40), words.fault_advice, 25, INK)
    if remedy:
        yield Text(Box(60, 308, 680, 58), words.fault_remedy.format(remedy=remedy), 20, MUTED, lines=2)
    if view.fault:
        code = words.fault_code.format(code=fault_code(view.fault))
        yield Text(Box(60, 374, 420, 44), code, 21, MUTED)
    if view.bill_minor is not None:
        bill = words.fault_bill.format(amount=station.amount(view.bill_minor))
        yield Text(Box(490, 374, 250, 44), bill, 24, INK, bold=True, align="right")
    if station.hotline:
        hotline = words.hotline.format(number=station.hotline)
        yield Text(FOOTER, hotline, 25, INK, bold=True)
