"""The simulated coprocessor keeps docs/PILOT_COPROCESSOR.md, and breaks it where it is told to."""

from itertools import pairwise

import pytest

from sim.coprocessor import wire
from sim.coprocessor.device import (
    ASKED,
    COMMAND_REFUSED,
    HOLD_OVER,
    POWER,
    RESET,
    SUPPLY_FAULT,
    SimCoprocessor,
)


class Host:
    """Hears what a coprocessor says, and when; its line takes no time."""

    def __init__(self, pilots: int = 1) -> None:
        self.driven: list[tuple[int, int]] = []
        self.device = SimCoprocessor(
            pilots, driven=lambda pilot, duty_e4: self.driven.append((pilot, duty_e4))
        )
        self.device.start(POWER)
        self.now_ms = 0.0
        self.heard: list[tuple[float, wire.Content]] = []

    def say(self, kind: int, number: int, body: bytes) -> None:
        self.device.hear(wire.frame(kind, number, body), self.now_ms)

    def order(self, number: int, duty_e4: int, hold_ms: int = 500, pilot: int = 0) -> None:
        body = bytes([pilot]) + duty_e4.to_bytes(2, "big") + hold_ms.to_bytes(2, "big")
        self.say(wire.SET_DUTY, number, body)

    def listen(self, ms: float) -> list[tuple[float, wire.Content]]:
        """Listen for a time; return what was said in it."""
        receiver, before, end_ms = wire.Receiver(), len(self.heard), self.now_ms + ms
        while self.now_ms < end_ms:
            self.now_ms += 0.25
            for content in receiver.take_all(self.device.speak(self.now_ms)):
                self.heard.append((self.now_ms, content))
        assert receiver.damaged == 0
        return self.heard[before:]

    def measured(self, ms: float = 30) -> bytes:
        """The body of the last Measured in the next ``ms``."""
        return [body for _, (kind, _, body) in self.listen(ms) if kind == wire.MEASURED][-1]

    def duty_e4(self) -> int:
        return self.device.pilots[0].duty_e4


@pytest.fixture
def host() -> Host:
    return Host()


def test_after_power_up_it_says_hello_first(host: Host) -> None:
    _, (kind, number, body) = host.listen(1)[0]
    assert (kind, number) == (wire.HELLO, 0)
    assert body == bytes([1, 1, 1, POWER, 0]) + b"wattseal-sim"


def test_it_measures_each_ten_milliseconds_and_counts(host: Host) -> None:
    host.listen(20)
    told = host.listen(1_000)
    assert len(told) == 100
    assert {round(after - before) for (before, _), (after, _) in pairwise(told)} == {10}
    numbers = [number for _, (_, number, _) in told]
    assert all((after - before) % 256 == 1 for before, after in pairwise(numbers))


def test_measured_tells_voltages_and_duty(host: Host) -> None:
    host.order(1, 2_667)
    host.device.feel(0, 6_000, -12_000, host.now_ms)
    host.device.pilots[0].proximity_mv = 1_234
    assert host.measured() == bytes.fromhex("00 00 1770 d120 04d2 0a6b 01")


def test_an_order_ends_with_its_hold(host: Host) -> None:
    host.order(1, 2_667, hold_ms=200)
    host.listen(199)
    assert host.duty_e4() == 2_667
    host.listen(1.5)
    assert host.duty_e4() == 10_000
    assert host.measured()[1] == HOLD_OVER
    assert host.driven == [(0, 2_667), (0, 10_000)]


def test_a_renewed_order_goes_on(host: Host) -> None:
    for number in range(1, 8):
        host.order(number, 2_667, hold_ms=200)
        host.listen(150)
    assert host.driven == [(0, 2_667)]
    assert host.measured()[10] == 7


@pytest.mark.parametrize(("duty_e4", "hold_ms"), [(10_001, 500), (2_667, 0), (2_667, 2_001)])
def test_an_order_out_of_bounds_changes_nothing(host: Host, duty_e4: int, hold_ms: int) -> None:
    host.order(1, 5_000)
    host.order(2, duty_e4, hold_ms)
    assert host.duty_e4() == 5_000
    told = host.measured()
    assert (told[1], told[10]) == (COMMAND_REFUSED, 1)
    host.order(3, 5_000)
    assert host.measured()[1] == 0


