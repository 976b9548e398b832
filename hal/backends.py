"""Opens a board's I/O by the backend that its board file names; the only place that knows which there are."""

from collections.abc import Collection

from hal.ports import Board, Framebuffer
from hal.remote.board import RemoteBoard
from hal.remote.framebuffer import RemoteFramebuffer


class UnknownBackendError(ValueError):
    """The board file names a hal backend that this build does not have."""


def open_board(backend: str, address: str) -> Board:
    """Open the board at ``address``. Raises UnknownBackendError, BoardLostError when it does not answer."""
    _require(backend, _BOARDS)
    return _BOARDS[backend](address)


def open_framebuffer(backend: str, address: str, width: int, height: int) -> Framebuffer:
    """Open the display of the board at ``address``, width × height pixels. Raises UnknownBackendError."""
    _require(backend, _FRAMEBUFFERS)
    return _FRAMEBUFFERS[backend](address, width, height)


_BOARDS = {"remote": RemoteBoard}
_FRAMEBUFFERS = {"remote": RemoteFramebuffer}


def _require(backend: str, known: Collection[str]) -> None:
    if backend not in known:
        raise UnknownBackendError(f'board: unknown backend "{backend}"; there is {", ".join(sorted(known))}')
