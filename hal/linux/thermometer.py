"""Temperature sensors through hwmon (Documentation/hwmon/sysfs-interface.rst): millidegrees Celsius."""

from pathlib import Path
from typing import Any

from hal.clock import Clock, SystemClock
from hal.linux.files import ROOT, Repeated, device_by

_EVERY_MS = 1_000  # a sensor behind I2C takes milliseconds, and heat takes minutes


class HwmonThermometer:
    """A sensor, read at most once a second. Raises BoardLostError, also from a sensor that has gone."""

    def __init__(self, thermometer: dict[str, Any], root: Path = ROOT, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        device = device_by(root / "sys/class/hwmon", "hwmon", thermometer["hwmon"], "name")
        self._file = Repeated(device / f"{thermometer['channel']}_input")
        self._read_at_ms = self._clock.monotonic_ms()
        self._value_mc = self._file.number()

    def read_mc(self) -> int:
        """Return thousandths of a degree Celsius, not older than a second. Raises BoardLostError."""
        now_ms = self._clock.monotonic_ms()
        if now_ms - self._read_at_ms >= _EVERY_MS:
            self._value_mc, self._read_at_ms = self._file.number(), now_ms
        return self._value_mc

    def close(self) -> None:
        """Close it."""
        self._file.close()
