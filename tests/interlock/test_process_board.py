"""The interlock's process and a board that dies, hangs or bites: all opens, and goes on after."""

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.interlock.process import Agent, Board, Interlock, charger

PLUGGED_IN = {
    "in": {"evse1.contactor_mirror": True, "evse1.lock_feedback": False, "emergency_stop": False},
    "adc": {"evse1.pilot_high": 9_000, "evse1.pilot_low": 9_000},
    "out": ["evse1.contactor", "evse1.lock_forward", "evse1.lock_reverse"],
    "pwm": ["evse1.pilot"],
}


def test_the_board_dies_in_mid_charge_and_comes_back(
    tmp_path: Path, board: Board, interlock: Interlock, charging: Agent
) -> None:
    board.kill()
    status = charging.until_fault("BoardLost")
    assert (status.contactor, status.limit_ma) == (0, 0)
    again = Board(tmp_path)
    again.do("plug_in")
    charging.withdraw()
    charging.until_sound()
    charging.grant()
    charging.until_closed()
    assert interlock.process.poll() is None
    again.kill()


def test_a_board_that_stops_taking_commands_in_mid_step_is_lost_and_nothing_crashes(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "board.sock"))
        listener.listen()
        interlock = Interlock(tmp_path, str(tmp_path / "board.sock"))
        board, _ = listener.accept()
        board.sendall(json.dumps(PLUGGED_IN).encode() + b"\n")
        agent = interlock.agent()
        agent.until(lambda status: chr(status.pilot) == "B")
        board.shutdown(socket.SHUT_RD)
        agent.grant()
        assert agent.until_fault("BoardLost").contactor == 0
        assert interlock.process.poll() is None
        board.close()
    interlock.end()


def test_a_board_that_hangs_keeps_nobody_waiting(board: Board, charging: Agent) -> None:
    """It still takes connections but says nothing: each attempt is given up quickly."""
    board.do("hang_board")
    charging.until_fault("BoardLost")
    for _ in range(10):
        said_s = time.monotonic()
        charging.withdraw()
        charging.until_heard()
        assert time.monotonic() - said_s < 1.0
    board.do("reset_board")
    charging.until_sound()
    charging.grant()
    assert charging.until_closed().faults == 0


def test_a_board_that_starts_anew_is_found_again(board: Board, charging: Agent) -> None:
    board.do("reset_board")
    charging.until_fault("BoardLost")
    charging.withdraw()
    charging.until_sound()
    charging.grant()
    charging.until_closed()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
def test_however_it_ends_the_outputs_are_safe(
    board: Board, interlock: Interlock, charging: Agent, how: signal.Signals
) -> None:
    interlock.process.send_signal(how)
    state = board.until_open()
    assert (state["contactor_closed"], state["duty_e4"]) == (False, 10_000)
    charging.until_hung_up()


def test_halted_it_feeds_no_watchdog_and_the_board_opens(
    board: Board, interlock: Interlock, charging: Agent
) -> None:
    interlock.stop()
    state = board.until_open()
    assert (state["watchdog_bites"], state["duty_e4"]) == (1, 10_000)
    interlock.go_on()
    assert charging.until_fault("BoardLost").contactor == 0
    charging.withdraw()
    charging.until_sound()
    charging.grant()
    charging.until_closed()


def test_halted_it_lets_the_coils_supply_fall_at_once(tmp_path: Path) -> None:
    """A charge pump that lives on the heartbeat does not wait for the watchdog."""
    with charger(tmp_path, "--heartbeat") as (board, interlock, agent):
        board.do("plug_in")
        agent.grant()
        agent.until_closed()
        board.until_closed()
        halted_ns = time.monotonic_ns()
        interlock.stop()
        state = board.until_open()
        assert state["marks"]["contactor_opened"] - halted_ns < 1_000_000_000
        assert state["coils_supplied"] is False


def test_fed_the_watchdog_never_bites(board: Board, charging: Agent) -> None:
    """For longer than its second, and most of that without a word of the agent."""
    begin_s = time.monotonic()
    while time.monotonic() - begin_s < 2.5:
        charging.until(lambda status: status.contactor == 1)
    assert board.do("state")["watchdog_bites"] == 0


def test_told_to_end_it_disarms_the_watchdog(board: Board, interlock: Interlock, charging: Agent) -> None:
    interlock.process.send_signal(signal.SIGTERM)
    assert interlock.process.wait(10) == 0
    assert board.until_open()["watchdog_bites"] == 0
