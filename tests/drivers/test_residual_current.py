"""The residual current device: what it says is believed, and its test is driven."""

import pytest

from drivers.residual_current import ResidualCurrent


class Line:
    def __init__(self, active: bool = False) -> None:
        self.active = active

    def set(self, active: bool) -> None:
        self.active = active

    def read(self) -> bool:
        return self.active


@pytest.mark.parametrize("trip", [True, False])
def test_tripped_is_what_the_device_says(trip: bool) -> None:
    assert ResidualCurrent(Line(), Line(trip)).tripped() is trip


def test_its_test_is_begun_and_ended() -> None:
    output = Line()
    device = ResidualCurrent(output, Line())
    device.test(True)
    assert output.active
    device.test(False)
    assert not output.active
