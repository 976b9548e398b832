"""``python -m sim.coprocessor``: its line, its control socket, its end."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.coprocessor import wire

ROOT = Path(__file__).parents[3]


class Process:
    def __init__(self, place: Path, *line: str) -> None:
        self.place = place
        command = [sys.executable, "-m", "sim.coprocessor", "--control", str(place / "control.sock"), *line]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)

    def ready(self) -> "Process":
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        return self

    def ask(self, line: str) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as hands:
            hands.connect(str(self.place / "control.sock"))
            hands.sendall(line.encode() + b"\n")
            reply: dict[str, Any] = json.loads(hands.makefile().readline())
            return reply


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path, "--tty", str(tmp_path / "tty"), "--evses", "2").ready()
    yield process
    process.process.terminate()
    process.process.communicate(timeout=10)


def heard(descriptor: int, ms: float) -> tuple[int, list[wire.Content]]:
    """Listen for a time; return how many bytes came and what they say."""
    receiver, count, contents = wire.Receiver(), 0, []
    until_s = time.monotonic() + ms / 1_000
    while (left_s := until_s - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left_s)[0]:
            data = os.read(descriptor, 4_096)
            count += len(data)
            contents += receiver.take_all(data)
    return count, contents


def test_it_talks_at_its_pace_on_the_line(process: Process) -> None:
    line = os.open(process.place / "tty", os.O_RDWR | os.O_NOCTTY)
    heard(line, 50)
    count, contents = heard(line, 1_000)
    assert {body[0] for _, _, body in contents} == {0, 1}
    assert 0.9 * 3_600 < count < 1.05 * 3_600  # the document: 1800 bytes a second for one pilot
    os.close(line)


def test_it_ends_when_told_and_takes_its_link_away(tmp_path: Path) -> None:
    process = Process(tmp_path, "--tty", str(tmp_path / "tty")).ready()
    process.process.send_signal(signal.SIGTERM)
    _, complaints = process.process.communicate(timeout=10)
    assert (process.process.returncode, complaints) == (0, "")
    assert not (tmp_path / "tty").is_symlink()


def test_it_talks_on_a_port_that_is_already_there(tmp_path: Path) -> None:
    far, near = os.openpty()
    process = Process(tmp_path, "--device", os.ttyname(near)).ready()
    _, contents = heard(far, 200)
    assert wire.MEASURED in {kind for kind, _, _ in contents}
    os.write(far, wire.frame(wire.BEGIN, 9, b"\x01"))
    _, contents = heard(far, 200)
    assert [body[4] for kind, _, body in contents if kind == wire.HELLO] == [9]
    process.process.terminate()
    process.process.communicate(timeout=10)


def test_a_port_that_is_not_there_is_told(tmp_path: Path) -> None:
    _, complaints = Process(tmp_path, "--device", str(tmp_path / "none")).process.communicate(timeout=10)
    assert complaints == f"coprocessor: {tmp_path}/none: No such file or directory\n"


def test_a_vehicle_is_put_there_by_hand(process: Process) -> None:
    reply = process.ask('{"do": "pilot", "pilot": 1, "state": "C"}')
    assert reply["ok"]
    assert reply["state"]["state"] == "C"


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ('{"do": "dance"}', "do: there is no 'dance'; there is state, pilot, diode"),
        ('{"do": "state", "pilot": 2}', "pilot: there is no 2; there is 0, 1"),
        ('{"do": "pilot", "state": "Z"}', "state: there is no 'Z'; there is A, B, C, D, E"),
        ('{"do": "proximity", "mv": -1}', "mv: -1 is no whole number from 0 to 65535"),
        ('{"do": "fault", "name": "silent", "value": 3}', "value: 3 is neither true nor false"),
        ('{"do": "line", "damage": {}}', "damage: there is no {}"),
        ("[1]", "a request is an object"),
        ("nonsense", "Expecting value"),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_told(
    process: Process, request_line: str, complaint: str
) -> None:
    reply = process.ask(request_line)
    assert not reply["ok"]
    assert reply["error"].startswith(complaint)
