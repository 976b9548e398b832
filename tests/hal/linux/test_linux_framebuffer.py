"""`hal.linux.framebuffer`: panels that do not fit are told; a whole picture takes few milliseconds."""

import time
from pathlib import Path
from typing import Any

import pytest

from hal.linux.framebuffer import LinuxFramebuffer
from hal.ports import BoardLostError
from tests.contract.linux_tree import FB, plant
from tests.contract.suite_framebuffer import picture

WIDTH, HEIGHT = 800, 480


def display(root: Path, bits: int, size: str = "800,480", stride: int = 0, **table: Any) -> LinuxFramebuffer:
    geometry = {"bits_per_pixel": bits, "virtual_size": size, "stride": stride or WIDTH * bits // 8}
    plant(root, {f"{FB}/{name}": str(value) for name, value in geometry.items()})
    (root / "dev/fb0").write_bytes(b"")
    whole = {"width": WIDTH, "height": HEIGHT, "device": "/dev/fb0", "rotation": 0, **table}
    return LinuxFramebuffer({"display": whole}, root)


@pytest.mark.parametrize(
    ("bits", "size", "rotation", "said"),
    [
        (32, "1024,600", 0, r"fb0: the panel is 1024 × 600 pixels, .*\[display\] needs 800 × 480"),
        (32, "800,400", 0, "800 × 400 pixels"),
        (32, "800,480", 90, "needs 480 × 800"),
        (24, "800,480", 0, "24 bits a pixel; 16 and 32 can be shown"),
    ],
)
def test_a_panel_that_does_not_fit_is_told(
    root: Path, bits: int, size: str, rotation: int, said: str
) -> None:
    with pytest.raises(BoardLostError, match=said):
        display(root, bits, size, rotation=rotation).show(picture(WIDTH, HEIGHT))


def test_a_panel_that_scrolls_is_virtually_higher(root: Path) -> None:
    display(root, 16, "800,960").show(picture(WIDTH, HEIGHT))
    assert (root / "dev/fb0").read_bytes() == picture(WIDTH, HEIGHT)


def test_no_panel_is_told(root: Path) -> None:
    framebuffer = display(root, 16, device="/dev/fb7")
    with pytest.raises(BoardLostError, match=r"fb7/bits_per_pixel: No such file"):
        framebuffer.show(picture(WIDTH, HEIGHT))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_whole_picture_in_32_bits_is_shown_in_far_less_than_a_frame_of_the_screens(
    root: Path, rotation: int
) -> None:
    turned = rotation in (90, 270)
    size, stride = ("480,800", 480 * 4) if turned else ("800,480", 800 * 4)
    framebuffer = display(root, 32, size, stride, rotation=rotation)
    shown = picture(WIDTH, HEIGHT)
    framebuffer.show(shown)
    began = time.perf_counter()
    for _ in range(5):
        framebuffer.show(shown)
    each_ms = (time.perf_counter() - began) / 5 * 1_000
    print(f"a picture of {WIDTH} × {HEIGHT} in 32 bits, turned by {rotation}°: {each_ms:.1f} ms")
    assert each_ms < 250
