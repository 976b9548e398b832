"""Listens for a child's sign of life, as systemd does (sd_notify(3)), and says when it hangs."""

import contextlib
import socket
from pathlib import Path

WITHIN_S = 2.0
"""A loop that turns gives its sign four times in this time."""
START_WITHIN_S = 30.0
"""For the first sign: a slow board has to load the interpreter from a slow card."""
LOOK_EVERY_S = 0.5


class LifeWatch:
    """The socket that a child's signs arrive at, and when the last one did.

    Time in which this process itself did not run counts for nobody: a machine that was suspended, or both
    stopped together, is no child that hangs.
    """

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._socket.setblocking(False)
        self._silent_s = 0.0
        self._looked_s: float | None = None
        self._lives = False

    @property
    def environment(self) -> dict[str, str]:
        """What the child must find in its environment."""
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": str(round(WITHIN_S * 1_000_000))}

    def begin(self) -> None:
        """A child was started: it has not been silent yet."""
        self._heard()
        self._silent_s, self._looked_s, self._lives = 0.0, None, False

    def hangs(self, now_s: float) -> bool:
        """Return whether the child has been silent for too long, looked at every `LOOK_EVERY_S`."""
        since_s = 0.0 if self._looked_s is None else min(now_s - self._looked_s, 2 * LOOK_EVERY_S)
        self._looked_s = now_s
        heard = self._heard()
        self._lives = self._lives or heard
        self._silent_s = 0.0 if heard else self._silent_s + since_s
        return self._silent_s > (WITHIN_S if self._lives else START_WITHIN_S)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _heard(self) -> bool:
        heard = False
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(64):
                heard = True
        return heard
