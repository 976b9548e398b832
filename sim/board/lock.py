"""The connector lock: a motor on an H-bridge, or a solenoid that locks while it is driven. Real time."""

import asyncio
from collections.abc import Callable
from typing import Literal

from sim.board.defects import Defects

MOVES_S = 0.060
"""How long the drive must act; a pulse that ends earlier moves nothing."""

LockKind = Literal["motor", "solenoid"]


class Lock:
    """``locked`` is where the bolt is, ``feedback`` what its switch says. At rest a motor lock is locked and
    a solenoid released. ``changed`` is called after each move.
    """

    def __init__(self, kind: LockKind, changed: Callable[[], None], defects: Defects) -> None:
        self.kind = kind
        self.locked = kind == "motor"
        self.feedback = self.locked
        self._forward = False
        self._reverse = False
        self._changed = changed
        self._defects = defects
        self._move: asyncio.TimerHandle | None = None

    def drive(self, *, forward: bool | None = None, reverse: bool | None = None) -> None:
        """Switch one side of the bridge; both sides at once brake."""
        self._forward = self._forward if forward is None else forward
        self._reverse = self._reverse if reverse is None else reverse
        self._stop()
        self.settle()

    def settle(self) -> None:
        """Move if the drive acts and nothing is in the way; set the feedback."""
        if "lock_feedback_stuck" not in self._defects:
            self.feedback = self.locked
        if "lock_jammed" in self._defects or self._driven_to() in (None, self.locked):
            self._stop()
        elif self._move is None:
            self._move = asyncio.get_running_loop().call_later(MOVES_S, self._arrive)

    def force(self) -> None:
        """Somebody tears at the plug until the bolt gives way."""
        self._stop()
        self._set(False)

    def _driven_to(self) -> bool | None:
        """Where the drive moves the bolt: a solenoid's spring acts when nothing else does."""
        if self.kind == "solenoid":
            return self._forward
        return self._forward if self._forward != self._reverse else None

    def _arrive(self) -> None:
        self._move = None
        driven_to = self._driven_to()
        assert driven_to is not None
        self._set(driven_to)

    def _set(self, locked: bool) -> None:
        self.locked = locked
        if "lock_feedback_stuck" not in self._defects:
            self.feedback = locked
        self._changed()

    def _stop(self) -> None:
        if self._move is not None:
            self._move.cancel()
            self._move = None
