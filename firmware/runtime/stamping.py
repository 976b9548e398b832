"""Stamps: the clock port and the site's time zone made into the core's `Stamp`."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from config.schema import ClockSource
from firmware.core.units import Stamp
from hal.clock import Clock, ScaledClock, SystemClock

_OFFSET_STEP_MS = 900_000  # UTC offsets change on a quarter of an hour at the finest


def clock_of(source: ClockSource) -> Clock:
    """Return the clock that a board file names."""
    if source.source == "system":
        return SystemClock()
    return ScaledClock(source.rate, source.anchor_monotonic_ns, source.anchor_utc_ms)


class Stamper:
    """Reads the clock once per stamp; the zone's offset is looked up once a quarter of an hour."""

    def __init__(self, clock: Clock, time_zone: str) -> None:
        self._clock = clock
        self._zone = ZoneInfo(time_zone)
        self._offset: tuple[int, int] = (-1, 0)

    def __call__(self) -> Stamp:
        utc_ms = self._clock.utc_ms()
        return Stamp(self._clock.monotonic_ms(), utc_ms, self._clock.trust(), self._offset_min(utc_ms))

    def _offset_min(self, utc_ms: int) -> int:
        step = utc_ms // _OFFSET_STEP_MS
        if step != self._offset[0]:
            offset = datetime.fromtimestamp(utc_ms // 1000, UTC).astimezone(self._zone).utcoffset()
            self._offset = (step, int(offset.total_seconds()) // 60 if offset else 0)
        return self._offset[1]
