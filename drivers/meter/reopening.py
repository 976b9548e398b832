"""Spaces the attempts to open what cannot be opened: a port that is gone, a gateway that does not answer."""

import asyncio

REOPEN_S = (0.1, 2.0)
"""The shortest and the longest wait between two attempts."""


class Reopening:
    """Each attempt that fails doubles the wait before the next; one that works forgets them."""

    def __init__(self) -> None:
        self._wait_s = 0.0
        self._earliest_s = 0.0

    async def wait(self) -> None:
        """Wait until the next attempt is due."""
        await asyncio.sleep(max(0.0, self._earliest_s - asyncio.get_running_loop().time()))

    def failed(self) -> None:
        shortest_s, longest_s = REOPEN_S
        self._wait_s = min(max(2 * self._wait_s, shortest_s), longest_s)
        self._earliest_s = asyncio.get_running_loop().time() + self._wait_s

    def worked(self) -> None:
        self._wait_s = 0.0
