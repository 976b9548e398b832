"""What the supervisor does when a process ends: starts it at once, with patience when it keeps ending."""

import sys
from pathlib import Path

import pytest

from firmware.runtime.supervisor import Child


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
