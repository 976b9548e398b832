"""The battery-backed clock (Documentation/admin-guide/rtc.rst), kept in UTC."""

import calendar
import errno
import fcntl
import os
import struct
import time
from pathlib import Path
from typing import Any

from hal.linux.files import ROOT, under
from hal.ports import BoardLostError

_READ = 0x8024_7009  # _IOR('p', 9, struct rtc_time)
_SET = 0x4024_700A
_TIME = struct.Struct("9i")  # sec min hour mday mon year wday yday isdst
_FIRST_YEAR = 2024  # a clock that says less has lost its battery: this product is younger


class LinuxRtc:
    """``/dev/rtcN``; it is opened for each use, since the kernel lets one process have it at a time."""

    def __init__(self, rtc: dict[str, Any], root: Path = ROOT) -> None:
        self._path = under(root, rtc["device"])

    def read_utc_s(self) -> int:
        """Return seconds since 1970. Raises BoardLostError; ValueError when its battery was empty."""
        try:
            told = self._ask(_READ, bytes(_TIME.size))
        except BoardLostError as error:
            if (
                getattr(error.__cause__, "errno", None) == errno.EINVAL
            ):  # so a driver says that power was lost
                raise ValueError(f"{self._path}: it has lost the time: its battery is empty") from error
            raise
        seconds, minutes, hours, day, month, year, *_ = _TIME.unpack(told)
        if year + 1900 < _FIRST_YEAR:
            raise ValueError(
                f"{self._path}: it says {year + 1900}-{month + 1:02}-{day:02}: its battery is empty"
            )
        return calendar.timegm((year + 1900, month + 1, day, hours, minutes, seconds))

    def set_utc_s(self, utc_s: int) -> None:
        """Set it. Raises BoardLostError."""
        now = time.gmtime(utc_s)
        fields = (now.tm_sec, now.tm_min, now.tm_hour, now.tm_mday, now.tm_mon - 1, now.tm_year - 1900)
        self._ask(_SET, _TIME.pack(*fields, 0, 0, 0))

    def _ask(self, request: int, value: bytes) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return fcntl.ioctl(descriptor, request, value)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise BoardLostError(f"{self._path}: {error.strerror}") from error
