"""The Linux backend on a real kernel, as `tests.contract` wants a board: ports in the guest, hands outside.

Terminals are what the kernel's other side shows: GPIO lines from QEMU, a PWM's duty and a LED's brightness as
the kernel has them, voltages and temperatures as the modules' parameters.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from config.board_io import io_of
from config.load import load_board
from tests.board.hands import GuestObject
from tests.board.machine import Machine
from tests.contract import holder
from tests.contract.rig import PATIENCE_S, Pixels, watch

BOARD = """
backend = "linux"
outputs."evse1.contactor" = { chip = "9030000.pl061", line = "K1_COIL" }
leds.ready = { led = "virtual:status" }
inputs.emergency_stop = { chip = "gpiochip0", line = "ESTOP", active_low = true }
inputs."evse1.contactor_mirror" = { chip = "/dev/gpiochip0", line = 1 }
pwms."evse1.pilot" = { chip = "pilot-pwm" }
adcs."evse1.pilot_high" = { device = "virtual-adc", channel = "voltage0", gain = 8.0, offset_mv = -13000 }
adcs."evse1.pilot_low" = { device = "virtual-adc", channel = "voltage1", gain = 8.0, offset_mv = -13000 }
thermometers."evse1.temperature" = { hwmon = "virtual_thermometer" }
watchdog = { timeout_s = 4 }
evses.1 = { lock = "none", derating = {} }
"""
NAMES = {
    "output": {"evse1.contactor", "ready"},
    "input": {"emergency_stop", "evse1.contactor_mirror"},
    "pwm": {"evse1.pilot"},
    "adc": {"evse1.pilot_high", "evse1.pilot_low"},
    "thermometer": {"evse1.temperature"},
}
STEP_MV = 8 * 3_300 / 4_096
"""A step of the converter, 12 bits of 3.3 V, as the terminal sees it through the divider."""

HOLDER = "tests/contract/holder.py"  # by its path: its package wants pytest, which the guest has not

_LINES = {"evse1.contactor": 0, "emergency_stop": 2}
_CHANNELS = {"evse1.pilot_high": 0, "evse1.pilot_low": 1}
_SENSORS = "/sys/bus/platform/drivers/virtual-sensors"
_PARAMETERS = "/sys/module/virtual_sensors/parameters"
_PWM = "/sys/class/pwm/pwmchip0/pwm0"
_GONE_MC = -300_000


class GuestWatchdog:
    """`hal.ports.Watchdog` in the guest."""

    def __init__(self, watchdog: GuestObject) -> None:
        self._watchdog = watchdog
        self.timeout_ms: int = watchdog.get("timeout_ms")

    def feed(self) -> None:
        self._watchdog.feed()

    def close(self) -> None:
        self._watchdog.close()


class GuestHolder:
    """Another process of the guest that holds a board."""

    def __init__(self, machine: Machine, words: list[str]) -> None:
        subprocess = machine.module("subprocess")
        self._process = subprocess.Popen(["python3", *words], stdout=subprocess.get("PIPE"))
        said = self._process.get("stdout").readline()
        assert said == b"holding\n", said

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class KernelRig:
    """`tests.contract.rig.Rig` with a watchdog, in a running virtual board."""

    names = NAMES
    killed_is_safe = False

    def __init__(self, machine: Machine, folder: Path) -> None:
        (folder / "board.toml").write_text(BOARD, encoding="utf-8")
        self.io = io_of(load_board(folder / "board.toml"))
        self._machine = machine
        self._boards: list[Any] = []
        self._raw = [0, 0, 0, 0]
        self._files = machine.module("pathlib")
        self._select = machine.module("select")
        machine.forget_events()
        for name in ("evse1.pilot_high", "evse1.pilot_low"):
            self.set_mv(name, 12_000)
        self.set_mc("evse1.temperature", 25_000)
        self.set_input("emergency_stop", False)

    def open(self) -> Any:
        self._boards.append(board := self._machine.module("hal.backends").open_board(self.io))
        return board

    def readable(self, board: Any, within_s: float) -> bool:
        return bool(self._select.select([board.fileno()], [], [], within_s)[0])

    def eventually(self, condition: Callable[[], bool]) -> bool:
        until = time.monotonic() + PATIENCE_S
        while not (holds := condition()) and time.monotonic() < until:
            pass  # each look asks the guest or QEMU: it waits there
        return holds

    def output(self, name: str) -> bool:
        if name in _LINES:
            return self._machine.pin(_LINES[name])
        return int(self._read(f"{_PARAMETERS}/led_brightness")) > 0

    def duty_e4(self, name: str) -> int:
        assert name == "evse1.pilot"
        return 10_000 * int(self._read(f"{_PWM}/duty_cycle")) // int(self._read(f"{_PWM}/period"))

    def set_input(self, name: str, active: bool) -> None:
        self._machine.drive(_LINES[name], not active)

    def set_mv(self, name: str, mv: int) -> None:
        self._raw[_CHANNELS[name]] = round((mv + 13_000) / STEP_MV)
        self._write(f"{_PARAMETERS}/raw", ",".join(map(str, self._raw)))

    def set_mc(self, name: str, mc: int | None) -> None:
        assert name == "evse1.temperature"
        self._write(f"{_PARAMETERS}/temperature_mc", str(_GONE_MC if mc is None else mc))

    def hold(self, kind: str, name: str, value: int) -> GuestHolder:
        _, _, *words = holder.command(self.io, kind, name, value)
        return GuestHolder(self._machine, [HOLDER, *words])

    def lose(self) -> None:
        """Take the converter, the thermometer and the LED away, as a bus that fails does."""
        self._write(f"{_SENSORS}/unbind", "virtual-sensors")

    def mend(self) -> None:
        self._write(f"{_SENSORS}/bind", "virtual-sensors")

    # the watchdog

    def armed(self) -> GuestWatchdog:
        watchdog = GuestWatchdog(self.open().watchdog())
        self._machine.forget_events()
        return watchdog

    def look_on(self, for_s: float, watchdog: Any) -> None:
        watch(self, self._boards[-1], for_s, watchdog.feed if watchdog is not None else lambda: None)

    def acted(self, within_s: float) -> bool:
        """Wait for a reset; after one the machine is up again, and nothing is open there."""
        try:
            self._machine.wait_for_event("RESET", within_s + 0.1)
        except TimeoutError:
            return False
        self._boards.clear()
        self._machine.wait_until_up()
        return True

    def close(self) -> None:
        for board in self._boards:
            board.close()

    def _read(self, path: str) -> str:
        return str(self._files.Path(path).read_text())

    def _write(self, path: str, text: str) -> None:
        self._files.Path(path).write_text(text)


class KernelPanel:
    """`tests.contract.rig.Panel` on the kernel's framebuffer, seen as QEMU's screen."""

    def __init__(self, machine: Machine, size: tuple[int, int] = (800, 480), rotation: int = 0) -> None:
        display = {"width": size[0], "height": size[1], "device": "/dev/fb0", "rotation": rotation}
        opened = machine.module("hal.backends").open_framebuffer({"backend": "linux", "display": display})
        self.framebuffer = GuestFramebuffer(opened)
        self._machine = machine
        self._rotation = rotation

    def screen(self) -> Pixels:
        """What somebody sees before whom the panel is mounted as the board file says."""
        panel = Image.open(self._machine.screenshot()).convert("RGB")
        seen = panel.rotate(self._rotation, expand=True)  # anticlockwise
        bytes_ = iter(seen.tobytes())
        flat = list(zip(bytes_, bytes_, bytes_, strict=True))
        return [flat[at : at + seen.width] for at in range(0, len(flat), seen.width)]

    def shows(self, pixels: Pixels) -> bool:
        """Return whether the screen shows this; the kernel brings it there some ms later."""
        until = time.monotonic() + PATIENCE_S
        while not (same := self.screen() == pixels) and time.monotonic() < until:
            pass
        return same

    def lose(self) -> None:
        self._sh("cd /sys/bus/virtio/drivers/virtio_gpu && basename virtio*/ | tee /run/gpu >unbind")

    def mend(self) -> None:
        self._sh(
            "cat /run/gpu >/sys/bus/virtio/drivers/virtio_gpu/bind; echo 0 >/sys/class/vtconsole/vtcon1/bind"
        )

    def _sh(self, script: str) -> None:
        said = self._machine.module("subprocess").getoutput(script)
        assert said == "", said


class GuestFramebuffer:
    """`hal.ports.Framebuffer` in the guest."""

    def __init__(self, framebuffer: GuestObject) -> None:
        self._framebuffer = framebuffer
        self.width: int = framebuffer.get("width")
        self.height: int = framebuffer.get("height")

    def show(self, rgb565: bytes) -> None:
        self._framebuffer.show(rgb565)
