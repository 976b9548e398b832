"""A serial line at its own pace: two ptys joined by a pump that lets bytes through as a UART would.

Bytes take ``char_bits`` bit times each and arrive in the portions of a UART's FIFO, so reading costs what
it costs on a real line, and waiting costs no CPU. A device begins its reply when the silence is over: one
that is a program, and writes a moment later, loses nothing as long as its first portion is in time.
"""

import asyncio
import os
import tty
from collections import deque
from contextlib import suppress
from pathlib import Path

FIFO_BYTES = 16
TURN_AROUND_CHARS = 3.5
"""Silence before a reply: how a Modbus RTU device knows that the request has ended (V1.02, 2.5.1.1)."""


class PacedLine:
    """A half-duplex line between a station and a device, each at the slave side of a pty.

    ``station_tty`` and ``device_tty`` are their paths. ``hold_s`` delays replies beyond the turn-around;
    ``fifo_bytes`` is how many bytes arrive in one portion (1 for a line without a FIFO).
    """

    def __init__(self, baudrate: int, char_bits: int = 10, fifo_bytes: int = FIFO_BYTES) -> None:
        self.hold_s = 0.0
        self.char_s = char_bits / baudrate
        self.fifo_bytes = fifo_bytes
        self._station, self._station_keep = os.openpty()
        self._device, self._device_keep = os.openpty()
        for descriptor in (self._station_keep, self._device_keep):
            tty.setraw(descriptor)
        self.station_tty = os.ttyname(self._station_keep)
        self.device_tty = os.ttyname(self._device_keep)
        self._requests = _Direction(self, self._station, self._device)
        self._replies = _Direction(self, self._device, self._station)

    def start(self) -> None:
        """Begin to carry bytes."""
        loop = asyncio.get_running_loop()
        for descriptor in (self._station, self._device):
            os.set_blocking(descriptor, False)
        loop.add_reader(self._station, self._carry_request)
        loop.add_reader(self._device, self._carry_reply)

    def close(self) -> None:
        """Pull the line out: both sides see their port go."""
        loop = asyncio.get_running_loop()
        for descriptor in (self._station, self._device):
            loop.remove_reader(descriptor)
        for direction in (self._requests, self._replies):
            direction.stop()
        for descriptor in (self._station, self._device, self._station_keep, self._device_keep):
            os.close(descriptor)

    def link(self, path: str) -> None:
        """Make ``path`` a symbolic link to the station's side."""
        Path(path).unlink(missing_ok=True)
        Path(path).symlink_to(self.station_tty)

    def _carry_request(self) -> None:
        self._requests.take(earliest_s=0.0)

    def _carry_reply(self) -> None:
        silence_s = TURN_AROUND_CHARS * self.char_s + self.hold_s
        portion_s = self.fifo_bytes * self.char_s
        self._replies.take(earliest_s=self._requests.free_s + silence_s, grace_s=portion_s)


class _Direction:
    """One direction of the line: bytes queue up and leave one after the other."""

    def __init__(self, line: PacedLine, source: int, target: int) -> None:
        self.free_s = 0.0
        self._line, self._source, self._target = line, source, target
        self._queue: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def take(self, earliest_s: float, grace_s: float = 0.0) -> None:
        """Read what has been written and plan when each portion arrives.

        What is written ``grace_s`` after the line was free counts as begun in time.
        """
        with suppress(BlockingIOError):
            data = os.read(self._source, 4096)
            line, now_s = self._line, asyncio.get_running_loop().time()
            self.free_s = max(self.free_s, earliest_s)
            if now_s > self.free_s + grace_s:
                self.free_s = now_s
            for start in range(0, len(data), line.fifo_bytes):
                portion = data[start : start + line.fifo_bytes]
                self.free_s += len(portion) * line.char_s
                self._queue.append((self.free_s, portion))
            self._arm()

    def stop(self) -> None:
        """Drop what is still on the line."""
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()

    def _arm(self) -> None:
        if self._timer is None and self._queue:
            self._timer = asyncio.get_running_loop().call_at(self._queue[0][0], self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        while self._queue and self._queue[0][0] <= now_s:
            with suppress(BlockingIOError):  # nobody listens: a wire does not wait
                os.write(self._target, self._queue.popleft()[1])
        self._arm()
