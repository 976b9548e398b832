"""A picture that stays in place on a terminal, and the key that ends it. Plain ECMA-48, no library."""

import os
import shutil
import sys
import termios
import tty
from types import TracebackType
from typing import Self

_ENTER = "\x1b[?1049h\x1b[?25l"  # the other screen, no cursor: what was there comes back at the end
_LEAVE = "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


class Screen:
    """The terminal of stdin and stdout while it shows the table; on leaving, all is as it was."""

    def __init__(self) -> None:
        self._keys = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._before = termios.tcgetattr(self._keys) if self._keys is not None else None

    def __enter__(self) -> Self:
        if self._keys is not None:
            tty.setcbreak(self._keys)
        sys.stdout.write(_ENTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keys is not None and self._before is not None:
            termios.tcsetattr(self._keys, termios.TCSADRAIN, self._before)
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()

    def fileno(self) -> int | None:
        """Return the descriptor that is readable when a key was pressed, None where there are no keys."""
        return self._keys

    def ended(self) -> bool:
        """Return whether the key that was pressed ends it: q, or the end of the input."""
        if self._keys is None:
            return False
        pressed = os.read(self._keys, 64)
        if not pressed:
            return True
        return b"q" in pressed.lower()

    def show(self, lines: list[str]) -> None:
        """Draw the lines from the top, cut to the window."""
        columns, rows = shutil.get_terminal_size()
        if len(lines) > rows:
            lines = [*lines[: rows - 1], f"… {len(lines) - rows + 1} more; make the window higher"]
        text = "\r\n".join(line[:columns] + _REST_OF_LINE for line in lines)
        sys.stdout.write(_HOME + text + _REST_OF_SCREEN)
        sys.stdout.flush()
