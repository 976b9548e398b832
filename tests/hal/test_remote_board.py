import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hal.ports import BoardLostError
from hal.remote.board import HELLO_WITHIN_MS, SIGN_OF_LIFE_MS, RemoteBoard

ROOT = Path(__file__).parents[2]


def opened(scripted: Any, clock: Any = None, portion: int = 65_536) -> RemoteBoard:
    board: RemoteBoard = scripted.greeting(lambda io: RemoteBoard(io, clock), portion)
    return board


@pytest.mark.parametrize("portion", [1, 65_536])
def test_the_first_message_declares_ports_and_values(scripted: Any, portion: int) -> None:
    board = opened(scripted, portion=portion)
    assert board.input("evse1.contactor_mirror").read() is True
    assert board.adc("evse1.pilot_high").read_mv() == 12_000


def test_a_change_is_seen_after_refresh(scripted: Any) -> None:
    board = opened(scripted)
    pilot = board.adc("evse1.pilot_high")
    scripted.say({"adc": {"evse1.pilot_high": 6000}})
    board.refresh()
    assert pilot.read_mv() == 6000


def test_an_unknown_name_is_an_error_that_lists_the_known(scripted: Any) -> None:
    board = opened(scripted)
    with pytest.raises(KeyError, match=r"no output .*evse2\.contactor.*it has evse1\.contactor"):
        board.output("evse2.contactor")
    for open_port in (board.input, board.pwm, board.adc, board.thermometer):
        with pytest.raises(KeyError):
            open_port("nonsense")


def test_close_sets_every_output_safe(scripted: Any) -> None:
    board = opened(scripted)
    board.output("evse1.contactor").set(True)
    board.pwm("evse1.pilot").set_duty(5333)
    board.pwm("evse2.contactor").set_duty(4000)
    board.close()
    assert scripted.heard()[3:] == [
        {"out": "evse1.contactor", "value": False},
        {"pwm": "evse1.pilot", "duty_e4": 10_000},
        {"pwm": "evse2.contactor", "duty_e4": 0},
    ]


def test_who_only_looks_on_drives_nothing_when_it_leaves(scripted: Any) -> None:
    board = opened(scripted)
    board.output("evse1.contactor")
    board.refresh()
    board.close()
    assert scripted.heard() == []


def test_its_names_are_listed_by_kind(scripted: Any) -> None:
    assert opened(scripted).names() == {
        "output": ("evse1.contactor",),
        "input": ("evse1.contactor_mirror",),
        "pwm": ("evse1.pilot", "evse2.contactor"),
        "adc": ("evse1.pilot_high",),
        "thermometer": ("evse1.temperature",),
    }


def test_a_thermometer_that_fails_is_lost_alone(scripted: Any) -> None:
    board = opened(scripted)
    thermometer = board.thermometer("evse1.temperature")
    assert thermometer.read_mc() == 25_000
    scripted.say({"temp": {"evse1.temperature": None}})
    board.refresh()
    with pytest.raises(BoardLostError, match=r"evse1\.temperature does not answer"):
        thermometer.read_mc()
    scripted.say({"temp": {"evse1.temperature": -3_500}})
    board.refresh()
    assert thermometer.read_mc() == -3_500


def test_the_watchdog_is_armed_fed_and_disarmed(scripted: Any) -> None:
    scripted.io["watchdog"] = {"device": "/dev/watchdog", "timeout_s": 2}
    board = opened(scripted)
    watchdog = board.watchdog()
    assert watchdog is not None
    assert watchdog.timeout_ms == 2_000
    watchdog.feed()
    watchdog.close()
    board.close()
    assert scripted.heard()[:3] == [{"watchdog_ms": 2_000}, {"feed": True}, {"watchdog_ms": 0}]
    watchdog.close()


@pytest.mark.parametrize("io", [{}, {"watchdog": None}])
def test_without_a_watchdog_in_the_board_file_none_is_armed(scripted: Any, io: dict[str, None]) -> None:
    scripted.io |= io
    assert opened(scripted).watchdog() is None


def test_a_closed_board_is_of_no_use(scripted: Any) -> None:
    board = opened(scripted)
    contactor = board.output("evse1.contactor")
    board.close()
    board.close()
    with pytest.raises(BoardLostError, match="is closed"):
        contactor.set(True)


