"""The process: how it begins, how it ends, and what it says to a wrong file."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, start_csms

SITE = ROOT / "config/site.example.toml"
TARIFF = ROOT / "config/tariffs/chu_time_of_use.toml"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sim.csms", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.PIPE, timeout=30
    )


def test_it_ends_when_its_stdin_closes(tmp_path: Path) -> None:
    csms = start_csms(tmp_path, SITE)
    assert csms.process.stdin is not None
    csms.process.stdin.close()
    assert csms.process.wait(10) == 0


def test_it_ends_on_sigterm(tmp_path: Path) -> None:
    csms = start_csms(tmp_path, SITE)
    csms.process.terminate()
    assert csms.process.wait(10) == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "楚氏充电"', "", "the key name is missing"),
        ('"Asia/Shanghai"', '"Asia/Nowhere"', '"Asia/Nowhere" is not an IANA time zone'),
        ("[station]", "[station", "not TOML"),
    ],
)
def test_a_wrong_site_file_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE.read_text().replace(old, new, 1))
    failed = run("--site", site, "--tariff", TARIFF)
    assert failed.returncode == 2
    assert said in failed.stderr and "site.toml" in failed.stderr
    assert "Traceback" not in failed.stderr and failed.stdout == ""


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    failed = run("--site", tmp_path / "none.toml", "--tariff", TARIFF)
    assert failed.returncode == 2
    assert "none.toml: No such file or directory" in failed.stderr


def test_a_tariff_that_cannot_be_priced_is_named(tmp_path: Path) -> None:
    tariff = tmp_path / "tariff.toml"
    tariff.write_text(TARIFF.read_text().replace("startTimeOfDay", "minPower", 1).replace('"10:00"', "1", 1))
    failed = run("--site", SITE, "--tariff", tariff)
    assert failed.returncode == 2
    assert "energy.prices[0].conditions.minPower" in failed.stderr


def test_an_unknown_version_is_named() -> None:
    failed = run("--site", SITE, "--tariff", TARIFF, "--versions", "ocpp9")
    assert failed.returncode == 2
    assert "this backend speaks ocpp2.1" in failed.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    csms = start_csms(tmp_path, SITE)
    port = csms.http.base_url.port
    failed = run("--site", SITE, "--tariff", TARIFF, "--pay-port", port)
    assert failed.returncode == 2
    assert "in use" in failed.stderr and "Traceback" not in failed.stderr
    csms.process.terminate()
    assert csms.process.wait(10) == 0
