"""What a contract test holds: a board through its ports, and hands on the other side of them.

A suite (`tests.contract.suite_output` …) is a class; a rig's test module names it once for each part that
the rig has, so nothing is skipped. Names are those of the board file.
"""

import select
import time
from collections.abc import Callable
from typing import Any, Protocol

from hal.ports import Board, Framebuffer

PATIENCE_S = 10
Pixels = list[list[tuple[int, int, int]]]
"""Rows from the top, each from the left, as a person sees them: red, green, blue, 0 to 255."""


class Rig(Protocol):
    """A board that can be opened again and again. ``names`` is what its file or its hello declares, by kind.

    ``killed_is_safe``: outputs of a killed process fall by themselves; a kernel's LED or PWM stays as it was.
    """

    names: dict[str, set[str]]
    killed_is_safe: bool

    def open(self) -> Board:
        """Open the board; the rig closes it at the end."""

    def readable(self, board: Board, within_s: float) -> bool:
        """Wait until the board wakes who waits for it."""

    def eventually(self, condition: Callable[[], bool]) -> bool:
        """Return whether the condition comes true on the other side within `PATIENCE_S`."""

    def output(self, name: str) -> bool:
        """Return whether the line is active at its terminal."""

    def duty_e4(self, name: str) -> int:
        """Return the duty at the terminal."""

    def set_input(self, name: str, active: bool) -> None: ...
    def set_mv(self, name: str, mv: int) -> None: ...

    def set_mc(self, name: str, mc: int | None) -> None:
        """Set the temperature; None takes the sensor away."""

    def hold(self, kind: str, name: str, value: int) -> "Holder":
        """Let another process open the board and drive one output or PWM channel."""

    def lose(self) -> None:
        """Take the board away while it is open."""

    def mend(self) -> None:
        """Bring it back."""


class Holder(Protocol):
    """Another process that holds a board."""

    def kill(self) -> None:
        """SIGKILL it; it is gone on return."""


class Panel(Protocol):
    """A display from both sides."""

    framebuffer: Framebuffer

    def shows(self, pixels: Pixels) -> bool:
        """Return whether this comes to be seen, each pixel as it should be."""

    def lose(self) -> None: ...
    def mend(self) -> None: ...


def readable(board: Board, within_s: float) -> bool:
    """Wait for a board of this process."""
    return bool(select.select([board], [], [], within_s)[0])


def until(rig: Rig, board: Board, condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Wait as the interlock does: until the board says that it is time to look, then look."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it has not come"
        assert rig.readable(board, within_s), "the board does not wake who waits for it"
        board.refresh()


def watch(rig: Rig, board: Board, for_s: float, each_turn: Callable[[], Any] = lambda: None) -> int:
    """Look on for a while as the interlock does; return how often the board woke who waits for it."""
    until_s, wakes = time.monotonic() + for_s, 0
    while (left_s := until_s - time.monotonic()) > 0:
        if rig.readable(board, min(left_s, 0.1)):
            board.refresh()
            wakes += 1
        each_turn()
    return wakes
