"""What speaks for a map, and what speaks against it for good."""

from typing import Any

import pytest

from drivers.meter.maps import Sample
from firmware.metering_cli.judging import Fit, follows, points, possible, verdict
from firmware.metering_cli.reading import Absent, Taken

PLAIN = Sample(12_345_678, 10, 6900, (229_500, 230_200, 230_900), (10_022, 9_948, 10_004))


def taken(serial: str | Absent = "26000001", **changes: Any) -> Taken:
    values = {name: changes.get(name, getattr(PLAIN, name)) for name in PLAIN.__slots__}
    return Taken(Sample(**values), serial)


@pytest.mark.parametrize(
    "changes",
    [
        {"voltage_mv": (0, 0, 0)},
        {"voltage_mv": (399_000, 399_000, 399_000)},
        {"voltage_mv": (229_500, 40_000, 230_900)},
        {"current_ma": (4_000_000, 0, 0)},
        {"power_w": 69_000},
        {"import_dwh": 10**12},
    ],
)
def test_what_cannot_be_a_meter_at_the_mains(changes: dict[str, Any]) -> None:
    assert not possible(taken(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"power_w": 0, "current_ma": (0, 0, 0)},
        {"power_w": -6900},
        {"power_w": 2300, "voltage_mv": (229_500, 0, 0), "current_ma": (10_022, 0, 0)},
        {"voltage_mv": (), "current_ma": ()},
    ],
)
def test_what_can(changes: dict[str, Any]) -> None:
    assert possible(taken(**changes))


def test_a_register_neither_falls_nor_leaps() -> None:
    assert follows(taken(), 12_345_678)
    assert follows(taken(), 12_345_700)
    assert not follows(taken(), 12_345_677)
    assert not follows(taken(), 22_345_678)


def test_each_sign_counts() -> None:
    best = points(taken(), True, True)
    assert points(taken(), True, False) < best
    assert points(taken(power_w=0), True, True) < best
    assert points(taken(voltage_mv=(229_500, 0, 0)), True, True) < best
    assert points(taken(""), True, True) < points(taken(), False, True) < best
    assert points(taken(Absent("refused", "…")), True, True) < points(taken(), False, True)


def test_how_sure_it_is() -> None:
    def of(*found: int) -> tuple[int, str]:
        judged = verdict(Fit(f"map{index}", taken(), each) for index, each in enumerate(found))
        return judged.best, judged.sure

    assert of() == (0, "no map fits")
    assert of(5) == (1, "sure")
    assert of(5, 8) == (1, "sure")
    assert of(8, 7) == (1, "likely")
    assert of(3, 8, 8)[0] == 2
