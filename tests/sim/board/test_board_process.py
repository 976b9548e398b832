"""``python -m sim.board`` as the bench starts it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hal.ports import BoardLostError
from hal.remote.board import RemoteBoard

ROOT = Path(__file__).parents[3]


def started(tmp_path: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sim.board", "--address", str(tmp_path / "board.sock")]
    command += ["--tty", str(tmp_path / "tty"), "--rate", "60", *more]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize("how", ["SIGTERM", "stdin closed"])
def test_it_says_ready_and_ends_when_told(tmp_path: Path, how: str) -> None:
    board = started(tmp_path)
    assert board.stdout is not None
    assert board.stdout.readline() == "ready\n"
    station = RemoteBoard({"address": str(tmp_path / "board.sock")})
    assert station.adc("evse1.pilot_high").read_mv() == 12_000
    assert (tmp_path / "tty").is_symlink()
    if how == "SIGTERM":
        board.send_signal(signal.SIGTERM)
    _, complaints = board.communicate(timeout=10)
    assert (board.returncode, complaints) == (0, "")
    with pytest.raises(BoardLostError):
        station.refresh()


def test_a_load_that_is_none_is_told_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("seconds,watts\n0,much\n")
    _, complaints = started(tmp_path, "--load", str(tmp_path / "load.csv")).communicate(timeout=10)
    assert complaints == f'board: --load: {tmp_path}/load.csv:2: watts: "much" is no number\n'
    assert not (tmp_path / "board.sock").exists()


def test_a_meter_map_that_is_none_is_told_and_nothing_starts(tmp_path: Path) -> None:
    _, complaints = started(tmp_path, "--meter", "sdm").communicate(timeout=10)
    assert complaints.startswith("board: --meter sdm: no such meter map; there are abb_b23, ")
    assert not (tmp_path / "board.sock").exists()
