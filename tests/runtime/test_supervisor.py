"""What the supervisor does when a process ends: starts it at once, with patience when it keeps ending."""

import select
import socket
import sys
import time
from pathlib import Path

import pytest

from firmware.runtime.life_watch import LOOK_EVERY_S, START_WITHIN_S, WITHIN_S, LifeWatch
from firmware.runtime.supervisor import Child

LIVES_A_MOMENT = """
import os, signal, socket
signs = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
signs.sendto(b"WATCHDOG=1", os.environ["NOTIFY_SOCKET"])
signal.pause()
"""


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child("interlock", [sys.executable, "-c", ""], tmp_path)


def ended(child: Child) -> int:
    """Wait until the child's process has ended; return which it was."""
    assert child.process is not None
    child.process.wait(20)
    return child.process.pid


def test_a_process_that_ends_is_started_again_at_once(child: Child, tmp_path: Path) -> None:
    child.keep_running()
    first = ended(child)
    child.keep_running()
    assert child.process is not None
    assert child.process.pid != first
    assert int((tmp_path / "interlock.pid").read_text()) == child.process.pid
    child.end()


def test_one_that_stops_giving_signs_of_life_is_killed_and_started_again(tmp_path: Path) -> None:
    watch = LifeWatch(tmp_path / "supervisor.sock")
    child = Child("interlock", [sys.executable, "-c", LIVES_A_MOMENT], tmp_path, watch)
    child.keep_running()
    assert child.process is not None
    first = child.process.pid
    deadline_s = time.monotonic() + 20
    while child.process is None or child.process.pid == first:
        assert time.monotonic() < deadline_s
        select.select([], [], [], child.keep_running())
    assert int((tmp_path / "interlock.pid").read_text()) == child.process.pid != first
    child.end()


def test_silence_counts_only_while_somebody_listens(tmp_path: Path) -> None:
    """A machine that was suspended, or a supervisor that was stopped too, finds no child that hangs."""
    watch = LifeWatch(tmp_path / "supervisor.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as signs:
        signs.sendto(b"WATCHDOG=1", watch.environment["NOTIFY_SOCKET"])
    looks_s = [0.0, LOOK_EVERY_S, 3_600.0]
    assert [watch.hangs(now_s) for now_s in looks_s] == [False] * 3
    assert watch.hangs(3_600 + WITHIN_S)
    watch.close()


def test_a_slow_start_is_no_silence(tmp_path: Path) -> None:
    watch = LifeWatch(tmp_path / "supervisor.sock")
    watch.begin()
    looks_s = [index * LOOK_EVERY_S for index in range(200)]
    first_s = next(now_s for now_s in looks_s if watch.hangs(now_s))
    assert first_s > START_WITHIN_S
    watch.close()


def test_one_that_keeps_ending_waits_longer_each_time(child: Child) -> None:
    child.keep_running()
    waits_s = []
    while len(waits_s) < 2:
        if child.process is not None:
            ended(child)
        wait_s = child.keep_running()
        if child.process is None and (not waits_s or wait_s > max(waits_s)):
            waits_s.append(wait_s)
    assert 0.05 < waits_s[0] < 0.15 < waits_s[1] < 0.25
    child.end()
