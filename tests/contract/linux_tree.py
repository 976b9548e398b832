"""The rig of `hal.linux` on a tree of files that stands for the kernel's: PWM, IIO, hwmon, LEDs, fbdev.

A tree keeps what is written and refuses nothing; what only a kernel does is for tests/board.
"""

import contextlib
import os
import struct
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from msgspec import convert

from config.board_io import io_of
from config.schema import Board as BoardFile
from hal.linux.board import LinuxBoard
from hal.linux.framebuffer import LinuxFramebuffer
from hal.ports import Board
from tests.contract.holder import LocalHolder, command
from tests.contract.rig import Pixels, readable
from tests.contract.suite_framebuffer import five, six

BOARD = """
backend = "linux"
leds.ready = { led = "virtual:status" }
pwms."evse1.pilot" = { chip = "pilot-pwm" }
pwms."evse1.contactor" = { chip = 0, channel = 1, frequency_hz = 20_000, inverted = true, safe_e4 = 0 }
adcs."evse1.proximity" = { device = "adc", channel = "voltage0", gain = 0.5 }
adcs."evse1.pilot_high" = { device = "adc", channel = "voltage1", offset_mv = -13_000, peak = "high" }
adcs."evse1.pilot_low" = { device = "adc", channel = "voltage1", offset_mv = -13_000, peak = "low" }
thermometers."evse1.temperature" = { hwmon = "tmp102" }
evses.1 = { economiser = true, derating = {} }
"""
NAMES = {
    "output": {"ready"},
    "input": set[str](),
    "pwm": {"evse1.pilot", "evse1.contactor"},
    "adc": {"evse1.proximity", "evse1.pilot_high", "evse1.pilot_low"},
    "thermometer": {"evse1.temperature"},
}
LED, HWMON = "sys/class/leds/virtual:status", "sys/class/hwmon/hwmon2"
PWM, IIO, FB = "sys/class/pwm/pwmchip0", "sys/bus/iio/devices/iio:device0", "sys/class/graphics/fb0"
_CHANNELS = {"evse1.pilot": "pwm0", "evse1.contactor": "pwm1"}
_SCAN = struct.Struct("<H")


