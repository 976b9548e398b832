"""``wattseal board watch``: what a person sees on a terminal, and what goes into a pipe."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from hal.remote.board import RemoteBoard
from tests.board_cli.conftest import ROOT, command, run
from tests.interlock.process import Board
from tests.support.terminal import PATIENCE_S, Terminal


@pytest.fixture
def terminal(file: Path) -> Iterator[Terminal]:
    terminal = Terminal(command("watch", file), ROOT)
    try:
        yield terminal
    finally:
        terminal.close()


def test_a_person_sees_every_input_change_in_place(terminal: Terminal, board: Board) -> None:
    first = terminal.until("no vehicle")
    assert "board.toml — inputs only, nothing is driven; q ends" in first
    assert re.search(r"emergency_stop +inactive +not pressed\n", first)
    assert re.search(r"serial\.meter +.*/tty +there", first)
    board.do("press_emergency_stop")
    assert re.search(r"emergency_stop +active +pressed +for \d\.\d s", terminal.until("active  pressed"))
    board.do("plug_in")
    terminal.until("B  9 V: vehicle connected")
    terminal.until("220 Ω: cable for 32 A")


@pytest.mark.parametrize("end", [b"q", b"\x03"])
def test_q_and_control_c_end_it_and_the_last_table_stays(terminal: Terminal, end: bytes) -> None:
    terminal.until("no vehicle")
    terminal.press(end)
    code, left = terminal.end()
    assert code == 0
    assert "evse1.contactor_mirror" in left
    assert "Traceback" not in left


def test_the_terminal_is_as_before_when_it_is_ended_from_outside(terminal: Terminal) -> None:
    terminal.until("no vehicle")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end()[0] == 0


def test_a_lost_board_is_told(terminal: Terminal, board: Board) -> None:
    terminal.until("no vehicle")
    board.kill()
    code, left = terminal.end()
    assert code == 1
    assert "board.toml: board at " in left


def test_into_a_pipe_goes_a_line_for_each_change(file: Path, board: Board) -> None:
    watching = subprocess.Popen(command("watch", file), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    lines = iter(watching.stdout.readline, "")
    try:
        seen = [next(lines) for _ in range(10)]
        assert any(
            re.match(r"20\S+Z evse1\.pilot_high: 12000 mV, A  12 V: no vehicle", line) for line in seen
        )
        board.do("press_emergency_stop")
        assert re.fullmatch(r"20\S+Z emergency_stop: active, pressed\n", next(lines))
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(PATIENCE_S) == 0
        watching.stdout.close()


def test_who_reads_only_the_head_is_no_error(file: Path) -> None:
    first = subprocess.Popen(
        command("watch", "--lines", file),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    assert first.stderr is not None
    assert "door" in first.stdout.readline()
    first.stdout.close()
    first.send_signal(signal.SIGINT)
    assert first.wait(PATIENCE_S) == 0
    assert first.stderr.read() == ""
    first.stderr.close()


def test_watching_a_charge_moves_nothing(file: Path, board: Board) -> None:
    other = RemoteBoard({"address": board.address})
    other.output("evse1.contactor").set(True)
    board.until_closed()
    watching = subprocess.Popen(command("watch", file), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    while "main contacts closed" not in watching.stdout.readline():
        pass
    watching.send_signal(signal.SIGINT)
    watching.communicate()
    board.do("press_emergency_stop")  # said after anything that the watcher might have sent
    board.until(lambda inputs: bool(inputs["emergency_stop"]))
    assert not board.inputs["evse1.contactor_mirror"]
    other.close()


def test_a_board_that_this_machine_has_not_is_told() -> None:
    code, out, err = run("watch", Path(config.__file__).parent / "boards" / "raspberry_pi_4.toml")
    assert (code, out) == (1, "")
    assert err.startswith('raspberry_pi_4.toml: inputs."evse1.contactor_mirror": /dev/gpiochip0 ')
