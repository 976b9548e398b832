"""A picture of the firmware on the kernel's framebuffer, as a driver's phone sees it."""

from PIL import Image
from zxingcpp import read_barcodes

from config.schema import Operator
from firmware.core.customer_view import CustomerView, Screen
from firmware.screens.renderer import Renderer
from firmware.screens.rgb565 import from_rgb565
from tests.board.machine import Machine

URL = "http://127.0.0.1:9001/pay/chu-003/1?totp=akF3c7qY2uiu&v=v1"
DISPLAY = {"width": 800, "height": 480, "device": "/dev/fb0", "rotation": 0}
CHU = Operator(name="楚氏充电", name_en="Chu Charging", hotline="400-000-0003")


def test_the_qr_code_on_the_screen_is_read_by_a_phone(machine: Machine) -> None:
    picture = Renderer(CHU, "3", "zh", "CNY").rgb565(CustomerView(Screen.SCAN, 1, qr_url=URL))
    show(machine, picture)
    (code,) = read_barcodes(Image.open(machine.screenshot()))
    assert code.text == URL


def test_the_screen_shows_the_picture_pixel_by_pixel(machine: Machine) -> None:
    picture = Renderer(CHU, "3", "en", "CNY").rgb565(CustomerView(Screen.CHARGING, 1, energy_dwh=20_340))
    show(machine, picture)
    seen = Image.open(machine.screenshot()).convert("RGB")
    drawn = from_rgb565(picture, 800, 480)
    worst = max(high for _, high in difference(seen, drawn))
    assert worst <= 8, "a colour is off by more than RGB565 can tell"


def difference(one: Image.Image, other: Image.Image) -> list[tuple[int, int]]:
    from PIL import ImageChops

    return ImageChops.difference(one, other).getextrema()  # type: ignore[return-value]


def show(machine: Machine, rgb565: bytes) -> None:
    framebuffer = machine.module("hal.backends").open_framebuffer({"backend": "linux", "display": DISPLAY})
    framebuffer.show(rgb565)
