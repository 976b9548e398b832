"""The connector lock: a bridge that is never driven from both sides, a solenoid that is held, or none."""

from itertools import product

import pytest

from drivers.connector_lock import MotorLock, NoLock, SolenoidLock


class Bridge:
    """An H-bridge that burns out when both sides are driven at any moment."""

    def __init__(self) -> None:
        self.on: set[str] = set()
        self.burnt = False

    def side(self, name: str) -> "Side":
        return Side(self, name)


class Side:
    def __init__(self, bridge: Bridge, name: str) -> None:
        self._bridge, self._name = bridge, name

    def set(self, active: bool) -> None:
        (self._bridge.on.add if active else self._bridge.on.discard)(self._name)
        self._bridge.burnt |= len(self._bridge.on) > 1


class Switch:
    def __init__(self, active: bool) -> None:
        self._active = active

    def read(self) -> bool:
        return self._active


def lock(bridge: Bridge, feedback: bool = False) -> MotorLock:
    return MotorLock(bridge.side("forward"), bridge.side("reverse"), Switch(feedback))


@pytest.mark.parametrize(("direction", "sides"), [(1, {"forward"}), (-1, {"reverse"}), (0, set())])
def test_each_direction_drives_its_side_alone(direction: int, sides: set[str]) -> None:
    bridge = Bridge()
    lock(bridge).drive(direction)
    assert bridge.on == sides


@pytest.mark.parametrize(("before", "after"), [*product((1, -1, 0), repeat=2)])
def test_a_change_of_direction_lets_go_of_one_side_before_the_other(before: int, after: int) -> None:
    bridge = Bridge()
    motor = lock(bridge)
    motor.drive(before)
    motor.drive(after)
    assert not bridge.burnt


@pytest.mark.parametrize("left_on", ["forward", "reverse"])
@pytest.mark.parametrize("direction", [1, -1, 0])
def test_whatever_was_left_driven_before_it_started_does_no_harm(left_on: str, direction: int) -> None:
    bridge = Bridge()
    bridge.side(left_on).set(True)
    lock(bridge).drive(direction)
    assert not bridge.burnt


@pytest.mark.parametrize("feedback", [True, False])
def test_locked_is_what_the_feedback_switch_says(feedback: bool) -> None:
    assert lock(Bridge(), feedback).locked() is feedback


@pytest.mark.parametrize(("direction", "held"), [(1, True), (0, False), (-1, False)])
def test_a_solenoid_is_held_as_long_as_locked_is_wanted(direction: int, held: bool) -> None:
    coil = Bridge()
    solenoid = SolenoidLock(coil.side("hold"), Switch(False))
    solenoid.drive(1)
    solenoid.drive(direction)
    assert (coil.on == {"hold"}) is held


@pytest.mark.parametrize("feedback", [True, False])
def test_a_solenoid_is_locked_when_its_feedback_says_so(feedback: bool) -> None:
    solenoid = SolenoidLock(Bridge().side("hold"), Switch(feedback))
    solenoid.drive(1)
    assert solenoid.locked() is feedback


def test_a_tethered_cable_without_a_lock_counts_as_locked() -> None:
    lock = NoLock()
    lock.drive(-1)
    assert lock.locked()
