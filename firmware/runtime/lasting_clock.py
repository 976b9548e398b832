"""A monotonic clock that goes on after a reboot.

The kernel's starts at zero with each boot, but the ledger's stamps are older than that. The offset that joins
them is kept beside the boot's id: found again by an agent that was killed, made anew by one whose board was.
"""

import json
import logging
from pathlib import Path

from hal.clock import Clock, Trust

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_AT_LEAST_MS = 1_000


class LastingClock:
    """``clock`` with its monotonic time moved on by ``offset_ms``."""

    def __init__(self, clock: Clock, offset_ms: int) -> None:
        self._clock = clock
        self.offset_ms = offset_ms

    def monotonic_ms(self) -> int:
        return self._clock.monotonic_ms() + self.offset_ms

    def utc_ms(self) -> int:
        return self._clock.utc_ms()

    def trust(self) -> Trust:
        return self._clock.trust()

    def seconds_until(self, monotonic_ms: int) -> float:
        return self._clock.seconds_until(monotonic_ms - self.offset_ms)


def lasting(clock: Clock, kept: Path, last_ms: int, boot_id: str) -> LastingClock:
    """Return ``clock`` so that its monotonic time is never before ``last_ms``, the ledger's newest stamp.

    ``kept`` is the file that remembers the offset of this boot; a file of another boot, or none, or one that
    cannot be read, makes a new offset.
    """
    offset_ms = _offset_of(kept, boot_id)
    if offset_ms is None or clock.monotonic_ms() + offset_ms < last_ms:
        offset_ms = max(0, last_ms + _AT_LEAST_MS - clock.monotonic_ms())
        kept.write_text(json.dumps({"boot_id": boot_id, "offset_ms": offset_ms}))
        log.info("clock.joined", extra={"offset_ms": offset_ms})
    return LastingClock(clock, offset_ms)


def _offset_of(kept: Path, boot_id: str) -> int | None:
    try:
        table = json.loads(kept.read_text())
        return int(table["offset_ms"]) if table["boot_id"] == boot_id else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
