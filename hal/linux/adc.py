"""Analogue inputs through IIO's sysfs (Documentation/ABI/testing/sysfs-bus-iio): one conversion a read."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hal.linux.files import ROOT, Repeated, device_by, read_text
from hal.ports import BoardLostError


class Scale:
    """Raw values to millivolts at the terminal: ``(raw + offset) × scale × gain + offset_mv``.

    A driver that tells millivolts itself (``_input``) has neither of the kernel's two. Exact decimals, made
    once into one factor; the result is rounded to the nearest millivolt, halves away from zero.
    """

    def __init__(self, adc: dict[str, Any], device: Path) -> None:
        channel = f"in_{adc['channel']}"
        kind = re.sub("[0-9]", "", channel)
        per_raw = _decimal((device / f"{channel}_scale", device / f"{kind}_scale"), "1")
        self._offset = _decimal((device / f"{channel}_offset", device / f"{kind}_offset"), "0")
        self._factor = per_raw * Decimal(adc["gain"])
        self._add_mv = adc["offset_mv"]

    def millivolts(self, raw: int) -> int:
        """Return the voltage that a raw value means."""
        exact = (raw + self._offset) * self._factor + self._add_mv
        return int(exact.to_integral_value(ROUND_HALF_UP))


class IioAdc:
    """One channel, converted at each refresh, which waits for it: microseconds for a converter in the
    processor, a fraction of a millisecond on SPI. Raises BoardLostError when it cannot be had or read.
    """

    def __init__(self, adc: dict[str, Any], root: Path = ROOT) -> None:
        device = iio_device(adc["device"], root)
        channel = device / f"in_{adc['channel']}"
        paths = [Path(f"{channel}_{kind}") for kind in ("raw", "input")]
        path = next((path for path in paths if path.exists()), None)
        if path is None:
            raise BoardLostError(f"{device}: no channel {adc['channel']}; there is {channels_of(device)}")
        self._scale = Scale(adc, device)
        self._file = Repeated(path)
        self._value_mv = 0
        try:
            self.refresh()
        except BoardLostError:
            self.close()
            raise

    def refresh(self) -> None:
        """Convert. Raises BoardLostError."""
        self._value_mv = self._scale.millivolts(self._file.number())

    def read_mv(self) -> int:
        """Return the voltage at the last refresh in millivolts."""
        return self._value_mv

    def close(self) -> None:
        """Close it."""
        self._file.close()


def iio_device(wanted: int | str, root: Path = ROOT) -> Path:
    """Return an IIO device by its number or name. Raises BoardLostError, which says what there is."""
    return device_by(root / "sys/bus/iio/devices", "iio:device", wanted, "name")


def channels_of(device: Path) -> str:
    """Return the device's voltage channels, for people."""
    names = {path.name[len("in_") : path.name.rindex("_")] for path in device.glob("in_voltage*_*")}
    there = {
        name for name in names if any((device / f"in_{name}_{kind}").exists() for kind in ("raw", "input"))
    }
    return ", ".join(sorted(there)) or "none"


def _decimal(paths: tuple[Path, ...], otherwise: str) -> Decimal:
    """Return the number in the first of the files that is there: a channel's own, or its kind's."""
    for path in paths:
        if path.exists():
            text = read_text(path)
            try:
                return Decimal(text)
            except InvalidOperation as error:
                raise BoardLostError(f'{path}: "{text}" is no number') from error
    return Decimal(otherwise)
