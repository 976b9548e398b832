"""A charge pump that supplies the contactors' coils only while the station toggles its input."""

import asyncio
from collections.abc import Callable

HOLDS_S = 0.200
"""How long the coils stay supplied after the last edge."""


class Heartbeat:
    """A retriggerable monostable: each edge supplies the coils for `HOLDS_S`; ``changed`` tells both ways."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.alive = False
        self._level = False
        self._changed = changed
        self._end: asyncio.TimerHandle | None = None

    def drive(self, level: bool) -> None:
        """Set the input; only a change counts."""
        if level == self._level:
            return
        self._level = level
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(HOLDS_S, self._set, False)
        self._set(True)

    def _set(self, alive: bool) -> None:
        if alive != self.alive:
            self.alive = alive
            self._changed()
