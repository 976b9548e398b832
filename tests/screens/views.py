"""Views, stations and the questions that the tests ask of a picture."""

import math
from collections.abc import Iterator

from hypothesis import strategies as st
from PIL import Image, ImageChops
from zxingcpp import read_barcodes

from config.schema import Operator
from firmware.core.customer_view import CustomerView, Screen
from firmware.core.faults import CATALOGUE
from firmware.screens.elements import Box, Icon, QrCode, Ring
from firmware.screens.renderer import Renderer
from firmware.screens.texts import NOTES, REASONS

URL = "http://127.0.0.1:9001/pay/chu-003/1?totp=akF3c7qY2uiu&v=v1"
CHU = Operator(name="楚氏充电", name_en="Chu Charging", hotline="400-000-0003")
WORDY = Operator(
    name="楚氏新能源汽车充电服务科技发展（上海）有限责任公司第三运营分公司营业部",
    name_en="Chu New Energy Vehicle Charging Co Ltd, Shanghai",
    hotline="+86 (0)400-000-0003-000001 / 000002",
)

_MINUTE = 60_000
TYPICAL = {
    Screen.STARTING_UP: CustomerView(Screen.STARTING_UP, 1),
    Screen.SCAN: CustomerView(Screen.SCAN, 1, qr_url=URL),
    Screen.PAYING: CustomerView(Screen.PAYING, 1),
    Screen.PREPARING: CustomerView(Screen.PREPARING, 1),
    Screen.PLUG_IN: CustomerView(Screen.PLUG_IN, 1, remaining_ms=43_000),
    Screen.WAITING: CustomerView(Screen.WAITING, 1),
    Screen.CHARGING: CustomerView(
        Screen.CHARGING, 1, power_w=7180, energy_dwh=20340, cost_e4=29493, remaining_ms=43 * _MINUTE,
        elapsed_ms=17 * _MINUTE, paid_time_ms=60 * _MINUTE,
    ),
    Screen.PAUSED: CustomerView(
        Screen.PAUSED, 1, power_w=0, energy_dwh=20340, cost_e4=29493, remaining_ms=43 * _MINUTE,
        elapsed_ms=17 * _MINUTE, paid_time_ms=60 * _MINUTE,
    ),
    Screen.STOPPING: CustomerView(
        Screen.STOPPING, 1, power_w=0, energy_dwh=20340, cost_e4=29493, elapsed_ms=17 * _MINUTE,
    ),
    Screen.RECEIPT: CustomerView(
        Screen.RECEIPT, 1, energy_dwh=103_450, elapsed_ms=60 * _MINUTE, cost_e4=150_000, bill_minor=1500,
        settled=True, stopped_reason="TimeLimitReached",
    ),
    Screen.OUT_OF_SERVICE: CustomerView(Screen.OUT_OF_SERVICE, 1, fault="MeterSilent", bill_minor=295),
}  # fmt: skip
"""Each screen as a driver usually meets it."""

_number = st.none() | st.integers(0, 10**4) | st.integers(0, 10**12)
any_view = st.builds(
    CustomerView,
    screen=st.sampled_from(Screen),
    evse=st.integers(1, 99),
    online=st.booleans(),
    qr_url=st.none() | st.just(URL) | st.text(max_size=200),
    power_w=_number | st.integers(-400_000, 400_000),
    energy_dwh=_number,
    cost_e4=_number,
    remaining_ms=_number,
    elapsed_ms=_number,
    paid_cost_e4=_number,
    paid_time_ms=_number,
    bill_minor=_number,
    settled=st.booleans(),
    stopped_reason=st.none() | st.sampled_from(sorted(REASONS)) | st.text(max_size=20),
    fault=st.none() | st.sampled_from(sorted(CATALOGUE)) | st.text(max_size=40),
    note=st.none() | st.sampled_from(sorted(NOTES)) | st.text(max_size=20),
)


def decoded(picture: Image.Image) -> list[str]:
    """Return what a phone reads off the picture."""
    return [found.text for found in read_barcodes(picture)]


def differs(one: Image.Image, other: Image.Image) -> Box | None:
    """Return where two pictures differ, None if nowhere."""
    box = ImageChops.difference(one, other).getbbox()
    return Box(box[0], box[1], box[2] - box[0], box[3] - box[1]) if box else None


def misplaced(renderer: Renderer, view: CustomerView, picture: Box) -> Iterator[str]:
    """Tell of each line that leaves the picture or runs into another one, an icon, the code or the ring."""
    runs = [run for run in renderer.runs(view) if run.text.strip("…")]
    elements = renderer.elements(view)
    for number, run in enumerate(runs):
        if not picture.contains(run.box):
            yield f"{run} leaves the picture"
        yield from (f"{run} runs into {other}" for other in runs[:number] if run.box.overlaps(other.box))
        for element in elements:
            if isinstance(element, Icon | QrCode) and element.box.overlaps(run.box):
                yield f"{run} runs into {element}"
            if isinstance(element, Ring) and element.box.overlaps(run.box) and not _inside(element, run.box):
                yield f"{run} runs into the ring"


def _inside(ring: Ring, box: Box) -> bool:
    x, y, radius = ring.box.x + ring.box.w / 2, ring.box.y + ring.box.h / 2, ring.box.w / 2 - ring.thickness
    corners = [(cx, cy) for cx in (box.x, box.right) for cy in (box.y, box.bottom)]
    return all(math.hypot(cx - x, cy - y) <= radius for cx, cy in corners)
