from typing import Any

import pytest

from hal.backends import UnknownBackendError, open_board, open_framebuffer


def test_remote_opens_a_board_and_its_display(scripted: Any) -> None:
    board = scripted.greeting(lambda address: open_board("remote", address))
    assert board.input("evse1.contactor_mirror").read() is True
    assert open_framebuffer("remote", scripted.address, 800, 480).width == 800


def test_an_unknown_backend_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownBackendError, match='board: unknown backend "linux"; there is remote'):
        open_board("linux", "/dev/null")
    with pytest.raises(UnknownBackendError):
        open_framebuffer("linux", "/dev/null", 1, 1)
