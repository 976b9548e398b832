"""`hal.linux.thermometer`: asked at most once a second, also one that does not answer."""

from pathlib import Path
from typing import Any

import pytest

from hal.linux.thermometer import HwmonThermometer
from hal.ports import BoardLostError
from tests.contract.linux_tree import HWMON, plant

TABLE = {"hwmon": "tmp102", "channel": "temp1"}


def say(root: Path, mc: str) -> None:
    plant(root, {f"{HWMON}/temp1_input": mc})


def test_it_is_not_asked_again_within_a_second(root: Path, hand_clock: Any) -> None:
    thermometer = HwmonThermometer(TABLE, root, hand_clock)
    assert thermometer.read_mc() == 25_000
    say(root, "-3500")
    hand_clock.ms += 999
    assert thermometer.read_mc() == 25_000
    hand_clock.ms += 1
    assert thermometer.read_mc() == -3_500


def test_one_that_does_not_answer_is_not_asked_again_within_a_second_either(
    root: Path, hand_clock: Any
) -> None:
    """A bus that hangs would keep its reader each time."""
    thermometer = HwmonThermometer(TABLE, root, hand_clock)
    thermometer.read_mc()
    say(root, "")
    hand_clock.ms += 1_000
    for _ in range(2):
        with pytest.raises(BoardLostError, match="temp1_input"):
            thermometer.read_mc()
        say(root, "31000")
        hand_clock.ms += 499
    hand_clock.ms += 2
    assert thermometer.read_mc() == 31_000


@pytest.mark.parametrize("wanted", ["tmp102", "hwmon2", 2])
def test_it_is_found_by_name_and_by_number(root: Path, wanted: int | str) -> None:
    assert HwmonThermometer({"hwmon": wanted, "channel": "temp1"}, root).read_mc() == 25_000


def test_a_channel_that_is_not_there_is_told(root: Path) -> None:
    with pytest.raises(BoardLostError, match="temp7"):
        HwmonThermometer({"hwmon": 2, "channel": "temp7"}, root)


class SlowClock:
    """A second passes at each look: a bus that hangs."""

    def __init__(self) -> None:
        self.ms = 0
        self.step_ms = 1_000

    def monotonic_ms(self) -> int:
        self.ms += self.step_ms
        return self.ms


def test_a_slow_bus_keeps_its_reader_a_tenth_of_the_time(root: Path) -> None:
    clock: Any = SlowClock()
    thermometer = HwmonThermometer(TABLE, root, clock)
    thermometer.read_mc()  # between its two looks at the clock a second passes
    say(root, "31000")
    clock.step_ms = 0
    clock.ms += 8_999
    assert thermometer.read_mc() == 25_000
    clock.ms += 1
    assert thermometer.read_mc() == 31_000
