"""The interlock's own sign of life to the hardware: what keeps it from its work ends the sign, and opens."""

import contextlib

from hal.ports import Output, Watchdog

BEAT_MS = 50
"""Between two signs of life, when all is well."""
FRESH_MS = 100
"""Every EVSE must have been looked at within this time: a vehicle that leaves state C must be without energy
after it (IEC 61851-1, Table A.6, sequences 2.2, 7 and 8)."""


class Vigil:
    """Feeds the watchdog, and toggles the output that feeds the coils' supply, where the board has them."""

    def __init__(self, watchdog: Watchdog | None, heartbeat: Output | None) -> None:
        self._watchdog = watchdog
        self._heartbeat = heartbeat
        self._level = False
        self.due_ms = 0

    def beat(self, now_ms: int, seen_ms: int) -> None:
        """Give the sign if it is due and every EVSE was looked at since ``seen_ms``, not too long ago.

        Raises BoardLostError.
        """
        if now_ms < self.due_ms or now_ms - seen_ms > FRESH_MS:
            return
        self.due_ms = now_ms + BEAT_MS
        if self._heartbeat is not None:
            self._level = not self._level
            self._heartbeat.set(self._level)
        if self._watchdog is not None:
            self._watchdog.feed()

    def end(self) -> None:
        """Disarm the watchdog; only when all outputs are safe. One that does not obey acts, which is safe."""
        if self._watchdog is not None:
            with contextlib.suppress(OSError):
                self._watchdog.close()
