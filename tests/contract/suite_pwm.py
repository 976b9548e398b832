"""What holds for every `hal.ports.Pwm`."""

import pytest

from hal.ports import BoardLostError
from tests.contract.rig import Rig


class PwmContract:
    """Pilots and coils: at their safe duty unless an open board drives them."""

    name = "evse1.pilot"
    safe_e4 = 10_000

    def test_it_is_at_its_safe_duty_from_the_opening_on(self, rig: Rig) -> None:
        rig.open()
        assert rig.eventually(lambda: rig.duty_e4(self.name) == self.safe_e4)

    @pytest.mark.parametrize("duty_e4", [0, 1, 5_333, 9_999, 10_000])
    def test_it_follows(self, rig: Rig, duty_e4: int) -> None:
        pwm = rig.open().pwm(self.name)
        pwm.set_duty(3_000)
        assert rig.eventually(lambda: rig.duty_e4(self.name) == 3_000)
        pwm.set_duty(duty_e4)
        assert rig.eventually(lambda: rig.duty_e4(self.name) == duty_e4)

    @pytest.mark.parametrize("duty_e4", [-1, 10_001])
    def test_a_duty_out_of_range_is_refused_and_nothing_happens(self, rig: Rig, duty_e4: int) -> None:
        pwm = rig.open().pwm(self.name)
        pwm.set_duty(3_000)
        with pytest.raises(ValueError, match=f"a duty of {duty_e4}/10000 is outside 0 to 10000"):
            pwm.set_duty(duty_e4)
        assert rig.eventually(lambda: rig.duty_e4(self.name) == 3_000)
        pwm.set_duty(3_001)

    def test_it_is_at_its_safe_duty_when_the_board_is_closed(self, rig: Rig) -> None:
        board = rig.open()
        pwm = board.pwm(self.name)
        pwm.set_duty(3_000)
        assert rig.eventually(lambda: rig.duty_e4(self.name) == 3_000)
        board.close()
        assert rig.eventually(lambda: rig.duty_e4(self.name) == self.safe_e4)
        with pytest.raises(BoardLostError):
            pwm.set_duty(3_000)
        assert rig.duty_e4(self.name) == self.safe_e4

    def test_it_is_safe_when_its_process_is_killed_or_at_the_next_opening(self, rig: Rig) -> None:
        holder = rig.hold("pwm", self.name, 3_000)
        assert rig.eventually(lambda: rig.duty_e4(self.name) == 3_000)
        holder.kill()
        if not rig.killed_is_safe:
            assert rig.duty_e4(self.name) == 3_000, "it falls by itself: the rig should say so"
            rig.open()
        assert rig.eventually(lambda: rig.duty_e4(self.name) == self.safe_e4)
