"""The interlock's sign of life to whoever started it, as systemd takes it (sd_notify(3), WATCHDOG=1)."""

import contextlib
import os
import socket

_SIGN = b"WATCHDOG=1"


class SignOfLife:
    """Says that the loop turns, as often as ``WATCHDOG_USEC`` in the environment asks; silent without it."""

    def __init__(self) -> None:
        path, limit_us = os.environ.get("NOTIFY_SOCKET", ""), os.environ.get("WATCHDOG_USEC", "")
        self._every_ms = int(limit_us) // 4_000 if limit_us.isdigit() else 0
        self._due_ms = 0
        self._socket: socket.socket | None = None
        if path and self._every_ms:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._path = "\0" + path[1:] if path.startswith("@") else path

    def give(self, now_ms: int) -> None:
        """Give the sign if it is due. Nobody who listens, or a full queue, must not keep the loop waiting."""
        if self._socket is None or now_ms < self._due_ms:
            return
        self._due_ms = now_ms + self._every_ms
        with contextlib.suppress(OSError):
            self._socket.sendto(_SIGN, self._path)
