"""Each port of the Linux hal on a real kernel, seen and moved from outside."""

import time
from typing import Any

import pytest

from tests.board.machine import Machine

COIL, MIRROR, PILOT = 0, 1, 3
LINE = {"chip": "/dev/gpiochip0", "active_low": False}
OUTPUT = {**LINE, "drive": "push-pull"}
INPUT = {**LINE, "bias": "as-is", "debounce_us": 0}
PWM = {"chip": "pilot-pwm", "channel": 0, "frequency_hz": 50, "inverted": False, "safe_e4": 10_000}
"""Slower than a pilot: the emulated processor makes this PWM by timer interrupts, and they come late."""

SETTLED_S = 0.1
"""A new duty holds from the next period on."""


def guest_file(machine: Machine, path: str) -> Any:
    return machine.module("pathlib").Path(path)


@pytest.mark.parametrize("line", [COIL, "K1_COIL"], ids=["by number", "by name"])
def test_an_output_moves_its_line_and_lets_it_fall_when_it_is_closed(
    machine: Machine, line: int | str
) -> None:
    output = machine.module("hal.linux.gpio").GpioOutput("evse1.contactor", {**OUTPUT, "line": line})
    for active in (True, False, True):
        output.set(active)
        assert machine.pin(COIL) is active
    output.close()
    assert not machine.pin(COIL)


def test_an_inverted_output_rests_high(machine: Machine) -> None:
    inverted = {**OUTPUT, "line": COIL, "active_low": True}
    output = machine.module("hal.linux.gpio").GpioOutput("evse1.contactor", inverted)
    assert machine.pin(COIL)
    output.set(True)
    assert not machine.pin(COIL)
    output.close()
    assert machine.pin(COIL)
    plain = machine.module("hal.linux.gpio").GpioOutput("evse1.contactor", {**OUTPUT, "line": COIL})
    plain.close()


def test_an_input_wakes_who_waits_and_tells_the_level(machine: Machine) -> None:
    machine.drive(MIRROR, False)
    gpio_input = machine.module("hal.linux.gpio").GpioInput(
        "evse1.contactor_mirror", {**INPUT, "line": MIRROR}
    )
    wait = machine.module("select").select
    for high in (True, False):
        machine.drive(MIRROR, high)
        assert wait([gpio_input.fileno()], [], [], 10)[0]
        gpio_input.refresh()
        assert gpio_input.read() is high
        assert not wait([gpio_input.fileno()], [], [], 0)[0]
    gpio_input.close()


def test_a_line_that_another_process_holds_is_refused_with_its_name(machine: Machine) -> None:
    gpio = machine.module("hal.linux.gpio")
    holder = gpio.GpioOutput("evse1.contactor", {**OUTPUT, "line": COIL})
    with pytest.raises(OSError, match="wattseal:evse1"):
        gpio.GpioOutput("evse1.other", {**OUTPUT, "line": COIL})
    holder.close()


@pytest.mark.parametrize("duty_e4", [0, 1_000, 5_333, 10_000])
def test_a_pilots_duty_is_what_a_scope_sees(machine: Machine, duty_e4: int, report: list[str]) -> None:
    pwm = machine.module("hal.linux.pwm").SysfsPwm(PWM)
    pwm.set_duty(duty_e4)
    seen_e4 = high_share_e4(machine, PILOT)
    pwm.close()
    report.append(f"PWM of {duty_e4 / 100:.2f} % seen from outside: {seen_e4 / 100:.2f} %")
    assert abs(seen_e4 - duty_e4) < 500
    assert high_share_e4(machine, PILOT) == 10_000


def high_share_e4(machine: Machine, line: int, for_s: float = 1.0) -> int:
    """Return for which share of the time, in 1/10000, a line is high, once a new duty is in force."""
    began = at = time.monotonic() + SETTLED_S
    high_s = 0.0
    while at - began < for_s:
        high = machine.pin(line)
        before, at = at, max(began, time.monotonic())
        high_s += (at - before) if high else 0
    return round(10_000 * high_s / (at - began))


def test_a_led_shines_and_is_off_when_it_is_closed(machine: Machine) -> None:
    shown = guest_file(machine, "/sys/module/virtual_sensors/parameters/led_brightness")
    led = machine.module("hal.linux.led").SysfsLed({"led": "virtual:status"})
    led.set(True)
    assert shown.read_text() == "255\n"
    led.close()
    assert shown.read_text() == "0\n"


def test_a_thermometer_tells_what_the_sensor_says(machine: Machine) -> None:
    guest_file(machine, "/sys/module/virtual_sensors/parameters/temperature_mc").write_text("-12500")
    table = {"hwmon": "virtual_thermometer", "channel": "temp1"}
    assert machine.module("hal.linux.thermometer").HwmonThermometer(table).read_mc() == -12_500


def test_the_clock_is_set_and_goes_on(machine: Machine) -> None:
    rtc = machine.module("hal.linux.rtc").LinuxRtc({"device": "/dev/rtc0"})
    before_s = rtc.read_utc_s()
    assert abs(before_s - time.time()) < 60
    rtc.set_utc_s(1_900_000_000)
    assert 0 <= rtc.read_utc_s() - 1_900_000_000 < 60
    rtc.set_utc_s(946_684_800)
    with pytest.raises(ValueError, match="battery"):
        rtc.read_utc_s()
    rtc.set_utc_s(before_s)


def test_a_watchdog_that_is_closed_lets_the_machine_run(machine: Machine) -> None:
    watchdog = machine.module("hal.linux.watchdog").LinuxWatchdog({"device": "/dev/watchdog", "timeout_s": 4})
    assert watchdog.get("timeout_ms") == 4_000
    watchdog.feed()
    watchdog.close()
    assert guest_file(machine, "/sys/class/watchdog/watchdog0/state").read_text() == "inactive\n"
