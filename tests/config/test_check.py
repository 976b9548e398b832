"""``wattseal config check``: one line and 0, or the problems and 2."""

import shutil
from pathlib import Path

import pytest

import config
from config.check import check

PACKAGE = Path(config.__file__).parent


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("boards", "tariffs"):
        shutil.copytree(PACKAGE / name, tmp_path / name)
    return Path(shutil.copy(PACKAGE / "site.example.toml", tmp_path / "site.toml"))


@pytest.mark.parametrize("option", [[], ["--config"]])
def test_a_good_site_is_summed_up_in_a_line(
    site: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check([*option, str(site)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(
        "site.toml: ok — station chu-003, 1 EVSE, meter eastron_sdm630_v2, tariff chu-ac-2026-1"
    )
    assert (out.count("\n"), err) == (1, "")


def test_problems_are_told_a_line_each_and_nothing_else(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_text(site.read_text().replace("unit = 1", "baud = 9600").replace('label = "3"', "lable = 3"))
    assert check([str(site)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ")[1] for line in err.splitlines()] == ["station.lable", "evse[0].meter.baud"]


@pytest.mark.parametrize("argv", [[], ["a.toml", "--config", "b.toml"], ["--colour"], ["--config"]])
def test_a_wrong_command_line_is_explained(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert check(argv) == 2
    assert "usage: wattseal config check" in capsys.readouterr().err


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(["--help"]) == 0
    assert "site file" in capsys.readouterr().out


def test_a_meter_too_coarse_for_minutes_is_a_warning_and_no_problem(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_text(site.read_text().replace("eastron_sdm630_v2", "carlo_gavazzi_em340"))
    assert check([str(site)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("site.toml: ok — ")
    assert err.startswith(
        "site.toml: warning: evse[0].meter.map: Carlo Gavazzi EM330/EM340 counts in steps of 100 Wh, "
        "and a minute at 7.4 kW is 123 Wh: "
    )
    assert err.count("\n") == 1
