"""A board behind a socket: what it declares, beside what the EVSEs' parts need."""

from collections.abc import Iterator
from typing import Any, cast

from config.port_names import Need, needs
from config.schema import EvseParts
from config.shape import joined
from firmware.board.finding import Finding
from firmware.board.reading import Reading, readings
from hal.backends import open_board
from hal.ports import BoardLostError, PortKind


def declared(io: dict[str, Any], evses: dict[int, EvseParts]) -> Iterator[Finding]:
    """Yield whether the board answers, then each port that is needed; nothing is driven."""
    try:
        board = open_board(io)
    except BoardLostError as error:
        yield Finding("address", False, f"{error}; is it started, and is this its address?")
        return
    try:
        names = board.names()
        values = {reading.name: reading for reading in readings(board, evses)}
        yield Finding("address", True, f"{io['address']} answers")
        for need in needs(evses):
            yield _needed(need, names, values)
    finally:
        board.close()


def _needed(need: Need, names: dict[PortKind, tuple[str, ...]], values: dict[str, Reading]) -> Finding:
    kind = cast(PortKind, need.table.removesuffix("s"))
    where = joined(need.table, need.name)
    if need.name in names[kind]:
        value = values.get(need.name)
        return Finding(where, True, "declared" if value is None else f"declared: {value.text()}")
    why = f", {need.because} needs it" if need.because else ""
    return Finding(where, False, f"the board does not declare it{why}")
