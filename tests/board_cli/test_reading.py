"""Numbers at a board's inputs, in the words of IEC 61851-1."""

from typing import Any

import pytest

from config.schema import EvseParts, ProximityDivider
from firmware.board.reading import Reading, readings
from hal.ports import BoardLostError

EVSES = {1: EvseParts(proximity=ProximityDivider()), 2: EvseParts()}


class Port:
    """Stands for a port of any kind; None does not answer."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def read(self) -> Any:
        if self._value is None:
            raise BoardLostError("no answer")
        return self._value

    read_mv = read_mc = read


class Inputs:
    """A board with one input of a kind."""

    def __init__(self, kind: str, name: str, value: Any) -> None:
        self._kind, self._name = kind, name
        self.input = self.adc = self.thermometer = lambda _name: Port(value)

    def names(self) -> dict[str, tuple[str, ...]]:
        names: dict[str, tuple[str, ...]] = dict.fromkeys(("input", "adc", "thermometer"), ())
        return names | {self._kind: (self._name,)}


def text(kind: str, name: str, value: Any, before: Reading | None = None) -> str:
    known = {} if before is None else {name: before}
    board: Any = Inputs(kind, name, value)
    (reading,) = readings(board, EVSES, known)
    return reading.text()


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        ("input", "emergency_stop", True, "active, pressed"),
        ("input", "evse1.contactor_mirror", False, "inactive, main contacts closed"),
        ("input", "something", True, "active"),
        ("input", "door", None, "no answer"),
        ("adc", "evse1.pilot_high", 12_000, "12000 mV, A  12 V: no vehicle"),
        ("adc", "evse1.pilot_high", 6_000, "6000 mV, C  6 V: vehicle wants energy"),
        ("adc", "evse1.pilot_low", -11_900, "-11900 mV, -12 V: PWM, diode there"),
        ("adc", "evse1.pilot_low", -6_000, "-6000 mV, too near to 0 V: no diode, or a weak supply"),
        ("adc", "evse1.pilot_low", 9_000, "9000 mV, no negative half: the pilot is steady"),
        ("adc", "evse1.proximity", 1_320, "1320 mV, 220 Ω: cable for 32 A"),
        ("adc", "evse1.proximity", 3_300, "3300 mV, no plug"),
        ("adc", "evse1.proximity", 0, "0 mV, 0 Ω: no code of a cable"),
        ("adc", "evse2.proximity", 1_320, "1320 mV"),
        ("thermometer", "evse1.temperature", -5_300, "-5.3 °C"),
        ("thermometer", "evse1.temperature", None, "no answer"),
    ],
)
def test_an_input_is_told_with_what_it_means(kind: str, name: str, value: Any, said: str) -> None:
    assert text(kind, name, value) == said


def test_a_pilot_between_two_states_keeps_the_one_that_it_had() -> None:
    vehicle = Reading("evse1.pilot_high", "adc", 9_000, "B  9 V: vehicle connected")
    assert "B  9 V" in text("adc", "evse1.pilot_high", 7_400, vehicle)
    assert "C  6 V" in text("adc", "evse1.pilot_high", 7_400)


@pytest.mark.parametrize(
    ("kind", "before", "now", "differs"),
    [
        ("adc", 9_000, 9_400, False),
        ("adc", 9_000, 9_500, True),
        ("thermometer", 25_000, 25_900, False),
        ("thermometer", 25_000, 24_000, True),
        ("thermometer", 25_000, None, True),
        ("thermometer", None, None, False),
        ("input", False, True, True),
        ("input", True, True, False),
    ],
)
def test_small_movements_are_not_told(kind: Any, before: Any, now: Any, differs: bool) -> None:
    assert Reading("x", kind, now, "").differs(Reading("x", kind, before, "")) is differs
