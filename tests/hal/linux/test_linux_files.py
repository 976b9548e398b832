"""`hal.linux.files`: errors name the file; nothing is made that is not there."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.linux.files import device_by, read_number, write_text
from hal.ports import BoardLostError
from tests.contract.linux_tree import plant

ROOT = Path(__file__).parents[3]


@pytest.fixture
def ours() -> Iterator[Path]:
    """A file of ours alone, in a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    file = folder / "duty_cycle"
    file.touch(0o400)
    yield file
    shutil.rmtree(folder)


def test_a_file_that_we_may_not_write_is_told_with_the_reason(ours: Path) -> None:
    code = "import os, sys; from pathlib import Path; from hal.linux.files import write_text; "
    code += "os.getuid() or os.setuid(65534); write_text(Path(sys.argv[1]), '1')"
    done = subprocess.run([sys.executable, "-c", code, str(ours)], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].endswith(f"BoardLostError: {ours}: Permission denied")


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BoardLostError, match="brightness: No such file"):
        write_text(tmp_path / "brightness", "1")
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_no_number(tmp_path: Path) -> None:
    plant(tmp_path, {"period": "soon"})
    with pytest.raises(BoardLostError, match='period: "soon" is no whole number'):
        read_number(tmp_path / "period")


@pytest.mark.parametrize("wanted", [10, "10", "hwmon10", "lm75"])
def test_a_device_has_a_number_and_a_name(tmp_path: Path, wanted: int | str) -> None:
    plant(tmp_path, {"hwmon1/name": "cpu", "hwmon10/name": "lm75", "hwmonitor/name": "lm75"})
    assert device_by(tmp_path, "hwmon", wanted, "name") == tmp_path / "hwmon10"


def test_without_any_device_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(BoardLostError, match='there is no "lm75"; there is none'):
        device_by(tmp_path, "hwmon", "lm75", "name")
