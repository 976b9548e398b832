"""What a site and its board file say arrives at the interlock, as its own settings read it."""

import shutil
from pathlib import Path

import pytest

from config.board_io import io_of
from firmware.interlock.model import Derating, Rules
from firmware.interlock.settings import Divider, EvseSettings, Settings, parse
from firmware.runtime.interlock_settings import interlock_settings
from firmware.site import load_site

CONFIG = Path(__file__).parents[2] / "config"
PLAIN = """
backend = "remote"
address = "/run/wattseal/board.sock"
[serial.meter]
device = "/run/wattseal/tty-meter"
"""
FULL = (
    PLAIN
    + """
[watchdog]
timeout_s = 2
[evses.1]
lock = "solenoid"
lock_holds = "plug"
release_on = ["PowerFailing"]
proximity = { codes = "gbt", supply_mv = 5000, pull_up_ohm = 1000 }
residual_current = true
ventilation = true
economiser = true
hold_e4 = 3000
reclose_ms = 500
derating = { from_c = 50, stop_c = 75, resume_c = 65 }
under_voltage_v = 200
over_voltage_v = 250
"""
)


def told(folder: Path, board: str, **site: str) -> Settings:
    """Return what the interlock reads of the example site with a board file of ours."""
    shutil.copytree(CONFIG / "tariffs", folder / "tariffs")
    (folder / "boards").mkdir()
    (folder / "boards" / "bench.toml").write_text(board)
    text = (CONFIG / "site.example.toml").read_text()
    for key, value in site.items():
        assert key in text
        text = text.replace(key, value)
    (folder / "site.toml").write_text(text)
    return parse(interlock_settings(load_site(folder / "site.toml")))


def test_a_board_that_says_nothing_of_its_evse_has_the_plain_set(tmp_path: Path) -> None:
    settings = told(tmp_path, PLAIN)
    assert settings.socket == "/run/wattseal/interlock.sock"
    assert settings.board["address"] == "/run/wattseal/board.sock"
    assert settings.board["watchdog"] is None
    plain = Rules(max_current_ma=32_000, voltage_mv=(184_000, 264_000))
    assert settings.evses == (EvseSettings(1, plain),)


def test_everything_that_is_built_in_arrives(tmp_path: Path) -> None:
    settings = told(tmp_path, FULL)
    (evse,) = settings.evses
    assert settings.board["watchdog"] == {"device": "/dev/watchdog", "timeout_s": 2}
    assert (evse.hold_e4, evse.divider) == (3_000, Divider(5_000, 1_000))
    assert evse.rules == Rules(
        max_current_ma=32_000,
        phases=3,
        lock="solenoid",
        lock_holds="plug",
        release_on=frozenset({"PowerFailing"}),
        proximity="gbt",
        residual_current=True,
        ventilation=True,
        economiser=True,
        reclose_ms=500,
        derating=Derating(50_000, 75_000, 65_000),
        voltage_mv=(200_000, 250_000),
    )


@pytest.mark.parametrize("phases", [1, 3])
def test_an_installation_of_one_phase_is_known_as_such(tmp_path: Path, phases: int) -> None:
    (evse,) = told(tmp_path, PLAIN, **{"phases = 3": f"phases = {phases}"}).evses
    assert evse.rules.phases == phases


def test_the_board_gets_what_the_hal_takes(tmp_path: Path) -> None:
    settings = told(tmp_path, FULL)
    assert settings.board == io_of(load_site(tmp_path / "site.toml").board)
