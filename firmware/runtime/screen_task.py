"""The display's own pace: draws the newest view in a thread, so that drawing delays nothing that matters."""

import asyncio
import logging
from collections.abc import Callable

from firmware.core.customer_view import CustomerView
from hal.ports import BoardLostError

log = logging.getLogger(__name__)

_REOPEN_S = 1.0
_TURN_S = 6.0
"""With several EVSEs at one display each has it for so long: time to read it and to scan its code."""
_GATHER_S = 0.06
"""A start passes through several screens in a few milliseconds: only the last is drawn, and while it matters
most (the lock is being released) no drawing thread holds the interpreter."""


class ScreenTask:
    """Shows the newest view; views that came while one was being drawn are passed over.

    Several EVSEs take turns at the one display. One whose screen changes has it at once: somebody is there.
    ``open_display`` opens the framebuffer and returns what puts a picture on it; it is called again when
    the display was lost. ``turn_s`` is a turn's length.
    """

    def __init__(
        self,
        draw: Callable[[CustomerView], bytes],
        open_display: Callable[[], Callable[[bytes], None]],
        turn_s: float = _TURN_S,
    ) -> None:
        self._draw = draw
        self._open_display = open_display
        self._turn_s = turn_s
        self._views: dict[int, CustomerView] = {}
        self._shown = 0
        self._turn_began_s = 0.0
        self._changed = asyncio.Event()

    def show(self, view: CustomerView) -> None:
        """Take the newest view of an EVSE; it is drawn soon, or when its turn comes."""
        before = self._views.get(view.evse)
        self._views[view.evse] = view
        if before is None or before.screen is not view.screen:
            self._give_turn(view.evse)
        if view.evse == self._shown:
            self._changed.set()

    async def run(self) -> None:
        """Draw for ever."""
        lost = False
        while True:
            try:
                await self._draw_each(self._open_display())
            except BoardLostError as error:
                if not lost:
                    log.error("display.lost", extra={"why": str(error)})
                lost = True
                await asyncio.sleep(_REOPEN_S)
                self._changed.set()

    async def _draw_each(self, put: Callable[[bytes], None]) -> None:
        while True:
            await self._change_or_turn()
            await asyncio.sleep(_GATHER_S)
            self._changed.clear()
            if self._shown in self._views:
                put(await asyncio.to_thread(self._draw, self._views[self._shown]))

    async def _change_or_turn(self) -> None:
        """Wait until there is something to draw; when the turn is over it is the next EVSE's view."""
        left_s = self._turn_began_s + self._turn_s - asyncio.get_running_loop().time()
        try:
            await asyncio.wait_for(self._changed.wait(), max(0.0, left_s) if len(self._views) > 1 else None)
        except TimeoutError:
            numbers = sorted(self._views)
            self._give_turn(next((each for each in numbers if each > self._shown), numbers[0]))

    def _give_turn(self, evse: int) -> None:
        self._shown, self._turn_began_s = evse, asyncio.get_running_loop().time()
