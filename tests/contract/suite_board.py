"""What holds for every `hal.ports.Board` as a whole, and for its loss."""

from collections.abc import Callable
from typing import Any

import pytest

from hal.ports import Board, BoardLostError
from tests.contract.rig import Rig, until

OPENERS: dict[str, Callable[[Board, str], Any]] = {
    "output": lambda board, name: board.output(name),
    "input": lambda board, name: board.input(name),
    "pwm": lambda board, name: board.pwm(name),
    "adc": lambda board, name: board.adc(name),
    "thermometer": lambda board, name: board.thermometer(name),
}
ACCESSES: dict[str, Callable[[Any], object]] = {
    "output": lambda port: port.set(False),
    "input": lambda port: port.read(),
    "pwm": lambda port: port.set_duty(10_000),
    "adc": lambda port: port.read_mv(),
    "thermometer": lambda port: port.read_mc(),
}


class BoardContract:
    """Names, and the way a board is lost."""

    def test_it_has_the_names_that_its_file_gives_by_kind(self, rig: Rig) -> None:
        assert {kind: set(names) for kind, names in rig.open().names().items()} == rig.names

    @pytest.mark.parametrize("kind", list(OPENERS))
    def test_an_unknown_name_is_an_error_that_lists_the_known(self, rig: Rig, kind: str) -> None:
        board = rig.open()
        with pytest.raises(KeyError) as unknown:
            OPENERS[kind](board, "evse9.nonsense")
        for name in ("evse9.nonsense", *rig.names[kind]):
            assert name in str(unknown.value)

    def test_a_lost_board_is_lost_on_every_access_and_stays_lost(self, rig: Rig) -> None:
        board = rig.open()
        ports = [
            (OPENERS[kind](board, name), ACCESSES[kind]) for kind in OPENERS for name in board.names()[kind]
        ]
        rig.lose()
        with pytest.raises(BoardLostError):
            until(rig, board, lambda: False)
        rig.mend()
        for port, access in ports:
            with pytest.raises(BoardLostError):
                access(port)
        with pytest.raises(BoardLostError):
            board.refresh()
        board.close()
        rig.open().refresh()

    def test_closing_twice_is_closing_once(self, rig: Rig) -> None:
        board = rig.open()
        board.close()
        board.close()
        assert board.fileno() == -1
        with pytest.raises(BoardLostError):
            board.refresh()
