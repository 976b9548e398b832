"""The emergency stop: pressed is what the loop says now."""

from drivers.emergency_stop import EmergencyStop


class Loop:
    def __init__(self) -> None:
        self.active = False

    def read(self) -> bool:
        return self.active


def test_it_is_pressed_as_long_as_the_loop_says_so() -> None:
    loop = Loop()
    button = EmergencyStop(loop)
    assert not button.pressed()
    loop.active = True
    assert button.pressed()
    loop.active = False
    assert not button.pressed(), "latching is the button's own business and the interlock's"
