import socket
from pathlib import Path

import pytest

from hal.ports import BoardLostError
from hal.remote.framebuffer import RemoteFramebuffer

PICTURE = bytes(range(24))  # 4 × 3 pixels


def display_of(tmp_path: Path) -> RemoteFramebuffer:
    return RemoteFramebuffer({"address": str(tmp_path / "board.sock"), "display": {"width": 4, "height": 3}})


def listener(tmp_path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "board.sock.fb"))
    server.listen()
    return server


def test_a_picture_goes_out_with_its_size(tmp_path: Path) -> None:
    with listener(tmp_path) as server:
        display = display_of(tmp_path)
        display.show(PICTURE)
        connection, _ = server.accept()
        assert connection.recv(1000) == b"\x00\x04\x00\x03" + PICTURE
        connection.close()
        display.close()


def test_a_picture_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a picture of 23 bytes, 4 × 3 has 24"):
        display_of(tmp_path).show(PICTURE[:-1])


def test_a_display_that_is_gone_is_told_and_shows_again_when_it_is_back(tmp_path: Path) -> None:
    display = display_of(tmp_path)
    with pytest.raises(BoardLostError, match=r"display at .*board\.sock\.fb does not answer"):
        display.show(PICTURE)
    with listener(tmp_path) as server:
        display.show(PICTURE)
        connection, _ = server.accept()
        assert len(connection.recv(1000)) == 28
        connection.close()
        display.close()
