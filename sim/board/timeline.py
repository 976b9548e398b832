"""The board's two times: real time for mechanics, billing time for current and energy."""

import asyncio
from collections.abc import Callable

from hal.clock import ScaledClock


class Timeline:
    """Billing time that runs ``rate`` times as fast as life, and timers on it."""

    def __init__(self, rate: int, anchor_monotonic_ns: int, anchor_utc_ms: int) -> None:
        self.rate = rate
        self._clock = ScaledClock(rate, anchor_monotonic_ns, anchor_utc_ms)

    def billing_ms(self) -> int:
        """Return the billing clock's monotonic milliseconds."""
        return self._clock.monotonic_ms()

    def call_at(self, billing_ms: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        """Call ``do`` when ``billing_ms`` has been reached."""
        delay_s = max(0.0, billing_ms - self.billing_ms()) / 1000 / self.rate
        return asyncio.get_running_loop().call_later(delay_s, do)
