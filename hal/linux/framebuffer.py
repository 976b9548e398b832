"""The display through fbdev: RGB565 or 32 bits a pixel, upright or turned.

Geometry comes from /sys/class/graphics/fbN, the order of colours from the driver (linux/fb.h). The console
must not draw there: ``vt.global_cursor_default=0`` and ``fbcon=map:1`` on the kernel's command line
(docs/WIRING.md).
"""

import fcntl
import os
import struct
from array import array
from pathlib import Path
from typing import Any

from hal.linux.files import ROOT, read_number, read_text, under
from hal.ports import BoardLostError

_BITS = {16: 2, 32: 4}
_USUAL = {2: (11, 5, 0), 4: (16, 8, 0)}
"""At which bit red, green and blue begin, by bytes a pixel."""
_GET_VARIABLE_INFO = 0x4600
_VARIABLE_INFO = struct.Struct("32x I8x I8x I8x 92x")
"""``struct fb_var_screeninfo``: of each colour's ``fb_bitfield`` where it begins."""
_HIGH = range(256)
# RGB565, little-endian: low byte gggbbbbb, high byte rrrrrggg. Widened so that full stays full.
_RED = bytes((high & 0xF8) | high >> 5 for high in _HIGH)
_GREEN_HIGH = bytes((high & 7) << 5 | (high & 7) >> 1 for high in _HIGH)
_GREEN_LOW = bytes((low & 0xE0) >> 3 for low in _HIGH)
_BLUE = bytes((low & 0x1F) << 3 | (low & 0x1F) >> 2 for low in _HIGH)


class LinuxFramebuffer:
    """`hal.ports.Framebuffer` on ``/dev/fbN``; ``width`` × ``height`` as a person sees it.

    It is opened when a picture is shown, so a display that comes late shows the next one.
    """

    def __init__(self, io: dict[str, Any], root: Path = ROOT) -> None:
        display = io["display"]
        self.width, self.height = display["width"], display["height"]
        self._rotation = display["rotation"]
        self._device = under(root, display["device"])
        self._sysfs = root / "sys/class/graphics" / self._device.name

    def show(self, rgb565: bytes) -> None:
        """Put one whole picture on the display: width × height × 2 bytes, little-endian, row by row.

        Raises BoardLostError when the panel is not there or not of this size, ValueError for a wrong picture.
        """
        expected = self.width * self.height * 2
        if len(rgb565) != expected:
            raise ValueError(f"a picture of {len(rgb565)} bytes, {self.width} × {self.height} has {expected}")
        bytes_per_pixel, stride = self.geometry()
        turned = _turned(rgb565, self.width, self.height, self._rotation)
        try:
            with self._device.open("r+b", buffering=0) as device:
                order = self._order(device.fileno(), bytes_per_pixel)
                pixels = turned if bytes_per_pixel == 2 else _widened(turned, order)
                _write(device.fileno(), pixels, self._panel()[0] * bytes_per_pixel, stride)
        except BoardLostError:
            raise
        except OSError as error:
            raise BoardLostError(f"{self._device}: {error.strerror}") from error

    def geometry(self) -> tuple[int, int]:
        """Return bytes per pixel and per row. Raises BoardLostError when the panel does not fit the file."""
        bits = read_number(self._sysfs / "bits_per_pixel")
        if bits not in _BITS:
            raise BoardLostError(f"{self._device}: {bits} bits a pixel; 16 and 32 can be shown")
        there, wanted = _size(read_text(self._sysfs / "virtual_size")), self._panel()
        if there[0] != wanted[0] or there[1] < wanted[1]:  # a panel that scrolls is virtually higher
            raise BoardLostError(
                f"{self._device}: the panel is {there[0]} × {there[1]} pixels, the board file's"
                f" [display] needs {wanted[0]} × {wanted[1]}"
            )
        return _BITS[bits], read_number(self._sysfs / "stride")

    def _panel(self) -> tuple[int, int]:
        """Return the size of the panel as it is mounted."""
        return (self.height, self.width) if self._rotation in (90, 270) else (self.width, self.height)

    def _order(self, descriptor: int, bytes_per_pixel: int) -> tuple[int, ...]:
        """Return where red, green and blue begin; a driver that does not tell has the usual order.

        Raises BoardLostError when colours of such a panel cannot be shown.
        """
        try:
            told = fcntl.ioctl(descriptor, _GET_VARIABLE_INFO, bytes(_VARIABLE_INFO.size))
        except OSError:
            return _USUAL[bytes_per_pixel]
        order = _VARIABLE_INFO.unpack(told)
        if order != _USUAL[2] if bytes_per_pixel == 2 else any(bit % 8 for bit in order):
            red, green, blue = order
            raise BoardLostError(
                f"{self._device}: red, green and blue begin at the bits {red}, {green} and {blue};"
                " RGB565 and 32 bits with 8 a colour can be shown"
            )
        return order


def _write(descriptor: int, pixels: bytes, row: int, stride: int) -> None:
    if row == stride:
        os.pwrite(descriptor, pixels, 0)
        return
    for number in range(len(pixels) // row):
        os.pwrite(descriptor, pixels[number * row : (number + 1) * row], number * stride)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition(",")
    return int(width), int(height)


def _turned(rgb565: bytes, width: int, height: int, rotation: int) -> bytes:
    """Return the picture turned clockwise by 0, 90, 180 or 270 degrees."""
    if rotation == 0:
        return rgb565
    pixels = array("H", rgb565)
    if rotation == 180:
        return pixels[::-1].tobytes()
    if rotation == 90:  # a row is a column of before, from its foot up
        return b"".join(pixels[column::width][::-1].tobytes() for column in range(width))
    return b"".join(pixels[column::width].tobytes() for column in reversed(range(width)))


def _widened(rgb565: bytes, order: tuple[int, ...]) -> bytes:
    """Return the picture in 32 bits a pixel. Whole planes at a time: some milliseconds."""
    red, green_at, blue = (bit // 8 for bit in order)
    low, high = rgb565[::2], rgb565[1::2]
    count = len(low)
    green = int.from_bytes(high.translate(_GREEN_HIGH), "little")
    green |= int.from_bytes(low.translate(_GREEN_LOW), "little")
    wide = bytearray(4 * count)
    wide[blue::4] = low.translate(_BLUE)
    wide[green_at::4] = green.to_bytes(count, "little")
    wide[red::4] = high.translate(_RED)
    return bytes(wide)