def test_an_order_for_a_pilot_that_is_not_there_is_passed_over(host: Host) -> None:
    host.order(1, 5_000, pilot=1)
    assert host.driven == []
    assert host.measured()[1] == HOLD_OVER


@pytest.mark.parametrize("number", [5, 4, 5 - 127])
def test_late_and_doubled_orders_change_nothing(host: Host, number: int) -> None:
    host.order(5, 5_000)
    host.order(number % 256, 2_667)
    assert host.duty_e4() == 5_000


def test_begin_ends_every_order_and_counts_anew(host: Host) -> None:
    host.order(100, 5_000)
    host.say(wire.BEGIN, 200, b"\x01")
    assert host.duty_e4() == 10_000
    _, (kind, number, body) = host.listen(1)[0]
    assert (kind, number, body[3], body[4]) == (wire.HELLO, 0, ASKED, 200)
    assert host.measured()[10] == 200
    host.order(201, 2_667)
    assert host.duty_e4() == 2_667


def test_reset_starts_it_again(host: Host) -> None:
    host.order(1, 5_000)
    host.say(wire.RESET, 2, b"")
    assert host.duty_e4() == 10_000
    _, (_, _, body) = host.listen(1)[0]
    assert body[3] == RESET


def test_a_step_of_the_peak_is_told_when_two_periods_have_shown_it(host: Host) -> None:
    host.listen(53)
    host.device.feel(0, 9_000, 9_000, host.now_ms)
    at_ms, (_, _, body) = host.listen(5)[0]
    assert body[2:4] == (9_000).to_bytes(2, "big")
    assert at_ms == 53 + 2


def test_a_spike_of_one_period_is_not_told(host: Host) -> None:
    host.listen(50)
    host.device.feel(0, 6_000, 6_000, host.now_ms)
    host.listen(1)
    host.device.feel(0, 12_000, 12_000, host.now_ms)
    assert {body[2:4] for _, (_, _, body) in host.listen(50)} == {(12_000).to_bytes(2, "big")}


def test_a_small_change_waits_for_its_turn(host: Host) -> None:
    host.listen(51)
    host.device.feel(0, 11_501, 11_501, host.now_ms)
    assert len(host.listen(8)) == 0
    assert len(host.listen(2)) == 1


def test_a_restless_pilot_is_told_each_five_milliseconds_at_most(host: Host) -> None:
    host.listen(50)
    for step in range(40):
        host.device.feel(0, 6_000 if step % 2 else 9_000, -12_000, host.now_ms)
        host.listen(2.5)
    told = [at_ms for at_ms, _ in host.heard if at_ms > 50][1:]
    assert len(told) <= 20
    assert min(after - before for before, after in pairwise(told)) >= 5


def test_a_fault_is_told_at_once(host: Host) -> None:
    host.listen(51)
    host.device.flag(0, SUPPLY_FAULT, True)
    _, (_, _, body) = host.listen(0.5)[0]
    assert body[1] == HOLD_OVER | SUPPLY_FAULT


def test_pilots_are_told_of_in_turn() -> None:
    host = Host(pilots=4)
    told = host.listen(1_001)
    counts = [
        sum(body[0] == pilot for _, (kind, _, body) in told if kind == wire.MEASURED) for pilot in range(4)
    ]
    assert min(counts) >= 99
    assert max(counts) <= 101


def test_when_it_is_silent_it_says_nothing_and_still_obeys(host: Host) -> None:
    host.device.faults.silent = True
    host.order(1, 2_667)
    assert host.listen(100) == []
    assert host.duty_e4() == 2_667


def test_when_it_is_deaf_it_obeys_no_order(host: Host) -> None:
    host.device.faults.deaf = True
    host.order(1, 2_667)
    assert host.duty_e4() == 10_000


def test_with_a_stuck_duty_it_takes_orders_and_tells_what_it_does(host: Host) -> None:
    host.device.faults.stuck_duty = True
    host.order(1, 2_667)
    told = host.measured()
    assert told[8:10] == (10_000).to_bytes(2, "big")
    assert told[10] == 1
