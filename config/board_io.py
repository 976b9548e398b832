"""What of a board file `hal.backends.open_board` takes: its I/O as plain JSON values."""

from typing import Any

import msgspec

from config.schema import Board

_NOT_IO = ("clock", "serial", "evses", "max_current_a")
"""What the file says of time, meters and installation: not the hal's business."""


def io_of(board: Board) -> dict[str, Any]:
    """Return the board's I/O tables with every default written out; a table that is left out is None.

    The values are JSON's own, exact decimals are texts: ``{"backend": "linux", "outputs": {"evse1.contactor":
    {"chip": "/dev/gpiochip0", "line": 17, …}}, "adcs": {"evse1.pilot_high": {"gain": "5.7", …}}, …}``.
    """
    plain: dict[str, Any] = msgspec.to_builtins(board)
    return {key: value for key, value in plain.items() if key not in _NOT_IO}
