"""Temperature sensors through hwmon (Documentation/hwmon/sysfs-interface.rst): millidegrees Celsius."""

from pathlib import Path
from typing import Any

from hal.clock import Clock, SystemClock
from hal.linux.files import ROOT, device_by, read_number
from hal.ports import BoardLostError

_EVERY_MS = 1_000  # a sensor behind I2C takes milliseconds, and heat takes minutes
_PAUSE = 9  # times as long as the last answer took: a bus that hangs keeps its reader a tenth of the time


class HwmonThermometer:
    """A sensor, asked at most once a second. Raises BoardLostError when there is none of that name.

    It is asked more seldom if it takes long to answer: a bus that hangs keeps the reader for its driver's
    time-out, often a second.

    One that is there and does not answer fails its readings only; it is looked for again each second, since
    its number changes when its driver comes back.
    """

    def __init__(self, thermometer: dict[str, Any], root: Path = ROOT, clock: Clock | None = None) -> None:
        self._hwmon, self._channel = thermometer["hwmon"], thermometer["channel"]
        self._root = root
        self._clock = clock or SystemClock()
        self._path = self._found()
        self._due_ms = self._clock.monotonic_ms()
        self._value_mc = 0
        self._missing = ""

    def read_mc(self) -> int:
        """Return thousandths of a degree Celsius, not older than a second. Raises BoardLostError."""
        began_ms = self._clock.monotonic_ms()
        if began_ms >= self._due_ms:
            self._ask()
            ended_ms = self._clock.monotonic_ms()
            self._due_ms = max(began_ms + _EVERY_MS, ended_ms + _PAUSE * (ended_ms - began_ms))
        if self._missing:
            raise BoardLostError(self._missing)
        return self._value_mc

    def _ask(self) -> None:
        self._missing = ""
        try:
            if not self._path.exists():
                self._path = self._found()
            self._value_mc = read_number(self._path)
        except BoardLostError as error:
            self._missing = str(error)

    def _found(self) -> Path:
        device = device_by(self._root / "sys/class/hwmon", "hwmon", self._hwmon, "name")
        path = device / f"{self._channel}_input"
        if not path.exists():
            there = ", ".join(sorted(each.name[: -len("_input")] for each in device.glob("temp*_input")))
            raise BoardLostError(f"{device}: no channel {self._channel}; there is {there or 'none'}")
        return path
