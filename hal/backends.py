"""Opens a board's I/O by the backend that its board file names; the only place that knows which there are.

Both take ``io``, the board file's tables as plain JSON values. A backend is imported when it is asked for:
the interlock carries none that its board does not need.
"""

from typing import Any

from hal.ports import Board, Framebuffer

BACKENDS = ("remote", "linux")


class UnknownBackendError(ValueError):
    """The board file names a hal backend that this build does not have."""


def open_board(io: dict[str, Any]) -> Board:
    """Open the board. Raises UnknownBackendError; BoardLostError when it does not answer within 200 ms."""
    match io["backend"]:
        case "remote":
            from hal.remote.board import RemoteBoard

            return RemoteBoard(io)
        case "linux":
            from hal.linux.board import LinuxBoard

            return LinuxBoard(io)
    raise _unknown(io)


def open_framebuffer(io: dict[str, Any]) -> Framebuffer:
    """Open the display of the board: ``io["display"]``. Raises UnknownBackendError, BoardLostError."""
    match io["backend"]:
        case "remote":
            from hal.remote.framebuffer import RemoteFramebuffer

            return RemoteFramebuffer(io)
        case "linux":
            from hal.linux.framebuffer import LinuxFramebuffer

            return LinuxFramebuffer(io)
    raise _unknown(io)


def _unknown(io: dict[str, Any]) -> UnknownBackendError:
    return UnknownBackendError(f'board: unknown backend "{io["backend"]}"; there is {", ".join(BACKENDS)}')
