"""The one door to time: a monotonic clock for durations, UTC for stamps, and how far UTC may be trusted.

A billing clock may run faster than life on a bench (`ScaledClock`); which one a station uses is said in its
board file. Physics (the interlock, time-outs of wires) always runs on `SystemClock`.
"""

import ctypes
import time
from typing import Literal, Protocol

Trust = Literal["unsynchronised", "informative", "synchronised"]


class Clock(Protocol):
    """Where durations and stamps come from."""

    def monotonic_ms(self) -> int:
        """Milliseconds that never step; only differences mean anything."""

    def utc_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z; may step."""

    def trust(self) -> Trust:
        """How far ``utc_ms`` may be trusted."""

    def seconds_until(self, monotonic_ms: int) -> float:
        """Real seconds to wait until ``monotonic_ms`` is reached, 0.0 when it has passed."""


class SystemClock:
    """The kernel's clocks; UTC is trusted when the kernel says that something keeps it in step (adjtimex)."""

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def trust(self) -> Trust:
        return "synchronised" if _kernel_clock_is_synchronised() else "unsynchronised"

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - time.monotonic_ns() / 1_000_000) / 1000)


class ScaledClock:
    """A clock that runs ``rate`` times as fast as life since its anchor; all that share the anchor agree.

    The anchor pairs one instant of the kernel's monotonic clock with a UTC time, so processes that start
    later, or start again, read the same time.
    """

    def __init__(self, rate: int, anchor_monotonic_ns: int, anchor_utc_ms: int) -> None:
        self._rate = rate
        self._anchor_ns = anchor_monotonic_ns
        self._anchor_utc_ms = anchor_utc_ms

    def monotonic_ms(self) -> int:
        return (time.monotonic_ns() - self._anchor_ns) * self._rate // 1_000_000

    def utc_ms(self) -> int:
        return self._anchor_utc_ms + self.monotonic_ms()

    def trust(self) -> Trust:
        return "synchronised"

    def seconds_until(self, monotonic_ms: int) -> float:
        elapsed_ms = (time.monotonic_ns() - self._anchor_ns) * self._rate / 1_000_000
        return max(0.0, (monotonic_ms - elapsed_ms) / 1000 / self._rate)


_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """``struct timex`` up to ``status``; the padding covers the rest (adjtimex(2))."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("_rest", ctypes.c_byte * 256),
    )


def _kernel_clock_is_synchronised() -> bool:
    timex = _Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    return state not in (-1, _TIME_ERROR) and not timex.status & _STA_UNSYNC
