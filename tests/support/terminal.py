"""A person's terminal: what is seen on it, and what is typed."""

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time
from pathlib import Path

PATIENCE_S = 20
SIZE = {"COLUMNS": "100", "LINES": "30"}


class Terminal:
    """A terminal with a command on it, run in ``folder``."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        self._slave = slave
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | SIZE,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C is a signal there
        )
        self.written = ""

    def picture(self) -> str:
        """Return the last whole picture."""
        pictures = re.split(r"\x1b\[H", self.written)
        whole = [each for each in pictures if "\x1b[J" in each]
        return re.sub(r"\x1b\[[0-9?]*[A-Za-z]|\r", "", whole[-1]) if whole else ""

    def until(self, text: str) -> str:
        """Wait until the picture shows a text; return the picture."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.picture():
            self._read(deadline, text)
        return self.picture()

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what stays on the terminal."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            if select.select([self._master], [], [], 0.05)[0]:
                self.written += os.read(self._master, 65_536).decode()
            assert time.monotonic() < deadline, self.written
        while select.select([self._master], [], [], 0)[0]:
            self.written += os.read(self._master, 65_536).decode()
        assert termios.tcgetattr(self._slave) == self.before
        return self.process.returncode, self.written.rpartition("\x1b[?1049l")[2].replace("\r", "")

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)

    def _read(self, deadline: float, text: str) -> None:
        readable, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, f"{text!r} is not in {self.picture()}"
        self.written += os.read(self._master, 65_536).decode()
