"""The table of `wattseal board watch`: aligned, and since when each input is as it is."""

import pytest

from firmware.board.reading import Reading
from firmware.board.table import Watched, duration

DOOR = Reading("door", "input", False, "closed")
OPEN = Reading("door", "input", True, "open")
PILOT = Reading("evse1.pilot_high", "adc", 12_000, "A  12 V: no vehicle")


def test_nothing_has_changed_when_watching_begins() -> None:
    watched = Watched()
    assert watched.take([DOOR, PILOT], 1_000) == [DOOR, PILOT]
    assert watched.take([DOOR, PILOT], 9_000) == []
    assert watched.lines(9_000) == [
        "door               inactive  closed",
        "evse1.pilot_high   12000 mV  A  12 V: no vehicle",
    ]


def test_a_change_is_told_once_with_its_age() -> None:
    watched = Watched()
    watched.take([DOOR, PILOT], 0)
    assert watched.take([OPEN, PILOT], 5_000) == [OPEN]
    assert watched.take([OPEN, PILOT], 6_000) == []
    assert watched.lines(70_000)[0] == "door                 active  open                 for 1 min 05 s"


def test_what_creeps_is_told_when_it_has_come_far_enough() -> None:
    watched = Watched()
    told = [watched.take([PILOT._replace(value=12_000 - 100 * step)], step) for step in range(11)]
    assert [step for step, news in enumerate(told) if news] == [0, 5, 10]


@pytest.mark.parametrize(
    ("ms", "said"),
    [(0, "0.0 s"), (9_999, "9.9 s"), (12_000, "12 s"), (125_000, "2 min 05 s"), (11_220_000, "3 h 07 min")],
)
def test_a_length_of_time_is_told_as_people_do(ms: int, said: str) -> None:
    assert duration(ms) == said
