"""The contactor: the coil is driven, the mirror contact is believed."""

import pytest

from drivers.contactor import Contactor, EconomisedCoil, PlainCoil
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
    contactor = Contactor(PlainCoil(coil), Line())
    contactor.drive(True)
    assert coil.active
    contactor.drive(False)
    assert not coil.active


@pytest.mark.parametrize("commanded", [True, False])
@pytest.mark.parametrize("mirror", [True, False])
def test_the_mirror_alone_says_where_the_contacts_are(commanded: bool, mirror: bool) -> None:
    contactor = Contactor(PlainCoil(Line()), Line(mirror))
    contactor.drive(commanded)
    assert contactor.mirror_open() is mirror


def test_a_lost_board_is_told_never_guessed() -> None:
    contactor = Contactor(PlainCoil(Line(lost=True)), Line(lost=True))
    with pytest.raises(BoardLostError):
        contactor.drive(False)
    with pytest.raises(BoardLostError):
        contactor.mirror_open()


class Channel:
    """A PWM channel: the duties it was told."""

    def __init__(self) -> None:
        self.duties: list[int] = []

    def set_duty(self, duty_e4: int) -> None:
        self.duties.append(duty_e4)


def test_an_economiser_pulls_in_at_full_duty_and_holds_with_less() -> None:
    channel = Channel()
    contactor = Contactor(EconomisedCoil(channel, hold_e4=4_000), Line())
    contactor.drive(True, economised=False)
    contactor.drive(True, economised=True)
    contactor.drive(False)
    assert channel.duties == [10_000, 4_000, 0]


def test_an_open_contactor_gets_nothing_whatever_the_economiser_says() -> None:
    channel = Channel()
    Contactor(EconomisedCoil(channel, hold_e4=4_000), Line()).drive(False, economised=True)
    assert channel.duties == [0]


def test_a_plain_coil_is_held_with_all_it_has() -> None:
    coil = Line()
    Contactor(PlainCoil(coil), Line()).drive(True, economised=True)
    assert coil.active
