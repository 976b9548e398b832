"""A whole board on the kernel's interfaces, opened by a board file's tables: what is not the virtual board's
own file (tests/board/test_interlock.py) but can be on a board: LED, PWM, converters, peaks, temperature.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.board_io import io_of
from config.load import load_board
from tests.board.machine import Machine

BOARD = """
backend = "linux"

[outputs."evse1.contactor"]
chip = "9030000.pl061"
line = "K1_COIL"
[leds.ready]
led = "virtual:status"
[inputs.emergency_stop]
chip = "/dev/gpiochip0"
line = "ESTOP"
active_low = true
debounce_us = 5000
[inputs."evse1.contactor_mirror"]
chip = "gpiochip0"
line = 1
[pwms."evse1.pilot"]
chip = "pilot-pwm"
[adcs."evse1.pilot_high"]
device = "virtual-adc"
channel = "voltage0"
gain = 8.0
offset_mv = -13000
peak = "high"
[adcs."evse1.pilot_low"]
device = "virtual-adc"
channel = "voltage0"
gain = 8.0
offset_mv = -13000
peak = "low"
[thermometers."evse1.temperature"]
hwmon = "virtual_thermometer"
[watchdog]
[evses.1]
lock = "none"
derating = {}
"""
ESTOP, PILOT = 2, 3
PARAMETERS = "/sys/module/virtual_sensors/parameters"
TRIGGER = """
cd /sys/bus/iio/devices
mkdir -p /sys/kernel/config/iio/triggers/hrtimer/pilot
grep -l '^pilot$' trigger*/name | while read name; do echo 2000 >"${name%name}sampling_frequency"; done
echo 0 >iio:device0/buffer/enable
echo pilot >iio:device0/trigger/current_trigger
"""


def io(tmp_path: Path, text: str = BOARD) -> dict[str, Any]:
    path = tmp_path / "board.toml"
    path.write_text(text, encoding="utf-8")
    return io_of(load_board(path))


@pytest.fixture
def board(machine: Machine, tmp_path: Path) -> Iterator[Any]:
    assert machine.module("subprocess").getoutput(TRIGGER) == ""
    machine.drive(ESTOP, True)
    board = machine.module("hal.backends").open_board(io(tmp_path))
    yield board
    board.close()


def until(machine: Machine, board: Any, condition: Any) -> None:
    """Wait as the interlock does: until the board says that it is time to look, then look."""
    wait = machine.module("select").select
    for _ in range(400):
        assert wait([board.fileno()], [], [], 10)[0], "the board does not wake who waits for it"
        board.refresh()
        if condition():
            return
    raise AssertionError("it has not come")


def set_parameter(machine: Machine, name: str, value: str) -> None:
    machine.module("pathlib").Path(f"{PARAMETERS}/{name}").write_text(value)


def raw(millivolts: int) -> int:
    """What the converter of 12 bits and 3.3 V reads behind the board file's divider."""
    return round((millivolts + 13_000) / 8 * 4096 / 3300)


def test_a_board_has_the_ports_that_its_file_names(board: Any) -> None:
    assert board.names() == {
        "output": ["evse1.contactor", "ready"],
        "input": ["emergency_stop", "evse1.contactor_mirror"],
        "pwm": ["evse1.pilot"],
        "adc": ["evse1.pilot_high", "evse1.pilot_low"],
        "thermometer": ["evse1.temperature"],
    }
    with pytest.raises(KeyError):
        board.output("evse2.contactor")


def test_an_input_that_is_debounced_and_inverted(machine: Machine, board: Any) -> None:
    emergency_stop = board.input("emergency_stop")
    assert emergency_stop.read() is False
    for high in (False, True):
        machine.drive(ESTOP, high)
        until(machine, board, lambda high=high: emergency_stop.read() is not high)


def test_a_pilots_peaks_come_through_the_converters_buffer(machine: Machine, board: Any) -> None:
    high, low = board.adc("evse1.pilot_high"), board.adc("evse1.pilot_low")
    for high_mv, low_mv in ((9_000, -12_000), (6_000, -12_000)):
        set_parameter(machine, "trough", str(raw(low_mv)))
        set_parameter(machine, "raw", str(raw(high_mv)))
        near = [(high, high_mv), (low, low_mv)]
        until(machine, board, lambda near=near: all(abs(adc.read_mv() - mv) < 10 for adc, mv in near))


def test_what_a_board_drove_is_safe_when_it_is_closed(machine: Machine, tmp_path: Path) -> None:
    assert machine.module("subprocess").getoutput(TRIGGER) == ""
    board = machine.module("hal.backends").open_board(io(tmp_path))
    board.output("evse1.contactor").set(True)
    board.output("ready").set(True)
    board.pwm("evse1.pilot").set_duty(0)
    assert machine.pin(0)
    board.close()
    assert not machine.pin(0)
    assert machine.module("pathlib").Path(f"{PARAMETERS}/led_brightness").read_text() == "0\n"
    duty = machine.module("pathlib").Path("/sys/class/pwm/pwmchip0/pwm0/duty_cycle").read_text()
    assert duty == "1000000\n", "a pilot that nobody drives is steady high"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('line = "K1_COIL"', 'line = "K9_COIL"', "K9_COIL"),
        (
            'chip = "9030000.pl061"',
            'chip = "gpiochip7"',
            r"gpiochip7 is not there; there is .*9030000\.pl061",
        ),
        ('"pilot-pwm"', '"other-pwm"', "pilot-pwm"),
        ('channel = "voltage0"', 'channel = "voltage9"', "voltage"),
        ('"virtual_thermometer"', '"lm75"', "virtual_thermometer"),
        ('led = "virtual:status"', 'led = "green"', "virtual:status"),
    ],
    ids=["line", "chip", "pwm", "converter", "thermometer", "led"],
)
def test_a_part_that_is_not_there_is_named(
    machine: Machine, tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    assert machine.module("subprocess").getoutput(TRIGGER) == ""
    with pytest.raises(OSError, match=said):
        machine.module("hal.backends").open_board(io(tmp_path, BOARD.replace(was, becomes)))
