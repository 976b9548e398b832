"""Peaks of a fast signal through IIO's buffer: for boards that sample the pilot itself, at many kilohertz.

The device needs a trigger in ``trigger/current_trigger``, or one of its own.
"""

import os
import re
import select
from collections import deque
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hal.clock import Clock, SystemClock
from hal.linux.adc import Scale, iio_device
from hal.linux.files import ROOT, read_number, read_text, under, write_text
from hal.ports import BoardLostError

_TYPE = re.compile(r"(le|be):([su])(\d+)/(\d+)>>(\d+)")
_LENGTH = 4_096  # scans that the kernel keeps for us, and that one refresh takes in at most
_SILENT_MS = 100
_WIDEST_MS = 100  # the board file's longest window
_PORTION = 65_536


class Element(NamedTuple):
    """How one channel lies in a scan: its place and what of its bytes counts."""

    at: int
    size: int
    order: Literal["little", "big"]
    signed: bool
    bits: int
    shift: int

    def raw(self, scan: bytes) -> int:
        """Return the channel's raw value in a scan."""
        word = int.from_bytes(scan[self.at : self.at + self.size], self.order) >> self.shift
        word &= (1 << self.bits) - 1
        return word - (1 << self.bits) if self.signed and word >> (self.bits - 1) else word


class PeakBuffer:
    """The buffer of one device, with the channels that want their peaks. Raises BoardLostError."""

    def __init__(
        self, device: int | str, channels: list[str], root: Path = ROOT, clock: Clock | None = None
    ) -> None:
        self._clock = clock or SystemClock()
        self._folder = iio_device(device, root)
        self._pending = b""
        self._heard_ms = self._clock.monotonic_ms()
        write_text(self._folder / "buffer/enable", "0")
        for path in (self._folder / "scan_elements").glob("*_en"):
            write_text(path, str(int(path.name[len("in_") : -len("_en")] in channels)))
        self._elements, self._scan_size = _layout(self._folder / "scan_elements", channels)
        write_text(self._folder / "buffer/length", str(_LENGTH))
        self._portions: dict[str, deque[tuple[int, int, int]]] = {name: deque() for name in channels}
        self._descriptor = _opened(under(root, f"/dev/{self._folder.name}"))
        try:
            write_text(self._folder / "buffer/enable", "1")
            self._begin()
        except BoardLostError:
            self.close()
            raise

    @property
    def folder(self) -> Path:
        """The device in sysfs."""
        return self._folder

    def fileno(self) -> int:
        """Return the descriptor that is readable when there are samples."""
        return self._descriptor

    def refresh(self) -> None:
        """Take in a bounded number of samples. Raises BoardLostError after 100 ms without any."""
        now_ms = self._clock.monotonic_ms()
        data = self._pending + self._read()
        whole = len(data) // self._scan_size * self._scan_size
        self._pending = data[whole:]
        if whole:
            self._heard_ms = now_ms
            scans = [data[at : at + self._scan_size] for at in range(0, whole, self._scan_size)]
            for name, element in self._elements.items():
                raws = [element.raw(scan) for scan in scans]
                self._take(self._portions[name], now_ms, raws)
        elif now_ms - self._heard_ms > _SILENT_MS:
            raise BoardLostError(f"{self._folder}: no samples for {_SILENT_MS} ms; has it a trigger?")

    def extremes(self, channel: str, window_ms: int) -> tuple[int, int]:
        """Return the least and greatest raw value of the last ``window_ms``."""
        portions = self._portions[channel]
        since_ms = portions[-1][0] - window_ms
        recent = [(low, high) for at_ms, low, high in portions if at_ms >= since_ms]
        return min(low for low, _ in recent), max(high for _, high in recent)

    def close(self) -> None:
        """Stop sampling."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            write_text(self._folder / "buffer/enable", "0")

    def _begin(self) -> None:
        """Wait for the first samples: who asks for a peak is to have one."""
        give_up_ms = self._clock.monotonic_ms() + _SILENT_MS
        while not all(self._portions.values()):
            select.select([self._descriptor], [], [], self._clock.seconds_until(give_up_ms))
            self.refresh()

    @staticmethod
    def _take(portions: deque[tuple[int, int, int]], now_ms: int, raws: list[int]) -> None:
        portions.append((now_ms, min(raws), max(raws)))
        while portions[0][0] < now_ms - _WIDEST_MS:
            portions.popleft()

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _PORTION)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise BoardLostError(f"{self._folder}: {error.strerror}") from error


class PeakAdc:
    """The highest or lowest voltage of a channel within its window."""

    def __init__(self, adc: dict[str, Any], buffer: PeakBuffer) -> None:
        self._buffer = buffer
        self._channel, self._window_ms = adc["channel"], adc["window_ms"]
        self._highest = adc["peak"] == "high"
        self._scale = Scale(adc, buffer.folder)

    def read_mv(self) -> int:
        """Return the peak in millivolts."""
        extremes = self._buffer.extremes(self._channel, self._window_ms)
        ends = [self._scale.millivolts(raw) for raw in extremes]  # a negative gain turns them round
        return max(ends) if self._highest else min(ends)


def _layout(folder: Path, channels: list[str]) -> tuple[dict[str, Element], int]:
    """Return where each channel lies in a scan, and its size: by index, each aligned to its own size."""
    elements: dict[str, Element] = {}
    end = largest = 0
    for _, name in sorted((read_number(folder / f"in_{name}_index"), name) for name in channels):
        text = read_text(folder / f"in_{name}_type")
        match = _TYPE.fullmatch(text)
        if match is None:
            raise BoardLostError(f'{folder}/in_{name}_type: "{text}" is no type of a scan element')
        size = int(match[4]) // 8
        at = -(-end // size) * size
        order: Literal["little", "big"] = "little" if match[1] == "le" else "big"
        elements[name] = Element(at, size, order, match[2] == "s", int(match[3]), int(match[5]))
        end, largest = at + size, max(largest, size)
    return elements, -(-end // largest) * largest


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BoardLostError(f"{path}: {error.strerror}") from error
