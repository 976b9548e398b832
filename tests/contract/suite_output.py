"""What holds for every `hal.ports.Output`."""

import pytest

from hal.ports import BoardLostError
from tests.contract.rig import Rig


class OutputContract:
    """Lines, LEDs: inactive unless an open board drives them."""

    name = "evse1.contactor"

    def test_it_is_inactive_from_the_opening_on(self, rig: Rig) -> None:
        rig.open()
        assert rig.eventually(lambda: not rig.output(self.name))

    def test_it_follows(self, rig: Rig) -> None:
        output = rig.open().output(self.name)
        for active in (True, False, True, True, False):
            output.set(active)
            assert rig.eventually(lambda active=active: rig.output(self.name) is active)

    def test_it_is_inactive_when_the_board_is_closed(self, rig: Rig) -> None:
        board = rig.open()
        board.output(self.name).set(True)
        assert rig.eventually(lambda: rig.output(self.name))
        board.close()
        assert rig.eventually(lambda: not rig.output(self.name))

    def test_a_closed_board_is_not_driven_any_more(self, rig: Rig) -> None:
        board = rig.open()
        output = board.output(self.name)
        board.close()
        with pytest.raises(BoardLostError):
            output.set(True)
        assert not rig.output(self.name)

    def test_it_is_inactive_when_its_process_is_killed_or_at_the_next_opening(self, rig: Rig) -> None:
        holder = rig.hold("output", self.name, 1)
        assert rig.eventually(lambda: rig.output(self.name))
        holder.kill()
        if not rig.killed_is_safe:
            assert rig.output(self.name), "it falls by itself: the rig should say so"
            rig.open()
        assert rig.eventually(lambda: not rig.output(self.name))