def test_a_duty_out_of_range_is_refused(scripted: Any) -> None:
    with pytest.raises(ValueError, match="10001/10000 is outside 0 to 10000"):
        opened(scripted).pwm("evse1.pilot").set_duty(10_001)


def test_the_end_of_the_connection_is_a_lost_board_on_every_access(scripted: Any) -> None:
    board = opened(scripted)
    ports = board.output("evse1.contactor"), board.input("evse1.contactor_mirror")
    scripted.hang_up()
    with pytest.raises(BoardLostError, match="closed the connection"):
        board.refresh()
    with pytest.raises(BoardLostError):
        ports[0].set(False)
    with pytest.raises(BoardLostError):
        ports[1].read()
    with pytest.raises(BoardLostError):
        board.pwm("evse1.pilot").set_duty(10_000)


def test_half_a_second_without_a_sign_of_life_is_a_lost_board(scripted: Any, hand_clock: Any) -> None:
    board = opened(scripted, hand_clock)
    mirror = board.input("evse1.contactor_mirror")
    hand_clock.ms += SIGN_OF_LIFE_MS
    assert mirror.read() is True
    hand_clock.ms += 1
    with pytest.raises(BoardLostError, match="no sign of life for 500 ms"):
        mirror.read()
    scripted.say({})
    with pytest.raises(BoardLostError):
        board.refresh()


def test_a_sign_of_life_keeps_the_board(scripted: Any, hand_clock: Any) -> None:
    board = opened(scripted, hand_clock)
    mirror = board.input("evse1.contactor_mirror")
    for _ in range(3):
        scripted.say({})
        hand_clock.ms += SIGN_OF_LIFE_MS + 100  # the reader was busy; the sign waits in the socket
        assert mirror.read() is True


def test_a_command_to_a_silent_board_is_refused(scripted: Any, hand_clock: Any) -> None:
    board = opened(scripted, hand_clock)
    hand_clock.ms += SIGN_OF_LIFE_MS + 1
    with pytest.raises(BoardLostError):
        board.output("evse1.contactor").set(True)


@pytest.mark.parametrize("junk", [b"nonsense\n", b"[1]\n", b'{"in": 3}\n', b"x" * 200_000])
def test_a_board_that_talks_junk_is_lost(scripted: Any, junk: bytes) -> None:
    board = opened(scripted)
    scripted.say_bytes(junk)
    with pytest.raises(BoardLostError, match=r"sent a line"):
        board.refresh()


def test_nobody_at_the_address_is_a_lost_board(tmp_path: Path) -> None:
    with pytest.raises(BoardLostError, match=r"nobody\.sock does not answer: No such file"):
        RemoteBoard({"address": str(tmp_path / "nobody.sock")})


def test_a_board_that_hangs_up_before_its_greeting_is_lost(scripted: Any) -> None:
    scripted.hello = b""
    with pytest.raises(BoardLostError, match="closed the connection"):
        opened(scripted)


def test_a_board_that_hangs_is_given_up_quickly(scripted: Any) -> None:
    """The kernel takes the connection, nobody greets."""
    begin_s = time.monotonic()
    with pytest.raises(BoardLostError, match="did not declare its ports within 200 ms"):
        RemoteBoard(scripted.io)
    assert HELLO_WITHIN_MS / 1000 <= time.monotonic() - begin_s < 1


def test_a_board_whose_queue_is_full_keeps_nobody_waiting(tmp_path: Path) -> None:
    address = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(address)
        listener.listen(0)
        first.connect(address)
        begin_s = time.monotonic()
        with pytest.raises(BoardLostError, match="does not answer"):
            RemoteBoard({"address": address})
        assert time.monotonic() - begin_s < 1


def test_it_is_light_enough_for_the_interlock() -> None:
    """No asyncio and no third-party import; well below the interlock's 16 MiB."""
    look = (
        "import sys, hal.remote.board; "
        "print(*(m for m in ('asyncio', 'msgspec', 'serial') if m in sys.modules)); "
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')))"
    )
    told = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    modules, rss_kib = told.stdout.splitlines()
    assert not modules
    assert int(rss_kib) < 14 * 1024
