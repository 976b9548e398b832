"""The board that a file on the command line means: a board file, or the one that a site file names."""

from pathlib import Path
from typing import NamedTuple

from config.board_rules import evses_of
from config.files import read
from config.load import ConfigError, load, load_board
from config.schema import Board, EvseParts


class Named(NamedTuple):
    """A board, its file's name, and the parts of each EVSE on it by the EVSE's number."""

    name: str
    board: Board
    evses: dict[int, EvseParts]


def named(path: Path) -> Named:
    """Return the board that ``path`` means. Raises ConfigError with every problem found."""
    found: list[str] = []
    table = read(path, path.name, found)
    if table is None:
        raise ConfigError(found)
    if "backend" in table or "board" not in table:
        board = load_board(path)
        return Named(path.name, board, evses_of(board))
    loaded = load(path)
    numbers = [evse.id for evse in loaded.site.evse]
    return Named(Path(str(table["board"])).name, loaded.board, evses_of(loaded.board, numbers))
