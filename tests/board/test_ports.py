"""What the ports' contract (tests/board/test_contract.py) does not ask of the Linux hal on a real kernel."""

import time

import pytest

from tests.board.machine import Machine

COIL, PILOT = 0, 3
LINE = {"chip": "/dev/gpiochip0", "active_low": False}
OUTPUT = {**LINE, "drive": "push-pull"}
PWM = {"chip": "pilot-pwm", "channel": 0, "frequency_hz": 10, "inverted": False, "safe_e4": 10_000}
"""Slower than a pilot: the emulated processor makes this PWM by timer interrupts, and they come late."""

SETTLED_S = 0.2
"""A new duty holds from the next period on."""


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
    off_e4 = min(abs(high_share_e4(machine, PILOT) - duty_e4) for _ in range(3))  # the host may be busy
    pwm.close()
    report.append(f"PWM of {duty_e4 / 100:.2f} % seen from outside: {off_e4 / 100:.2f} % off")
    assert off_e4 < 500
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
