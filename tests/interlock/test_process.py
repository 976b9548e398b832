"""The interlock's process at a simulated board, over its real sockets."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.interlock.lease import Status
from tests.interlock.process import Agent, Board, Interlock, start

RSS_LIMIT_KIB = 16 * 1024
PLUGGED_IN = {
    "in": {"evse1.contactor_mirror": True, "evse1.lock_feedback": False, "emergency_stop": False},
    "adc": {"evse1.pilot_high": 9_000, "evse1.pilot_low": 9_000},
    "out": ["evse1.contactor", "evse1.lock_forward", "evse1.lock_reverse"],
    "pwm": ["evse1.pilot"],
}


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path)
    yield board
    board.kill()


@pytest.fixture
def interlock(tmp_path: Path, board: Board) -> Iterator[Interlock]:
    interlock = Interlock(tmp_path, board.address)
    interlock.until("interlock.started")
    yield interlock
    interlock.end()


@pytest.fixture
def agent(interlock: Interlock) -> Agent:
    return interlock.agent()


@pytest.fixture
def charging(board: Board, agent: Agent) -> Agent:
    """The agent of a charge under way, with 15 s of lease left."""
    board.do("plug_in")
    agent.grant()
    agent.until_closed()
    board.until_closed()
    return agent


def test_plugged_in_and_permitted_the_vehicle_charges(board: Board, agent: Agent) -> None:
    board.do("plug_in")
    agent.grant(amperes=16)
    status = agent.until_closed()
    state = board.until_closed()
    assert (chr(status.pilot), status.lock, status.limit_ma, status.faults) == ("C", 1, 16_000, 0)
    assert (state["contactor_closed"], state["lock"], state["duty_e4"]) == (True, "locked", 2_666)


def test_the_agent_is_gone_charging_goes_on_until_its_lease_runs_out(board: Board, charging: Agent) -> None:
    granted_ns = time.monotonic_ns()
    charging.grant(ms=1_000)
    charging.leave()
    state = board.until_open()
    assert state["marks"]["commanded_open"] - granted_ns >= 1_000_000_000
    assert state["duty_e4"] == 10_000


def test_a_new_agent_takes_the_charge_up_again(board: Board, interlock: Interlock, charging: Agent) -> None:
    charging.leave()
    successor = interlock.agent()
    status = successor.until(lambda _status: True)
    assert (status.contactor, status.lease_left_ms > 10_000) == (1, True)
    successor.withdraw()
    successor.until_open()
    assert not board.until_open()["contactor_closed"]


def test_the_emergency_stop_opens_and_says_so(board: Board, charging: Agent) -> None:
    board.do("press_emergency_stop")
    status = charging.until_fault("EmergencyStop")
    assert status.limit_ma == 0
    assert board.until_open()["duty_e4"] == 10_000
    charging.grant()
    board.do("release_emergency_stop")
    charging.grant()
    charging.withdraw()
    assert charging.until_sound().limit_ma == 0
    charging.grant()
    charging.until_closed()


def test_the_plug_is_pulled_and_it_opens(board: Board, charging: Agent) -> None:
    board.do("unplug")
    status = charging.until(lambda status: chr(status.pilot) == "A" and not status.contactor)
    state = board.until_open()
    assert not state["contactor_closed"]
    assert status.opened_at_ms * 1_000_000 >= state["marks"]["unplugged"]


def test_the_lock_is_released_only_when_the_contacts_are_open(board: Board, charging: Agent) -> None:
    charging.release()
    charging.withdraw()
    charging.until(lambda status: status.lock == 0)
    marks = board.do("state")["marks"]
    assert marks["lock_released"] > marks["contactor_opened"]


def test_told_to_end_it_opens_first_and_leaves_in_good_order(
    board: Board, interlock: Interlock, charging: Agent
) -> None:
    interlock.process.send_signal(signal.SIGTERM)
    _, rest = interlock.process.communicate(timeout=10)
    assert (interlock.process.returncode, b"Traceback" in rest) == (0, False)
    assert board.until_open()["duty_e4"] == 10_000
    assert not Path(interlock.socket).exists()


def test_killed_it_leaves_the_outputs_safe(board: Board, interlock: Interlock, charging: Agent) -> None:
    interlock.process.kill()
    state = board.until_open()
    assert (state["contactor_closed"], state["duty_e4"]) == (False, 10_000)


def test_started_again_after_a_kill_it_finds_no_fault(
    tmp_path: Path, board: Board, interlock: Interlock, charging: Agent
) -> None:
    interlock.end()
    again = Interlock(tmp_path, board.address)
    again.until("interlock.started")
    successor = again.agent()
    successor.grant()
    status = successor.until_closed()
    again.end()
    assert status.faults == 0


def test_senseless_bytes_cost_the_agent_its_connection_and_nothing_else(
    board: Board, interlock: Interlock, charging: Agent
) -> None:
    charging.say_bytes(b"\xff\xff\xff\xff")
    charging.until_hung_up()
    assert board.do("state")["contactor_closed"]
    assert interlock.agent().until(lambda _status: True).contactor == 1


def test_words_for_an_evse_that_is_not_there_are_passed_over(charging: Agent) -> None:
    charging.grant(evse=9)
    charging.say(Status(1, 1, 65, 1, 1, 0, 0, 0, 0, 0))
    charging.withdraw()
    charging.until(lambda status: status.limit_ma == 0)


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


def test_a_log_that_nobody_reads_keeps_no_contactor_closed(
    board: Board, interlock: Interlock, charging: Agent
) -> None:
    stderr = interlock.process.stderr
    assert stderr is not None
    fill(f"/proc/{interlock.process.pid}/fd/2")
    board.do("press_emergency_stop")
    charging.until_fault("EmergencyStop")
    board.do("release_emergency_stop")
    charging.withdraw()
    charging.until_sound()
    charging.grant()
    charging.until_closed()
    board.do("press_emergency_stop")
    charging.until_fault("EmergencyStop")
    assert not board.until_open()["contactor_closed"]


def fill(pipe: str) -> None:
    """Write to a pipe until it takes no more."""
    end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
    for portion in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(end, b"x" * portion)
    os.close(end)


def test_it_needs_no_more_than_16_mib_while_charging(interlock: Interlock, charging: Agent) -> None:
    charging.grant()
    charging.until(lambda status: status.limit_ma == 16_000)
    status = Path(f"/proc/{interlock.process.pid}/status").read_text()
    rss_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    assert rss_kib <= RSS_LIMIT_KIB


# settings


def settings(tmp_path: Path, **changed: Any) -> str:
    table: dict[str, Any] = {
        "socket": str(tmp_path / "interlock.sock"),
        "board": {"backend": "remote", "address": str(tmp_path / "board.sock")},
        "evses": [{"id": 1, "max_current_ma": 32_000}],
    }
    return json.dumps(table | changed)


def complaint(*arguments: str) -> tuple[int, str]:
    process = start(*arguments)
    _, said = process.communicate(timeout=10)
    return process.returncode, said.decode()


def test_without_settings_it_says_how_it_is_started() -> None:
    assert complaint() == (2, "usage: python -m firmware.interlock SETTINGS_JSON\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"evses": []}, "settings: evses: empty, at least one is needed"),
        ({"evses": 3}, "settings: evses: 3 is no list"),
        ({"evses": [7]}, "settings: evses: 7 is no object"),
        ({"evses": [{"id": 1}]}, "settings: evses: max_current_ma: missing"),
        ({"evses": [{"id": 256, "max_current_ma": 6_000}]}, "settings: evses: id: 256 is outside 1 to 255"),
        ({"evses": [{"id": True, "max_current_ma": 6_000}]}, "settings: evses: id: True is no integer"),
        ({"evses": [{"id": 1, "max_current_ma": -1}]}, "max_current_ma: -1 is outside 6000 to 80000"),
        ({"evses": [{"id": 1, "max_current_ma": 6_000}] * 2}, "settings: evses: id 1 is there twice"),
        ({"board": {"backend": "remote"}}, "settings: board: address: missing"),
        ({"board": {"backend": "sysfs", "address": "x"}}, 'board: unknown backend "sysfs"; there is remote'),
        ({"socket": "/nowhere/at/all.sock"}, "settings: socket: /nowhere/at/all.sock: No such file"),
        ({"socket": "/tmp/" + "x" * 200}, "settings: socket: /tmp/xxx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_are_wrong_start_nothing_and_are_told_in_one_line(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    code, text = complaint(settings(tmp_path, **changed))
    (line,) = [line for line in text.splitlines() if not line.startswith("{")]
    assert (code, line.startswith("interlock: settings: "), said in line) == (2, True, True), text


def test_settings_that_are_no_json_are_told_too() -> None:
    code, text = complaint("{")
    assert (code, text.startswith("interlock: settings: no JSON: "), text.count("\n")) == (2, True, 1)


def test_an_evse_that_the_board_does_not_have_is_told_in_one_line(tmp_path: Path, board: Board) -> None:
    code, text = complaint(settings(tmp_path, evses=[{"id": 2, "max_current_ma": 32_000}]))
    (line,) = [line for line in text.splitlines() if not line.startswith("{")]
    assert code == 2
    assert line.startswith('interlock: settings: evses: the board has no output "evse2.contactor"; it has ')


def test_two_interlocks_never_drive_one_board(tmp_path: Path, interlock: Interlock, charging: Agent) -> None:
    code, text = complaint(settings(tmp_path))
    where = f"interlock: settings: socket: {tmp_path}/interlock.sock"
    assert (code, text) == (2, f"{where}: another interlock is running there\n")
    charging.grant()
    charging.until(lambda status: status.lease_left_ms > 14_000)
