"""`hal.linux.adc`: exact decimals, rounded once."""

from pathlib import Path
from typing import Any

import pytest

from hal.linux.adc import IioAdc
from hal.ports import BoardLostError
from tests.contract.linux_tree import IIO, plant

ADC = {"device": 0, "channel": "voltage0", "gain": "1", "offset_mv": 0}


def read_mv(root: Path, raw: str, scale: str, offset: str, **table: Any) -> int:
    files = {"in_voltage0_raw": raw, "in_voltage0_scale": scale, "in_voltage0_offset": offset}
    plant(root / IIO, files)
    adc = IioAdc({**ADC, **table}, root)
    adc.close()
    return adc.read_mv()


@pytest.mark.parametrize(
    ("raw", "scale", "offset", "table", "mv"),
    [
        ("4095", "0.805664062", "0", {}, 3_299),
        ("2048", "0.805664062", "-2048", {}, 0),
        ("3000", "0.805664062", "0", {"gain": "8.0", "offset_mv": -13_000}, 6_336),
        ("1", "0.5", "0", {}, 1),
        ("-1", "0.5", "0", {}, -1),
        ("3", "0.499999999", "0", {}, 1),
        ("100", "1", "0.5", {}, 101),
        ("12000", "1.000000000", "0", {"gain": "-1"}, -12_000),
        ("8388607", "0.000298023", "0", {}, 2_500),
    ],
)
def test_the_voltage_at_the_terminal(
    root: Path, raw: str, scale: str, offset: str, table: dict[str, Any], mv: int
) -> None:
    assert read_mv(root, raw, scale, offset, **table) == mv


def test_a_scale_that_its_kind_shares(root: Path) -> None:
    (root / IIO / "in_voltage0_scale").unlink()
    plant(root / IIO, {"in_voltage0_raw": "7", "in_voltage_scale": "2"})
    assert IioAdc(ADC, root).read_mv() == 14


def test_a_difference_has_the_scale_that_its_kind_shares(root: Path) -> None:
    plant(root / IIO, {"in_voltage0-voltage1_raw": "-7", "in_voltage-voltage_scale": "3"})
    assert IioAdc({**ADC, "channel": "voltage0-voltage1"}, root).read_mv() == -21


@pytest.mark.parametrize(("name", "text"), [("in_voltage0_raw", "what"), ("in_voltage0_scale", "much")])
def test_a_file_that_tells_no_number_is_named(root: Path, name: str, text: str) -> None:
    plant(root / IIO, {name: text})
    with pytest.raises(BoardLostError, match=f"{name}: .*no"):
        IioAdc(ADC, root)
