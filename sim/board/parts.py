"""Mechanical parts of the board: they move in real time, some milliseconds after they were told to."""

import asyncio
from collections.abc import Callable

CONTACTOR_CLOSES_S = 0.015
CONTACTOR_OPENS_S = 0.008
LOCK_PULSE_S = 0.060


class Contactor:
    """A contactor with a mirror contact; welded contacts stay closed whatever the coil does."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.closed = False
        self.welded = False
        self._coil = False
        self._changed = changed
        self._move: asyncio.TimerHandle | None = None

    def energise(self, coil: bool) -> None:
        """Switch the coil; the contacts follow when the armature has moved."""
        if coil == self._coil:
            return
        self._coil = coil
        self._start_move()

    def weld(self) -> None:
        """Weld the contacts: once closed they stay so."""
        self.welded = True

    def unweld(self) -> None:
        """Free the contacts; they follow the coil again."""
        self.welded = False
        self._start_move()

    def _start_move(self) -> None:
        if self._move is not None:
            self._move.cancel()
        delay_s = CONTACTOR_CLOSES_S if self._coil else CONTACTOR_OPENS_S
        self._move = asyncio.get_running_loop().call_later(delay_s, self._arrive)

    def _arrive(self) -> None:
        closed = self._coil or (self.closed and self.welded)
        if closed != self.closed:
            self.closed = closed
            self._changed()


class Lock:
    """The connector lock's motor on an H-bridge: a pulse in one direction moves it, both at once brake it."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.locked = True
        self.jammed = False
        self._forward = False
        self._reverse = False
        self._changed = changed
        self._move: asyncio.TimerHandle | None = None

    def drive(self, *, forward: bool | None = None, reverse: bool | None = None) -> None:
        """Switch one side of the bridge; a pulse that ends too early moves nothing."""
        self._forward = self._forward if forward is None else forward
        self._reverse = self._reverse if reverse is None else reverse
        if self._move is not None:
            self._move.cancel()
            self._move = None
        if self._forward != self._reverse:
            self._move = asyncio.get_running_loop().call_later(LOCK_PULSE_S, self._arrive)

    def jam(self, jammed: bool) -> None:
        """Jam the bolt where it is, or free it."""
        self.jammed = jammed

    def _arrive(self) -> None:
        if not self.jammed and self.locked != self._forward:
            self.locked = self._forward
            self._changed()
