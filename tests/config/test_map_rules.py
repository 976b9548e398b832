"""A meter map that makes no sense is told: which file, which key, what is wrong, what next."""

import shutil
from pathlib import Path

import pytest

import config
from config.load import ConfigError, load

PACKAGE = Path(config.__file__).parent

OWN = """
name = "Own"
source = "its manual"
function = 3
resolution_dwh = 100
import_dwh = { at = 0x10, type = "uint32", scale = 100 }
power_w = { at = 0x14, type = "int16", exponent_at = 0x15 }
voltage_mv = [
    { at = 0x20, type = "uint16" },
    { at = 0x21, type = "uint16" },
    { at = 0x22, type = "uint16" },
]
serial_number = { at = 0x100, count = 8 }
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("boards", "tariffs"):
        shutil.copytree(PACKAGE / name, tmp_path / name)
    text = (PACKAGE / "site.example.toml").read_text().replace("eastron_sdm630_v2", "own")
    (tmp_path / "site.toml").write_text(text)
    (tmp_path / "meters").mkdir()
    return tmp_path / "site.toml"


def told(site: Path, own: str) -> list[str]:
    (site.parent / "meters" / "own.toml").write_text(own)
    try:
        load(site)
    except ConfigError as error:
        return list(error.problems)
    return []


def test_a_map_of_ones_own_that_makes_sense_loads(site: Path) -> None:
    assert told(site, OWN) == []


MISTAKES = {
    ("0x14, type", "0x11, type"): "power_w.at: 0x0011 lies in the registers of import_dwh",
    ("at = 0x21,", "at = 0x20,"): "voltage_mv[1].at: 0x0020 lies in the registers of voltage_mv[0]",
    ("_at = 0x15", "_at = 0x11"): "power_w.exponent_at: 0x0011 lies in the registers of import_dwh",
    ("0x10, type", "0xFFFF, type"): "import_dwh.at: a uint32 at 0xffff goes beyond the last register",
    ('"int16"', '"float32"'): "power_w.exponent_at: a float32 has an exponent of its own; remove it",
    ('"int16", exponent_at = 0x15', '"float32", ratio_at = [0x17]'): "power_w.ratio_at: only for integers",
    ('"int16"', '"int16", invalid = [0x18000]'): "power_w.invalid[0]: 0x18000 is wider than a int16; "
    "it has 16 bits, at most 0xffff",
    ("scale = 100 }", "scale = 0 }"): "import_dwh.scale: 0 must be above 0",
    ("scale = 100 }", "scale = -100 }"): "import_dwh.scale: -100 must be above 0",
    (
        "resolution_dwh = 100",
        "resolution_dwh = 10",
    ): "resolution_dwh: 10 is finer than one step of import_dwh, which its scale says is 100; write 100",
    (
        "function = 3",
        "function = 3\nrollover_dwh = 429496729601",
    ): "rollover_dwh: 429496729601 is more than a uint32 can count",
    (
        '    { at = 0x22, type = "uint16" },\n',
        "",
    ): "voltage_mv: 2 registers, and a meter with phases = 3 has three",
    (
        "function = 3",
        "function = 3\nphases = 1",
    ): "voltage_mv: 3 registers, and a meter with phases = 1 has one",
    (
        "function = 3",
        "function = 3\nmost_registers = 4",
    ): "serial_number.count: 8 do not fit into one request",
    ("exponent_at", "exponent"): 'power_w.exponent: unknown key, did you mean "exponent_at"?',
}


@pytest.mark.parametrize(
    ("old", "new", "expected"), [(*edit, expected) for edit, expected in MISTAKES.items()]
)
def test_a_mistake_in_a_map_is_told_with_its_place(site: Path, old: str, new: str, expected: str) -> None:
    assert old in OWN
    found = told(site, OWN.replace(old, new, 1))
    assert any(problem.startswith(f"meters/own.toml: {expected}") for problem in found), found


def test_a_value_may_share_its_exponent_and_its_ratios_with_another_one(site: Path) -> None:
    shared = OWN.replace(
        '{ at = 0x20, type = "uint16" }', '{ at = 0x20, type = "uint16", exponent_at = 0x15 }'
    )
    assert told(site, shared) == []


def test_a_meter_of_one_phase_does_not_bill_an_evse_of_three(site: Path) -> None:
    single = OWN.replace("function = 3", "function = 3\nphases = 1").split("voltage_mv")[0]
    assert told(site, single) == [
        'site.toml: evse[0].meter.map: "own" measures one phase, and phases is 3: '
        "the others' energy would not be billed; write phases = 1, or choose another meter"
    ]
    site.write_text(site.read_text().replace("phases = 3", "phases = 1"))
    assert told(site, single) == []
