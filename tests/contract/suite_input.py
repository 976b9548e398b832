"""What holds for every `hal.ports.Input`."""

from tests.contract.rig import Rig, until, watch


class InputContract:
    """Lines that somebody else moves."""

    name = "emergency_stop"

    def test_it_has_its_value_from_the_opening_on(self, rig: Rig) -> None:
        for active in (True, False):
            rig.set_input(self.name, active)
            board = rig.open()
            assert board.input(self.name).read() is active
            board.close()

    def test_a_change_wakes_who_waits_and_is_seen_after_refresh(self, rig: Rig) -> None:
        rig.set_input(self.name, False)
        board = rig.open()
        line = board.input(self.name)
        for active in (True, False, True):
            rig.set_input(self.name, active)
            until(rig, board, lambda active=active: line.read() is active)

    def test_between_two_refreshes_it_does_not_change(self, rig: Rig) -> None:
        rig.set_input(self.name, False)
        board = rig.open()
        line = board.input(self.name)
        rig.set_input(self.name, True)
        assert rig.readable(board, 1)
        assert line.read() is False

    def test_while_nothing_changes_the_board_seldom_wakes_anybody(self, rig: Rig) -> None:
        board = rig.open()
        assert watch(rig, board, for_s=0.5) <= 0.5 * 400
