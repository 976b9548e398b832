"""The contactor: the coil is driven, the mirror contact is believed."""

import pytest

from drivers.contactor import Contactor
from hal.ports import BoardLostError


class Line:
    def __init__(self, active: bool = False, lost: bool = False) -> None:
        self.active, self.lost = active, lost

    def set(self, active: bool) -> None:
        self._require_board()
        self.active = active

    def read(self) -> bool:
        self._require_board()
        return self.active

    def _require_board(self) -> None:
        if self.lost:
            raise BoardLostError("the board does not answer")


def test_the_coil_follows_what_it_is_told() -> None:
    coil = Line()
    contactor = Contactor(coil, Line())
    contactor.drive(True)
    assert coil.active
    contactor.drive(False)
    assert not coil.active


@pytest.mark.parametrize("commanded", [True, False])
@pytest.mark.parametrize("mirror", [True, False])
def test_the_mirror_alone_says_where_the_contacts_are(commanded: bool, mirror: bool) -> None:
    contactor = Contactor(Line(), Line(mirror))
    contactor.drive(commanded)
    assert contactor.mirror_open() is mirror


def test_a_lost_board_is_told_never_guessed() -> None:
    contactor = Contactor(Line(lost=True), Line(lost=True))
    with pytest.raises(BoardLostError):
        contactor.drive(False)
    with pytest.raises(BoardLostError):
        contactor.mirror_open()
