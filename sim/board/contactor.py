"""The contactor: coil, armature, main contacts, mirror contact. It moves in real time."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from sim.board.defects import Defects

CLOSES_S = 0.015
OPENS_S = 0.008
FULL_E4 = 10_000
HOLDS_E4 = 3_000
PULLS_IN_S = 0.100
"""A coil pulls in with full current for so long; after that `HOLDS_E4` of it is enough."""


class Position(NamedTuple):
    """Where the main contacts are, and the armature that carries the mirror contact."""

    closed: bool = False
    pulled_in: bool = False


class Contactor:
    """Follows its coil some milliseconds later; ``opens_s`` is how long opening takes.

    ``changed`` is called when the contacts have moved.
    """

    def __init__(self, changed: Callable[[], None], defects: Defects) -> None:
        self.opens_s = OPENS_S
        self._changed = changed
        self._defects = defects
        self._position = self._aim = Position()
        self._duty_e4 = 0
        self._holding = False
        self._full_since_s: float | None = None
        self._supplied = True
        self._move: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Whether the main contacts conduct."""
        return self._position.closed

    @property
    def mirror_open(self) -> bool:
        """What the mirror contact says of the main contacts."""
        if "mirror_stuck_open" in self._defects:
            return True
        return not self._position.pulled_in and "mirror_stuck_closed" not in self._defects

    def drive(self, duty_e4: int) -> None:
        """Set the coil's current in 1/10000 of the full one; an output knows none and full."""
        self._duty_e4 = duty_e4
        self.settle()

    def supply(self, supplied: bool) -> None:
        """Give the coil its supply, or take it away."""
        self._supplied = supplied
        self.settle()

    def settle(self) -> None:
        """Start towards where coil and defects want the armature now."""
        aim = self._wanted(self._energised())
        if aim == self._aim:
            return
        self._aim = aim
        if self._move is not None:
            self._move.cancel()
        delay_s = CLOSES_S if aim.closed and not self.closed else self.opens_s
        self._move = asyncio.get_running_loop().call_later(delay_s, self._arrive)

    def _energised(self) -> bool:
        duty_e4 = self._duty_e4 if self._supplied and "coil_broken" not in self._defects else 0
        now_s = asyncio.get_running_loop().time()
        if duty_e4 < FULL_E4:
            pulled_in = self._full_since_s is not None and now_s - self._full_since_s >= PULLS_IN_S
            self._holding = (self._holding or pulled_in) and duty_e4 >= HOLDS_E4
            self._full_since_s = None
        elif self._full_since_s is None:
            self._full_since_s = now_s
        return duty_e4 == FULL_E4 or self._holding

    def _wanted(self, energised: bool) -> Position:
        if energised:
            return Position(closed=True, pulled_in=True)
        closed = self.closed and "contactor_welded" in self._defects
        hangs = self._position.pulled_in and "contactor_hangs" in self._defects
        return Position(closed, pulled_in=closed or hangs)

    def _arrive(self) -> None:
        self._move = None
        before = self._position
        self._position = self._aim = self._wanted(self._energised())
        if self._position != before:
            self._changed()
