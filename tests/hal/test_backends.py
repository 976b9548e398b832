import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hal.backends import UnknownBackendError, open_board, open_framebuffer

ROOT = Path(__file__).parents[2]
DISPLAY = {"width": 800, "height": 480}


def test_remote_opens_a_board_and_its_display(scripted: Any) -> None:
    board = scripted.greeting(open_board)
    assert board.input("evse1.contactor_mirror").read() is True
    assert open_framebuffer({**scripted.io, "display": DISPLAY}).width == 800


@pytest.mark.parametrize("open_io", [open_board, open_framebuffer])
def test_an_unknown_backend_is_named_with_those_there_are(open_io: Any) -> None:
    with pytest.raises(UnknownBackendError, match='board: unknown backend "dos"; there is remote, linux'):
        open_io({"backend": "dos", "display": DISPLAY})


def test_a_backend_is_loaded_when_a_board_asks_for_it() -> None:
    """The interlock at a remote board carries nothing of Linux's interfaces, and the other way round."""
    look = "import sys, hal.backends; print(*(m for m in sys.modules if m[:9] in ('hal.linux', 'hal.remot')))"
    told = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "\n"
