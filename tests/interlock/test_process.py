"""The interlock's process at a simulated board, over its real sockets."""

import contextlib
import fcntl
import os
import signal
import time
from pathlib import Path

from firmware.interlock.lease import (
    Grant,
    Status,
    Withdraw,
    encode,
)
from tests.interlock.process import Agent, Board, Interlock

RSS_LIMIT_KIB = 16 * 1024


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


def test_a_late_or_doubled_message_changes_nothing(charging: Agent) -> None:
    charging.say(Grant(1, 70, 20_000, 15_000))
    charging.until(lambda status: status.limit_ma == 20_000)
    for late in (Withdraw(1, 69), Withdraw(1, 70), Grant(1, 70, 6_000, 15_000)):
        charging.say(late)
    charging.say(Grant(1, 71, 25_000, 15_000))
    assert charging.until(lambda status: status.limit_ma != 20_000).limit_ma == 25_000


def test_a_status_says_which_word_it_already_knows_of(board: Board, agent: Agent) -> None:
    board.do("plug_in")
    agent.grant(amperes=10)
    agent.grant(amperes=12)
    assert agent.until_heard().limit_ma == 12_000


def test_an_agent_that_floods_it_delays_no_opening(board: Board, charging: Agent) -> None:
    """Some thousand words wait in the socket; the button comes first all the same."""
    charging.say_bytes(b"".join(encode(Grant(1, 100 + n, 16_000, 15_000)) for n in range(4_000)))
    board.do("press_emergency_stop")
    marks = board.until_open()["marks"]
    assert marks["commanded_open"] - marks["estop_pressed"] < 100_000_000


def test_an_agent_that_is_halted_opens_when_its_lease_is_over(board: Board, charging: Agent) -> None:
    """What it would have renewed, it does not: it says no more, and its connection stays open."""
    granted_ns = time.monotonic_ns()
    charging.grant(ms=500)
    state = board.until_open()
    assert state["marks"]["commanded_open"] - granted_ns >= 500_000_000
    assert charging.until_open().limit_ma == 0


def test_words_for_an_evse_that_is_not_there_are_passed_over(charging: Agent) -> None:
    charging.grant(evse=9)
    charging.say(Status(1, 1, 1, 65, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    charging.withdraw()
    charging.until(lambda status: status.limit_ma == 0)


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
