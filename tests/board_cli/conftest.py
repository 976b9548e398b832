"""``wattseal board`` as a person starts it, beside a simulated board."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interlock.process import Board

ROOT = Path(__file__).parents[2]
PARTS = """
[serial.meter]
device = "{tty}"
[evses.1]
residual_current = true
proximity = {{}}
derating = {{}}
"""


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """A simulated board of one EVSE."""
    board = Board(tmp_path)
    try:
        yield board
    finally:
        board.kill()


@pytest.fixture
def file(tmp_path: Path, board: Board) -> Path:
    """The board file of that board."""
    path = tmp_path / "board.toml"
    path.write_text(f'backend = "remote"\naddress = "{board.address}"\n{PARTS.format(tty=tmp_path / "tty")}')
    return path


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "firmware", "board", *map(str, words)]


def run(*words: str | Path) -> tuple[int, str, str]:
    """Run ``wattseal board …``; return its exit code and what it wrote. Nobody ever sees a traceback."""
    done = subprocess.run(command(*words), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr
