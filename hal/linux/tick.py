"""A clock tick that a loop can wait for: timerfd(2), which Python has from 3.13 on only."""

import ctypes
import os
import struct

from hal.ports import BoardLostError

_CLOCK_MONOTONIC = 1
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_NS_PER_MS = 1_000_000
_ITIMERSPEC = struct.Struct("4l")  # interval, first; each seconds and nanoseconds


class Tick:
    """A descriptor that is readable each ``every_ms``."""

    def __init__(self, every_ms: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
        seconds, rest_ms = divmod(every_ms, 1_000)
        when = _ITIMERSPEC.pack(seconds, rest_ms * _NS_PER_MS, seconds, rest_ms * _NS_PER_MS)
        if self._descriptor < 0 or libc.timerfd_settime(self._descriptor, 0, when, None) != 0:
            raise BoardLostError(f"timerfd: {os.strerror(ctypes.get_errno())}")

    def fileno(self) -> int:
        """Return the descriptor."""
        return int(self._descriptor)

    def take(self) -> bool:
        """Return whether it has ticked since the last time."""
        try:
            return bool(os.read(self._descriptor, 8))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Stop it."""
        os.close(self._descriptor)
