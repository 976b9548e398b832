"""Which meters may share a line, and how they are told apart on it."""

import shutil
from pathlib import Path

import pytest

import config
from config.load import ConfigError, load

PACKAGE = Path(config.__file__).parent


def problems(folder: Path, first: str, second: str) -> list[str]:
    """Return what is wrong with a site of two EVSEs, their meters as they are written in TOML."""
    for name in ("boards", "tariffs"):
        shutil.copytree(PACKAGE / name, folder / name)
    text = (PACKAGE / "site.example.toml").read_text().split("[[evse]]")[0]
    for number, meter in enumerate((first, second), 1):
        text += f"[[evse]]\nid = {number}\nmeter = {{ {meter} }}\n"
    (folder / "site.toml").write_text(text)
    try:
        load(folder / "site.toml")
    except ConfigError as error:
        return list(error.problems)
    return []


DLT645 = 'map = "dlt645_2007"'
SDM630 = 'map = "eastron_sdm630_v2"'


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ('map = "iskra_wm3m4", unit = 33, seal = "required"', f"{SDM630}, unit = 2", []),
        (
            f'{SDM630}, unit = 1, seal = "required"',
            f"{SDM630}, unit = 2",
            [
                'site.toml: evse[0].meter.seal: "required", but eastron_sdm630_v2 does not sign: '
                "name one that does"
            ],
        ),
        (f'{DLT645}, address = "000000000001"', f'{DLT645}, address = "000000000002"', []),
        (
            DLT645,
            f'{DLT645}, address = "000000000002"',
            [
                "site.toml: evse[0].meter.address: missing; several meters share the line, "
                "write the twelve digits on its plate"
            ],
        ),
        (
            f'{DLT645}, address = "000000000001"',
            f'{DLT645}, address = "000000000001"',
            [
                'site.toml: evse[1].meter.address: 000000000001 on port "meter" is taken by evse[0]; '
                "two meters on one line need two addresses"
            ],
        ),
        (
            f"{SDM630}, unit = 2",
            DLT645,
            ['site.toml: evse[1].meter.map: evse[0] on port "meter" speaks Modbus; one line, one protocol'],
        ),
        (
            f'{DLT645}, address = "000000000001"',
            SDM630,
            ['site.toml: evse[1].meter.map: evse[0] on port "meter" speaks DL/T 645; one line, one protocol'],
        ),
    ],
)
def test_meters_on_one_line(tmp_path: Path, first: str, second: str, said: list[str]) -> None:
    assert problems(tmp_path, first, second) == said


def test_an_address_is_twelve_digits(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, f'{DLT645}, address = "12345"', f"{SDM630}, unit = 2")[:1]
    assert problem.startswith("site.toml: evse[0].meter.address: ")
