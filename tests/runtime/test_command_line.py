"""`wattseal` as a person types it: clear answers, exit codes, never a traceback."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[2] / "config"


def wattseal(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firmware", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the example site with folders of its own."""
    for folder in ("boards", "tariffs"):
        shutil.copytree(CONFIG / folder, tmp_path / folder)
    text = (CONFIG / "site.example.toml").read_text()
    text = text.replace("/var/lib/wattseal", str(tmp_path / "state")).replace(
        "/run/wattseal", str(tmp_path / "run")
    )
    (tmp_path / "site.toml").write_text(text)
    return tmp_path / "site.toml"


def test_without_a_command_it_says_what_there_is() -> None:
    done = wattseal()
    assert done.returncode == 2
    assert {"run", "config", "ledger", "sim"} <= set(done.stdout.split())


def test_an_unknown_command_is_named() -> None:
    done = wattseal("fly")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "wattseal: fly: unknown command")


def test_the_example_site_is_fine(site: Path) -> None:
    done = wattseal("config", "check", "--config", str(site))
    assert done.returncode == 0
    assert "station chu-003" in done.stdout


@pytest.mark.parametrize("command", [("config", "check"), ("run",)])
@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        ("site.toml", "silent_meter_s", "silent_meter", 'did you mean "silent_meter_s"?'),
        ("boards/bench.toml", "baudrate", "baud", 'serial.meter.baud: unknown key, did you mean "baudrate"?'),
        (
            "tariffs/chu_time_of_use.toml",
            "serviceKwh = 0.35",
            "serviceKwh = 0.34",
            "do not add up to priceKwh",
        ),
        ("tariffs/chu_time_of_use.toml", "23:00", "25:00", "25:00"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_nothing_starts(
    site: Path, command: tuple[str, ...], file: str, right: str, wrong: str, told: str
) -> None:
    path = site.parent / file
    path.write_text(path.read_text().replace(right, wrong))
    done = wattseal(*command, "--config", str(site))

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (site.parent / "state").exists()


def test_a_folder_that_cannot_be_made_is_named(site: Path) -> None:
    (site.parent / "state").write_text("a file is in the way")
    done = wattseal("run", "--config", str(site))

    assert done.returncode == 2
    assert str(site.parent / "state") in done.stderr
    assert "Traceback" not in done.stderr
