"""The display's own pace: draws the newest view in a thread, so that drawing delays nothing that matters."""

import asyncio
import logging
from collections.abc import Callable

from firmware.core.customer_view import CustomerView
from hal.ports import BoardLostError

log = logging.getLogger(__name__)

_REOPEN_S = 1.0
_GATHER_S = 0.06
"""A start passes through several screens in a few milliseconds: only the last is drawn, and while it matters
most (the lock is being released) no drawing thread holds the interpreter."""


class ScreenTask:
    """Shows the newest view; views that came while one was being drawn are passed over.

    ``open_display`` opens the framebuffer and returns what puts a picture on it; it is called again when
    the display was lost.
    """

    def __init__(
        self,
        draw: Callable[[CustomerView], bytes],
        open_display: Callable[[], Callable[[bytes], None]],
    ) -> None:
        self._draw = draw
        self._open_display = open_display
        self._view: CustomerView | None = None
        self._changed = asyncio.Event()

    def show(self, view: CustomerView) -> None:
        """Take the newest view; it is drawn soon."""
        self._view = view
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
            await self._changed.wait()
            await asyncio.sleep(_GATHER_S)
            self._changed.clear()
            if self._view is not None:
                put(await asyncio.to_thread(self._draw, self._view))
