"""A coprocessor on the far end of a serial line: at the pace of its baud rate, with noise if wanted."""

import asyncio
import errno
import os
import random
import tty
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim.coprocessor.device import SimCoprocessor

CHAR_BITS = 10  # start, eight data, stop
_UNPLUGGED = (errno.EIO, errno.EBADF)

Damage = Literal["none", "corrupt", "noise", "flood"]


@dataclass
class Noise:
    """What the line does to what is sent: ``corrupt`` changes a byte in each frame, ``noise`` damages one
    frame in four and puts junk between them, ``flood`` sends junk alone, as fast as the port takes it.
    """

    damage: Damage = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def over(self, frame: bytes) -> bytes:
        """Return what arrives of a frame."""
        if self.damage == "corrupt":
            return self._changed(frame)
        if self.damage == "noise":
            junk = self._random.randbytes(self._random.randrange(12))
            return junk + self._one_in_four(frame)
        return frame

    def junk(self, size: int) -> bytes:
        """Return nothing but noise."""
        return self._random.randbytes(size)

    def _one_in_four(self, frame: bytes) -> bytes:
        match self._random.randrange(8):
            case 0:
                return self._changed(frame)
            case 1:
                return self._short(frame)
            case _:
                return frame

    def _changed(self, frame: bytes) -> bytes:
        at = self._random.randrange(1, len(frame) - 1)
        return frame[:at] + bytes([frame[at] ^ self._random.randrange(1, 256)]) + frame[at + 1 :]

    def _short(self, frame: bytes) -> bytes:
        at = self._random.randrange(1, len(frame) - 1)
        return frame[:at] + frame[at + 1 :]


class SerialEnd:
    """Carries bytes between a coprocessor and the descriptor of its end of the line.

    ``bytes_sent`` and ``bytes_heard`` count what went over the wire. Without a baud rate there is no pace.
    """

    def __init__(self, coprocessor: SimCoprocessor, descriptor: int, baudrate: int = 115_200) -> None:
        self.noise = Noise()
        self.bytes_sent = self.bytes_heard = 0
        self._coprocessor = coprocessor
        self._descriptor = descriptor
        self._char_s = CHAR_BITS / baudrate
        self._free_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._open = False

    def start(self) -> None:
        """Begin to talk and to listen."""
        os.set_blocking(self._descriptor, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._hear)
        self._open = True
        self.attend()

    def stop(self) -> None:
        """Leave the line; the descriptor stays open."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._descriptor)
            if self._timer is not None:
                self._timer.cancel()

    def now_ms(self) -> float:
        """Return the time that the coprocessor lives in."""
        return self._loop.time() * 1_000

    def attend(self) -> None:
        """Look at the coprocessor now: something has happened to it."""
        if not self._open:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_s = self._loop.time()
        if now_s < self._free_s:
            self._wake_at(self._free_s)
        elif self.noise.damage == "flood":
            self._write(self.noise.junk(4_096))
            self._wake_at(now_s + 0.001)
        elif frame := self._coprocessor.speak(now_s * 1_000):
            self._send(frame, now_s)
        else:
            self._wake_at(self._coprocessor.next_ms() / 1_000)

    def _send(self, frame: bytes, now_s: float) -> None:
        """Let the frame arrive when its last bit has gone."""
        data = self.noise.over(frame)
        self._free_s = now_s + len(data) * self._char_s
        self._loop.call_at(self._free_s, self._write, data)
        self._wake_at(self._free_s)

    def _wake_at(self, at_s: float) -> None:
        if at_s != float("inf"):
            self._timer = self._loop.call_at(max(at_s, self._loop.time()), self.attend)

    def _write(self, data: bytes) -> None:
        if self._open:
            with suppress(BlockingIOError):  # nobody reads: a wire does not wait
                self.bytes_sent += os.write(self._descriptor, data)

    def _hear(self) -> None:
        try:
            data = os.read(self._descriptor, 4_096)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in _UNPLUGGED:
                raise
            data = b""
        if not data:
            self.stop()
            return
        self.bytes_heard += len(data)
        self._loop.call_later(len(data) * self._char_s, self._heard, data)

    def _heard(self, data: bytes) -> None:
        self._coprocessor.hear(data, self.now_ms())
        self.attend()


class Pty:
    """A pty: the coprocessor's end is ``descriptor``, the host opens ``path``."""

    def __init__(self) -> None:
        self.descriptor, self._keep = os.openpty()
        tty.setraw(self._keep)
        self.path = os.ttyname(self._keep)

    def link(self, path: str) -> None:
        """Make ``path`` a symbolic link to the host's end."""
        Path(path).unlink(missing_ok=True)
        Path(path).symlink_to(self.path)

    def close(self) -> None:
        """Pull the line out: the host sees its port go."""
        for descriptor in (self.descriptor, self._keep):
            with suppress(OSError):
                os.close(descriptor)