def plant(root: Path, files: dict[str, str]) -> None:
    """Write files below the root; each ends with a line's end, as the kernel's do."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="ascii")


def kernel_tree(root: Path) -> Path:
    """Plant what `BOARD` needs, as some other program has left it: a LED that blinks, a PWM that runs."""
    pwm = {"period": "500000", "duty_cycle": "200000", "enable": "1", "polarity": "normal"}
    channels = {f"{PWM}/{channel}/{name}": text for channel in ("pwm0", "pwm1") for name, text in pwm.items()}
    plant(
        root,
        channels
        | {
            f"{PWM}/npwm": "2",
            f"{PWM}/export": "",
            f"{LED}/trigger": "none [heartbeat]",
            f"{LED}/brightness": "128",
            f"{LED}/max_brightness": "255",
            f"{HWMON}/name": "tmp102",
            f"{HWMON}/temp1_input": "25000",
            f"{IIO}/name": "adc",
            f"{IIO}/in_voltage0_raw": "0",
            f"{IIO}/in_voltage0_scale": "2.0",
            f"{IIO}/in_voltage1_scale": "1",
            f"{IIO}/buffer/enable": "0",
            f"{IIO}/buffer/length": "0",
            f"{IIO}/scan_elements/in_voltage0_en": "1",
            f"{IIO}/scan_elements/in_voltage1_en": "0",
            f"{IIO}/scan_elements/in_voltage1_index": "1",
            f"{IIO}/scan_elements/in_voltage1_type": "le:u16/16>>0",
            f"{IIO}/scan_elements/in_timestamp_en": "1",
        },
    )
    (root / PWM / "device").symlink_to("../../../devices/platform/pilot-pwm")
    (root / "dev").mkdir()
    os.mkfifo(root / "dev/iio:device0")
    return root


class Converter:
    """The converter's end of its device: each sample is a crest and a trough."""

    def __init__(self, root: Path) -> None:
        self._pipe = os.open(root / "dev/iio:device0", os.O_RDWR | os.O_NONBLOCK)
        self._raws = {"evse1.pilot_high": 25_000, "evse1.pilot_low": 1_000}

    def set_mv(self, name: str, mv: int) -> None:
        self._raws[name] = mv + 13_000

    def sample(self) -> None:
        """Give the next sample."""
        os.write(self._pipe, b"".join(_SCAN.pack(raw) for raw in self._raws.values()))

    def start(self) -> None:
        """Begin with a fresh sample: nobody has read the last ones."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._pipe, 65_536):
                pass
        self.sample()

    def end(self) -> None:
        os.close(self._pipe)


class TreeRig:
    """`tests.contract.rig.Rig` on a tree below ``folder``."""

    names = NAMES
    killed_is_safe = False

    def __init__(self, folder: Path) -> None:
        self.root = kernel_tree(folder / "root")
        self.io = io_of(convert(tomllib.loads(BOARD, parse_float=Decimal), BoardFile))
        self._boards: list[Board] = []
        self._converter = Converter(self.root)

    def open(self) -> LinuxBoard:
        self._converter.start()
        self._boards.append(board := LinuxBoard(self.io, self.root))
        return board

    def readable(self, board: Board, within_s: float) -> bool:
        """The converter samples as often as the board is looked at."""
        self._converter.sample()
        return readable(board, within_s)

    def eventually(self, condition: Callable[[], bool]) -> bool:
        """A file says at once what was written."""
        return condition()

    def output(self, name: str) -> bool:
        return self._number(f"{LED}/brightness") > 0

    def duty_e4(self, name: str) -> int:
        channel = f"{PWM}/{_CHANNELS[name]}"
        assert self._number(f"{channel}/enable") == 1
        high_e4 = 10_000 * self._number(f"{channel}/duty_cycle") // self._number(f"{channel}/period")
        return 10_000 - high_e4 if name == "evse1.contactor" else high_e4

    def set_input(self, name: str, active: bool) -> None:
        raise AssertionError("a tree has no GPIO chip")

    def set_mv(self, name: str, mv: int) -> None:
        if name == "evse1.proximity":
            plant(self.root, {f"{IIO}/in_voltage0_raw": str(mv)})
        else:
            self._converter.set_mv(name, mv)

    def set_mc(self, name: str, mc: int | None) -> None:
        if mc is None:
            (self.root / HWMON / "temp1_input").unlink()
        else:
            plant(self.root, {f"{HWMON}/temp1_input": str(mc)})

    def hold(self, kind: str, name: str, value: int) -> LocalHolder:
        self._converter.start()
        return LocalHolder(command(self.io, kind, name, value, str(self.root)))

    def lose(self) -> None:
        """The converter does not answer."""
        (self.root / IIO / "in_voltage0_raw").write_bytes(b"")

    def mend(self) -> None:
        plant(self.root, {f"{IIO}/in_voltage0_raw": "0"})

    def close(self) -> None:
        for board in self._boards:
            board.close()
        self._converter.end()

    def _number(self, name: str) -> int:
        return int((self.root / name).read_text())


class TreePanel:
    """`tests.contract.rig.Panel` on a file: a panel of ``bits`` a pixel that is mounted turned.

    Its rows are ``spare`` bytes longer than their pixels.
    """

    WIDTH, HEIGHT = 7, 5

    def __init__(self, root: Path, bits: int, rotation: int, spare: int) -> None:
        self._device = root / "dev/fb0"
        self._bytes, self._rotation = bits // 8, rotation
        upright = rotation in (0, 180)
        self._size = (self.WIDTH, self.HEIGHT) if upright else (self.HEIGHT, self.WIDTH)
        self._stride = self._size[0] * self._bytes + spare
        geometry = {"bits_per_pixel": bits, "virtual_size": f"{self._size[0]},{self._size[1]}"}
        geometry["stride"] = self._stride
        plant(root, {f"{FB}/{name}": str(value) for name, value in geometry.items()})
        self._device.parent.mkdir()
        self.mend()
        display = {"width": self.WIDTH, "height": self.HEIGHT, "device": "/dev/fb0", "rotation": rotation}
        self.framebuffer = LinuxFramebuffer({"display": display}, root)

    def lose(self) -> None:
        self._device.unlink()

    def mend(self) -> None:
        self._device.write_bytes(bytes(self._stride * self._size[1]))

    def shows(self, pixels: Pixels) -> bool:
        assert len(self._device.read_bytes()) == self._stride * self._size[1], "it wrote beyond the panel"
        return self.screen() == pixels

    def screen(self) -> Pixels:
        """Return what a person sees who looks at the panel as it hangs."""
        return [[self._pixel(*self._place(x, y)) for x in range(self.WIDTH)] for y in range(self.HEIGHT)]

    def _place(self, x: int, y: int) -> tuple[int, int]:
        """Return column and row of the panel where a person sees (x, y): the picture is turned clockwise."""
        right, foot = self.WIDTH - 1, self.HEIGHT - 1
        return {0: (x, y), 90: (foot - y, x), 180: (right - x, foot - y), 270: (y, right - x)}[self._rotation]

    def _pixel(self, column: int, row: int) -> tuple[int, int, int]:
        at = row * self._stride + column * self._bytes
        raw = self._device.read_bytes()[at : at + self._bytes]
        if self._bytes == 4:
            return raw[2], raw[1], raw[0]
        value = int.from_bytes(raw, "little")
        return five(value >> 11), six(value >> 5 & 63), five(value & 31)
