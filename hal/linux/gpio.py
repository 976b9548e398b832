"""GPIO lines through the kernel's character device, uAPI v2 (libgpiod 2).

Each line is a request of its own, so that `gpioinfo` shows who holds it and for what. A line that is
released, also by the death of its process, is the driver's to leave or reset: docs/SAFETY.md says what that
means.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import gpiod
from gpiod.line import Bias, Direction, Drive, Edge, Value

from hal.linux.files import ROOT, under
from hal.ports import BoardLostError

_BIAS = {
    "as-is": Bias.AS_IS,
    "disabled": Bias.DISABLED,
    "pull-up": Bias.PULL_UP,
    "pull-down": Bias.PULL_DOWN,
}
_DRIVE = {
    "push-pull": Drive.PUSH_PULL,
    "open-drain": Drive.OPEN_DRAIN,
    "open-source": Drive.OPEN_SOURCE,
}
_CONSUMER_BYTES = 31  # the kernel's GPIO_MAX_NAME_SIZE less its end


class GpioOutput:
    """An output line, inactive from the request on. Raises BoardLostError when it cannot be had."""

    def __init__(self, name: str, line: dict[str, Any], root: Path = ROOT) -> None:
        settings = {
            "direction": Direction.OUTPUT,
            "drive": _DRIVE[line["drive"]],
            "active_low": line["active_low"],
            "output_value": Value.INACTIVE,
        }
        self._offset, self._request = _requested(name, line, root, settings)

    def set(self, active: bool) -> None:
        """Drive the line. Raises BoardLostError."""
        try:
            self._request.set_value(self._offset, Value.ACTIVE if active else Value.INACTIVE)
        except (OSError, gpiod.RequestReleasedError) as error:
            raise BoardLostError(f"gpio: {error}") from error

    def close(self) -> None:
        """Make it inactive and let go of it."""
        if self._request:
            try:
                self._request.set_value(self._offset, Value.INACTIVE)
            finally:
                self._request.release()


class GpioInput:
    """An input line whose both edges make ``fileno()`` readable. Raises BoardLostError."""

    def __init__(self, name: str, line: dict[str, Any], root: Path = ROOT) -> None:
        settings = {
            "direction": Direction.INPUT,
            "edge_detection": Edge.BOTH,
            "bias": _BIAS[line["bias"]],
            "active_low": line["active_low"],
            "debounce_period": timedelta(microseconds=line["debounce_us"]),
        }
        self._offset, self._request = _requested(name, line, root, settings)
        self._active = self._now()

    def fileno(self) -> int:
        """Return the descriptor that is readable when an edge was seen."""
        return int(self._request.fd)

    def refresh(self) -> None:
        """Take the level of now; edges only wake, so one that the kernel dropped misleads nobody.

        One portion of them is taken, however fast the line chatters. Raises BoardLostError.
        """
        try:
            if self._request.wait_edge_events(0):
                self._request.read_edge_events()
        except (OSError, gpiod.RequestReleasedError) as error:
            raise BoardLostError(f"gpio: {error}") from error
        self._active = self._now()

    def read(self) -> bool:
        """Return the level at the last refresh."""
        return self._active

    def _now(self) -> bool:
        try:
            return bool(self._request.get_value(self._offset) is Value.ACTIVE)
        except (OSError, gpiod.RequestReleasedError) as error:
            raise BoardLostError(f"gpio: {error}") from error

    def close(self) -> None:
        """Let go of the line."""
        self._request.release()


def _requested(
    name: str, line: dict[str, Any], root: Path, settings: dict[str, Any]
) -> tuple[int, gpiod.LineRequest]:
    consumer = f"wattseal:{name}".encode()[:_CONSUMER_BYTES].decode(errors="ignore")
    with _free(line, root) as (chip, offset):
        wanted: Any = {offset: gpiod.LineSettings(**settings)}
        return offset, chip.request_lines(config=wanted, consumer=consumer)


def free_line(line: dict[str, Any], root: Path = ROOT) -> str:
    """Say which line this is; nothing is requested. Raises BoardLostError unless it is there and free."""
    with _free(line, root) as (chip, offset):
        name = chip.get_line_info(offset).name
        return f"{chip.path} line {offset}{f' ({name})' if name else ''}, {chip.get_info().label}"


@contextmanager
def _free(line: dict[str, Any], root: Path) -> Iterator[tuple[gpiod.Chip, int]]:
    """Open a line's chip and find the line. Raises BoardLostError unless it is there and nobody holds it."""
    path = chip_path(line["chip"], root)
    try:
        with gpiod.Chip(str(path)) as chip:
            offset = _offset(chip, line["line"])
            info = chip.get_line_info(offset)
            if info.used:
                raise BoardLostError(f'{path} line {offset}: it is held by "{info.consumer}"')
            yield chip, offset
    except BoardLostError:
        raise
    except OSError as error:
        raise BoardLostError(f"{path} line {line['line']}: {error.strerror or error}") from error


def _offset(chip: gpiod.Chip, wanted: int | str) -> int:
    try:
        return int(chip.line_offset_from_id(wanted))
    except (ValueError, FileNotFoundError) as error:
        info = chip.get_info()
        lines = (chip.get_line_info(offset) for offset in range(info.num_lines))
        named = ", ".join(f"{line.offset} {line.name}" for line in lines if line.name)
        raise BoardLostError(
            f"{chip.path}: {info.label} has lines 0 to {info.num_lines - 1}; {wanted!r} is none of them"
            f"{named and f': {named}'}"
        ) from error


def chip_path(chip: str, root: Path = ROOT) -> Path:
    """Return a chip's device by its path, name (``gpiochip0``) or label (``pinctrl-bcm2711``).

    Raises BoardLostError, which says what there is.
    """
    path = under(root, chip) if chip.startswith("/") else root / "dev" / chip
    there = sorted((root / "dev").glob("gpiochip*"))
    if path in there or path.exists():
        return path
    labels = {each: _label(each) for each in there}
    for each, label in labels.items():
        if label == chip:
            return each
    listed = ", ".join(f"{each} ({label})" for each, label in labels.items()) or "no GPIO chip"
    raise BoardLostError(f"{path} is not there; there is {listed}")


def _label(path: Path) -> str:
    try:
        with gpiod.Chip(str(path)) as chip:
            return str(chip.get_info().label)
    except OSError as error:
        return error.strerror or "unreadable"
