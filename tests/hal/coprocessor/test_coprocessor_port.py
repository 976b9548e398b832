"""The serial port, on ptys: what cannot be opened says why, and nothing waits."""

import contextlib
import os
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.coprocessor.port import SerialPort
from hal.ports import BoardLostError


class Line:
    """A pty with the test at the far end."""

    def __init__(self) -> None:
        self.far, near = os.openpty()
        self.device = os.ttyname(near)
        self.near = near
        os.set_blocking(self.far, False)

    def close(self) -> None:
        for descriptor in (self.far, self.near):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def test_bytes_go_both_ways_as_they_are(line: Line) -> None:
    port = SerialPort(line.device, 115_200)
    every = bytes(range(256))
    port.write(every)
    assert os.read(line.far, 1_000) == every
    os.write(line.far, every)
    assert port.read(1_000) == every
    port.close()


def test_it_is_set_to_8n1_without_flow_control(line: Line) -> None:
    port = SerialPort(line.device, 57_600)
    iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(line.near)
    assert (iflag, oflag, lflag) == (0, 0, 0)
    assert cflag & termios.CSIZE == termios.CS8
    assert not cflag & (termios.PARENB | termios.CSTOPB | termios.CRTSCTS)
    assert ispeed == ospeed == termios.B57600
    port.close()


def test_nothing_to_read_is_nothing(line: Line) -> None:
    port = SerialPort(line.device, 115_200)
    assert port.read(100) == b""
    port.close()


def test_what_waited_before_it_was_opened_is_dropped(line: Line) -> None:
    tty.setraw(line.near)
    os.write(line.far, b"old")
    port = SerialPort(line.device, 115_200)
    assert port.read(100) == b""
    port.close()


def test_a_line_that_is_pulled_out_is_lost(line: Line) -> None:
    port = SerialPort(line.device, 115_200)
    line.close()
    with pytest.raises(BoardLostError, match="has lost its port"):
        port.read(100)
    with pytest.raises(BoardLostError, match="has lost its port"):
        port.write(b"x")
    port.close()


def test_a_port_that_takes_no_more_is_lost_without_waiting(line: Line) -> None:
    port = SerialPort(line.device, 115_200)
    with pytest.raises(BoardLostError, match="does not take what is sent"):
        for _ in range(100):
            port.write(b"x" * 4_096)
    port.close()


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BoardLostError, match=r"ttyX cannot be opened as a serial port: No such file"):
        SerialPort(str(tmp_path / "ttyX"), 115_200)


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BoardLostError, match=r"file cannot be opened as a serial port: Inappropriate ioctl"):
        SerialPort(str(tmp_path / "file"), 115_200)


def test_one_process_at_a_time(line: Line) -> None:
    port = SerialPort(line.device, 115_200)
    with pytest.raises(BoardLostError, match="is in use by another process"):
        SerialPort(line.device, 115_200)
    port.close()
    SerialPort(line.device, 115_200).close()


def test_a_speed_that_no_port_has_is_named_with_those_there_are(line: Line) -> None:
    with pytest.raises(
        ValueError, match=r"12345 baud: a serial port has no such speed; there is 50, .*115200"
    ):
        SerialPort(line.device, 12_345)


def test_a_refused_port_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with contextlib.suppress(BoardLostError):
            SerialPort(str(tmp_path / "file"), 115_200)
    assert len(os.listdir("/proc/self/fd")) == before
