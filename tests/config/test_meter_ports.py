"""A meter names its port: a serial line or a gateway of the board."""

import shutil
from pathlib import Path

import pytest

import config
from config.load import ConfigError, load

PACKAGE = Path(config.__file__).parent
GATEWAYS = '\n[tcp.hall]\nhost = "10.0.0.7"\n\n[tcp.yard]\nhost = "10.0.0.8"\nport = 1502\n'
AT_A_GATEWAY = '\n[[evse]]\nid = 2\nmeter = {{ map = "eastron_sdm630_v2", {} }}\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a copy of the sample site whose board has two gateways besides its line."""
    for name in ("boards", "tariffs"):
        shutil.copytree(PACKAGE / name, tmp_path / name)
    shutil.copy(PACKAGE / "site.example.toml", tmp_path / "site.toml")
    board = tmp_path / "boards" / "bench.toml"
    board.write_text(board.read_text() + GATEWAYS)
    return tmp_path / "site.toml"


def add_meter(site: Path, wiring: str) -> None:
    site.write_text(site.read_text() + AT_A_GATEWAY.format(wiring))


def problems(site: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(site)
    return list(refused.value.problems)


def test_a_meter_is_behind_a_gateway_and_may_have_the_unit_of_another_there(site: Path) -> None:
    add_meter(site, 'port = "yard", unit = 1')
    loaded = load(site)
    assert loaded.site.evse[1].meter.port == "yard"
    assert loaded.board.tcp["yard"].port == 1502


def test_a_gateways_name_is_suggested(site: Path) -> None:
    add_meter(site, 'port = "yart"')
    (told,) = problems(site)
    assert told.startswith(
        'site.toml: evse[1].meter.port: the board has no port "yart", it has "meter", "hall", "yard"'
    )
    assert 'did you mean "yard"?' in told


def test_a_gateways_own_line_is_not_set_here(site: Path) -> None:
    add_meter(site, 'port = "hall", baudrate = 19200')
    assert problems(site) == [
        'site.toml: evse[1].meter.baudrate: not for TCP port "hall"; the gateway sets its own line'
    ]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[tcp.again]\nhost = "10.0.0.7"\n', "tcp.again.host: 10.0.0.7:502 is used by tcp.hall.host already"),
        ('[tcp.meter]\nhost = "10.0.0.9"\n', "tcp.meter: a serial port has that name already; "
                                              "meters name their port by it"),
    ],
)  # fmt: skip
def test_a_gateway_has_one_name_and_one_owner(site: Path, table: str, told: str) -> None:
    board = site.parent / "boards" / "bench.toml"
    board.write_text(board.read_text() + "\n" + table)
    assert problems(site) == [f"boards/bench.toml: {told}"]
