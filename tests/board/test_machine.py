"""The virtual board itself: what the tests upon it rely on."""

import pytest

from tests.board.machine import Machine


def test_python_runs_in_the_guest(machine: Machine) -> None:
    assert machine.module("platform").machine() == "aarch64"


def test_an_exception_of_the_guest_reaches_the_host(machine: Machine) -> None:
    with pytest.raises(FileNotFoundError, match="/nowhere"):
        machine.module("os").listdir("/nowhere")


@pytest.mark.parametrize("device", ["gpiochip0", "fb0", "watchdog0", "rtc0", "ttyS0", "ttyS1"])
def test_the_kernel_found_its_devices(machine: Machine, device: str) -> None:
    assert device in machine.module("os").listdir("/dev")


def test_an_output_of_the_guest_is_seen_from_outside(machine: Machine) -> None:
    gpiod, line = machine.module("gpiod"), machine.module("gpiod.line")
    active, inactive = line.get("Value").get("ACTIVE"), line.get("Value").get("INACTIVE")
    settings = gpiod.LineSettings(direction=line.get("Direction").get("OUTPUT"))
    request = gpiod.request_lines("/dev/gpiochip0", config={0: settings})
    for value, high in ((active, True), (inactive, False)):
        request.set_value(0, value)
        assert machine.pin(0) is high
    request.release()


def test_a_pin_driven_from_outside_is_seen_by_the_guest(machine: Machine) -> None:
    read = "import gpiod; print(gpiod.request_lines('/dev/gpiochip0', config={5: None}).get_value(5).value)"
    for high in (True, False):
        machine.drive(5, high)
        assert machine.module("subprocess").getoutput(f'python3 -c "{read}"') == str(int(high))


def test_the_kernel_has_the_parts_that_the_device_tree_names(machine: Machine) -> None:
    listed = machine.module("os").listdir
    assert listed("/sys/class/leds") == ["virtual:status"]
    assert listed("/sys/class/pwm") == ["pwmchip0"]
    assert "iio:device0" in listed("/sys/bus/iio/devices")
    assert listed("/sys/class/hwmon") == ["hwmon0"]
