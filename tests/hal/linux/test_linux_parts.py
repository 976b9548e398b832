"""`hal.linux.board`: what it says of a part that cannot be had, and what becomes of the others."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hal.linux.board import LinuxBoard
from hal.ports import BoardLostError
from tests.contract.linux_tree import HWMON, IIO, LED, PWM, plant

Make = Callable[..., dict[str, Any]]

WRONG = {
    "led": ('led = "virtual:status"', 'led = "green"', r'leds\.ready: .*no "green"; there is virtual:status'),
    "pwm chip": (
        'chip = "pilot-pwm"',
        'chip = "pca9685"',
        r'pwms\."evse1\.pilot": .*no "pca9685"; .*pilot-pwm',
    ),
    "pwm channel": (
        "channel = 1",
        "channel = 2",
        r'pwms\."evse1\.contactor": .*no channel 2; it has 2, counted',
    ),
    "converter": (
        'device = "adc"',
        'device = "ads1115"',
        r'adcs\."evse1\.proximity": .*no "ads1115"; .*\(adc\)',
    ),
    "channel": (
        '"voltage0"',
        '"voltage7"',
        r'adcs\."evse1\.proximity": .*no channel voltage7; there is voltage0',
    ),
    "thermometer": ('"tmp102"', '"lm75"', r'thermometers\."evse1\.temperature": .*no "lm75"; .*\(tmp102\)'),
}


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def number(path: Path) -> int:
    return int(path.read_text())


@pytest.mark.parametrize(("was", "becomes", "said"), WRONG.values(), ids=WRONG)
@pytest.mark.usefixtures("converter")
def test_what_cannot_be_had_is_told_with_its_key_and_with_what_there_is(
    root: Path, io_with: Make, was: str, becomes: str, said: str
) -> None:
    before = descriptors()
    with pytest.raises(BoardLostError, match=said):
        LinuxBoard(io_with(was, becomes), root)
    assert descriptors() == before, "what was open already is closed"


def test_a_converter_without_a_trigger_is_told(root: Path, io_with: Make) -> None:
    before = descriptors()
    with pytest.raises(
        BoardLostError, match=r'adcs\."evse1\.pilot_high": .*no samples for 100 ms; has it a trigger'
    ):
        LinuxBoard(io_with(), root)
    assert descriptors() == before
    assert (root / IIO / "buffer/enable").read_text() == "0"


@pytest.mark.usefixtures("converter")
def test_outputs_are_safe_when_a_later_part_cannot_be_had(root: Path, io_with: Make) -> None:
    with pytest.raises(BoardLostError):
        LinuxBoard(io_with('"tmp102"', '"lm75"'), root)
    assert number(root / LED / "brightness") == 0
    assert number(root / PWM / "pwm0/duty_cycle") == number(root / PWM / "pwm0/period") == 1_000_000


@pytest.mark.usefixtures("converter")
def test_a_part_that_is_gone_keeps_no_other_from_its_safe_value(root: Path, io_with: Make) -> None:
    before = descriptors()
    board = LinuxBoard(io_with(), root)
    board.output("ready").set(True)
    board.pwm("evse1.pilot").set_duty(5_333)
    shutil.rmtree(root / PWM / "pwm1")
    shutil.rmtree(root / HWMON)
    board.close()
    assert number(root / LED / "brightness") == 0
    assert number(root / PWM / "pwm0/duty_cycle") == 1_000_000
    assert descriptors() == before


@pytest.mark.usefixtures("converter")
def test_an_output_that_cannot_be_driven_is_the_loss_of_the_board(root: Path, io_with: Make) -> None:
    board = LinuxBoard(io_with(), root)
    board.output("ready").set(True)
    shutil.rmtree(root / PWM / "pwm0")
    with pytest.raises(BoardLostError, match="pwm0/duty_cycle: No such file"):
        board.pwm("evse1.pilot").set_duty(5_333)
    assert number(root / LED / "brightness") == 0
    with pytest.raises(BoardLostError, match="pwm0/duty_cycle"):
        board.refresh()


@pytest.mark.usefixtures("converter")
def test_two_devices_of_one_name_are_not_chosen_from(root: Path, io_with: Make) -> None:
    plant(root, {"sys/class/hwmon/hwmon3/name": "tmp102", "sys/class/hwmon/hwmon3/temp1_input": "90000"})
    with pytest.raises(BoardLostError, match=r"hwmon2 \(tmp102\), hwmon3 \(tmp102\)"):
        LinuxBoard(io_with(), root)
