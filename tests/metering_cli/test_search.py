"""In which order is asked: the likely first, and everything in the end."""

from itertools import takewhile

from config.load import load_meter_maps
from firmware.metering_cli.search import Only, Setting, serial_steps, tcp_steps

MAPS = load_meter_maps()
NOTHING = Only()


def test_the_commonest_meters_come_first() -> None:
    first, second, *_ = serial_steps(MAPS, NOTHING)
    assert (first.setting, first.unit) == (Setting(9600, "N", 1), 1)
    assert {first.function, second.function} == {3, 4}


def test_every_box_is_opened_within_ten_seconds() -> None:
    boxes = {
        (Setting(each.factory.baudrate, each.factory.parity, each.factory.stopbits)) for each in MAPS.values()
    }
    asked, seconds = set(), 0.0
    for step in takewhile(lambda _: asked != boxes, serial_steps(MAPS, NOTHING)):
        asked.add(step.setting)
        seconds += step.longest_s
    assert seconds < 10


def test_everything_is_asked_in_the_end_within_five_minutes() -> None:
    steps = list(serial_steps(MAPS, NOTHING))
    settings = {step.setting for step in steps if step.setting}
    assert {setting.baudrate for setting in settings} >= {2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200}
    assert {setting.parity for setting in settings} == {"N", "E", "O"}
    assert {step.unit for step in steps if step.setting == Setting(9600, "N", 1)} >= set(range(1, 248))
    assert len(set(steps)) == len(steps)
    assert sum(step.longest_s for step in steps) < 300


def test_a_dlt645_meter_is_asked_for_wherever_it_may_be_set() -> None:
    asked = [step.setting for step in serial_steps(MAPS, NOTHING) if step.unit is None]
    assert asked[0] == Setting(2400, "E", 1)
    assert {setting.baudrate for setting in asked if setting} == {1200, 2400, 4800, 9600, 19_200}


def test_who_knows_something_asks_less() -> None:
    steps = list(serial_steps(MAPS, Only(unit=7, baudrate=9600, parity="N")))
    assert {step.unit for step in steps} == {7}
    assert {(step.setting.baudrate, step.setting.parity) for step in steps if step.setting} == {(9600, "N")}
    assert sum(step.longest_s for step in steps) < 2


def test_over_tcp_every_unit_is_asked() -> None:
    steps = list(tcp_steps(MAPS, NOTHING))
    assert steps[0].unit == 1
    assert {step.unit for step in steps} == set(range(1, 248))
    assert {step.unit for step in tcp_steps(MAPS, Only(unit=3))} == {3}
