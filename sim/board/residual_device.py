"""The residual current device (RDC-DD, IEC 62955): trips on residual current and on its test."""

import asyncio
from collections.abc import Callable

from sim.board.defects import Defects

REACTS_S = 0.010
"""From the test's begin to the trip, and from the end of test or leak to its release."""


class ResidualDevice:
    """``tripped`` is its contact, as long as residual current flows; ``changed`` is called when it has moved.

    A leak trips it at once, so that what a station makes of it can be timed from there.
    """

    def __init__(self, changed: Callable[[], None], defects: Defects) -> None:
        self.tripped = False
        self._testing = False
        self._changed = changed
        self._defects = defects
        self._move: asyncio.TimerHandle | None = None

    def test(self, on: bool) -> None:
        """Begin or end the test current."""
        self._testing = on
        self.settle()

    def settle(self) -> None:
        """Trip or release, at once or in its time."""
        if self._move is not None:
            self._move.cancel()
            self._move = None
        wanted = self._sees_current()
        if wanted == self.tripped:
            return
        if wanted and not self._testing:
            self._arrive()
        else:
            self._move = asyncio.get_running_loop().call_later(REACTS_S, self._arrive)

    def _sees_current(self) -> bool:
        alive = "residual_device_dead" not in self._defects
        return "residual_device_stuck" in self._defects or (
            alive and (self._testing or "leak" in self._defects)
        )

    def _arrive(self) -> None:
        self._move = None
        self.tripped = self._sees_current()
        self._changed()
