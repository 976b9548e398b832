"""The hardware watchdog (Documentation/watchdog/watchdog-api.rst): open it counts, unfed it resets."""

import contextlib
import fcntl
import os
import struct
from pathlib import Path
from typing import Any

from hal.linux.files import ROOT, under
from hal.ports import BoardLostError

_SET_TIMEOUT = 0xC004_5706  # _IOWR('W', 6, int)
_GET_TIMEOUT = 0x8004_5707  # _IOR('W', 7, int)
_GET_BOOT_STATUS = 0x8004_5702  # _IOR('W', 2, int)
_CARD_RESET = 0x20  # the last reset was the watchdog's


class LinuxWatchdog:
    """An armed watchdog. ``timeout_ms`` is what the hardware took, which may be more than was asked for.

    ``has_bitten``: the present boot follows a reset by it, as far as the driver knows. Raises BoardLostError.
    """

    def __init__(self, watchdog: dict[str, Any], root: Path = ROOT) -> None:
        self._path = under(root, watchdog["device"])
        try:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            raise BoardLostError(f"{self._path}: {error.strerror}") from error
        try:
            self.timeout_ms = 1_000 * self._timed(watchdog["timeout_s"])
            self.has_bitten = bool(_ask(self._descriptor, _GET_BOOT_STATUS, 0) & _CARD_RESET)
        except OSError as error:
            self.close()
            raise BoardLostError(f"{self._path}: {error.strerror}, it is no watchdog") from error

    def feed(self) -> None:
        """Set its time back. Raises BoardLostError."""
        try:
            os.write(self._descriptor, b"\0")
        except OSError as error:
            raise BoardLostError(f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Disarm it (the magic close); a kernel built with NOWAYOUT lets it run on, to a reset."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with contextlib.suppress(OSError):
                os.write(descriptor, b"V")
            os.close(descriptor)

    def _timed(self, wanted_s: int) -> int:
        """Ask for a time; return that in force, which some hardware does not let anybody choose."""
        try:
            return _ask(self._descriptor, _SET_TIMEOUT, wanted_s)
        except OSError:
            return _ask(self._descriptor, _GET_TIMEOUT, 0)


def _ask(descriptor: int, request: int, value: int) -> int:
    answer = fcntl.ioctl(descriptor, request, struct.pack("i", value))
    return int(struct.unpack("i", answer)[0])
