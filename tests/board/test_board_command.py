"""``wattseal board`` on a real kernel: what it finds, what it shows, and that a charger keeps its board."""

import signal
import time
from typing import Any

import pytest

from tests.board.machine import Machine
from tests.board.test_linux_board import BOARD, ESTOP, TRIGGER

FILE = "/tmp/board.toml"
TOLD = "/tmp/watched"
PATIENCE_S = 60
HELD = {"chip": "gpiochip0", "line": ESTOP, "active_low": True, "bias": "as-is", "debounce_us": 0}


@pytest.fixture
def subprocess(machine: Machine) -> Any:
    """Return the guest's `subprocess`, with the board file in place and its converter sampling."""
    subprocess = machine.module("subprocess")
    assert subprocess.getoutput(TRIGGER) == ""
    machine.module("pathlib").Path(FILE).write_text(BOARD)
    machine.drive(ESTOP, True)
    return subprocess


def run(subprocess: Any, words: str) -> tuple[int, list[str]]:
    """Run ``wattseal board …`` in the guest; return its exit code and its lines."""
    code, said = subprocess.getstatusoutput(f"python3 -m firmware board {words}")
    assert "Traceback" not in said, said
    return code, said.splitlines()


def test_every_part_is_found_and_told(subprocess: Any) -> None:
    code, lines = run(subprocess, f"check {FILE}")
    assert (code, [line for line in lines[1:-1] if not line.startswith("✓")]) == (0, [])
    assert any("watchdog" in line and "not opened: that would arm it" in line for line in lines)
    assert any("display" in line and "800 × 480" in line for line in lines)


def test_what_is_not_there_is_told_with_what_is(machine: Machine, subprocess: Any) -> None:
    wrong = BOARD.replace('"K1_COIL"', '"K2_COIL"').replace('"virtual_thermometer"', '"lm75"')
    machine.module("pathlib").Path(FILE).write_text(wrong)
    code, lines = run(subprocess, f"check {FILE}")
    told = [line for line in lines if line.startswith("✗")]
    assert code == 1
    assert [line.split()[1] for line in told] == [
        'outputs."evse1.contactor"',
        'thermometers."evse1.temperature"',
    ]
    assert "has lines 0 to 7" in told[0]
    assert "'K2_COIL' is none of them" in told[0]
    assert 'there is no "lm75"; there is hwmon0 (virtual_thermometer)' in told[1]
    assert lines[-1].startswith("2 of ")


def test_inputs_are_watched_live(machine: Machine, subprocess: Any) -> None:
    watching = subprocess.Popen(["sh", "-c", f"exec python3 -m firmware board watch {FILE} >{TOLD} 2>&1"])
    try:
        until_told(subprocess, "emergency_stop: inactive, not pressed")
        machine.drive(ESTOP, False)
        until_told(subprocess, "emergency_stop: active, pressed")
    finally:
        machine.drive(ESTOP, True)
        watching.send_signal(int(signal.SIGINT))
    assert watching.wait(PATIENCE_S) == 0
    assert "Traceback" not in subprocess.getoutput(f"cat {TOLD}")


def test_a_line_that_another_process_holds_is_told_and_left_alone(machine: Machine, subprocess: Any) -> None:
    holder = machine.module("hal.linux.gpio").GpioInput("emergency_stop", HELD)
    try:
        code, lines = run(subprocess, f"check {FILE}")
        assert code == 1
        told = [line for line in lines if line.startswith("✗")]
        assert [line.split()[1] for line in told] == ["inputs.emergency_stop"]
        assert 'held by "wattseal:emergency_stop"' in told[0]
        code, lines = run(subprocess, f"watch {FILE}")
        assert code == 1
        assert 'held by "wattseal:emergency_stop"' in lines[0]
        assert "stop the charger first" in lines[0]
    finally:
        holder.close()


def until_told(subprocess: Any, text: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while text not in (said := str(subprocess.getoutput(f"cat {TOLD}"))):
        assert time.monotonic() < until, f"{text!r} is not in {said}"
