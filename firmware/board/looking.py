"""A board whose inputs are looked at, and whose outputs stay somebody else's."""

from typing import Any

from config.board_io import io_of
from config.schema import Board
from hal.backends import open_board
from hal.ports import Board as OpenBoard
from hal.ports import BoardLostError

_DRIVEN: dict[str, Any] = {"outputs": {}, "pwms": {}, "leds": {}, "watchdog": None}


class InUseError(BoardLostError):
    """The interlock has the board: its lines are for one process."""


def open_inputs(board: Board) -> OpenBoard:
    """Open the board's inputs only. Raises InUseError when another process holds one, else BoardLostError."""
    try:
        return open_board(io_of(board) | _DRIVEN)
    except BoardLostError as error:
        if "held by" in str(error) or "in use" in str(error) or "busy" in str(error):
            raise InUseError(
                f"{error}. The interlock is running, and a line has one owner: "
                "stop the charger first (systemctl stop wattseal), then watch"
            ) from error
        raise
