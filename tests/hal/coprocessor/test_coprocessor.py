"""The host at a simulated coprocessor: another process, another codec, a real pty between them."""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hal.coprocessor.coprocessor import HELLO_MS, PilotCoprocessor
from hal.coprocessor.dialogue import HOLD_MS
from hal.ports import BoardLostError
from tests.hal.coprocessor.conftest import ROOT, Table, work


@contextlib.contextmanager
def opened(table: Table, baudrate: int = 115_200) -> Iterator[PilotCoprocessor]:
    with contextlib.closing(PilotCoprocessor(table.tty, baudrate)) as coprocessor:
        yield coprocessor


def forever() -> bool:
    return False


def test_it_says_what_it_is_and_how_it_is(table: Table) -> None:
    table.do("pilot", state="B")
    table.do("proximity", mv=1_234)
    with opened(table) as coprocessor:
        assert (coprocessor.firmware, coprocessor.pilots) == ("wattseal-sim", 1)
        assert coprocessor.has_proximity
        work(coprocessor, lambda: coprocessor.peaks_mv() == (9_000, 9_000))
        assert coprocessor.proximity_mv() == 1_234


def test_a_charge_from_plug_in_to_unplugging(table: Table) -> None:
    with opened(table) as coprocessor:
        table.do("pilot", state="B")
        work(coprocessor, lambda: coprocessor.peaks_mv() == (9_000, 9_000))
        coprocessor.set_duty(2_667)
        work(coprocessor, lambda: coprocessor.peaks_mv() == (9_000, -12_000))
        table.do("pilot", state="C")
        work(coprocessor, lambda: coprocessor.peaks_mv() == (6_000, -12_000))
        assert table.do("state")["duty_e4"] == 2_667
        table.do("diode", value=False)
        work(coprocessor, lambda: coprocessor.peaks_mv() == (6_000, -6_000))
        coprocessor.set_duty(10_000)
        table.do("pilot", state="A")
        work(coprocessor, lambda: coprocessor.peaks_mv() == (12_000, 12_000))
        coprocessor.set_duty(0)
        work(coprocessor, lambda: coprocessor.peaks_mv() == (-12_000, -12_000))


def test_leaving_c_is_known_in_good_time_for_the_standard(table: Table) -> None:
    """IEC 61851-1, Table A.6: 100 ms to the open contactor. docs/PILOT_COPROCESSOR.md has the figures."""
    late_ms = []
    with opened(table) as coprocessor:
        coprocessor.set_duty(2_667)
        for _ in range(20):
            table.do("pilot", state="C")
            work(coprocessor, lambda: coprocessor.peaks_mv() == (6_000, -12_000))
            table.do("pilot", state="B")
            work(coprocessor, lambda: coprocessor.peaks_mv()[0] == 9_000)
            late_ms.append((time.monotonic_ns() - table.do("state")["changed_ns"]) / 1e6)
    assert sorted(late_ms)[10] < 20
    assert max(late_ms) < 100


def test_pilots_are_apart_from_each_other(wide_table: Table) -> None:
    with opened(wide_table) as coprocessor:
        assert coprocessor.pilots == 4
        for pilot, state in enumerate("ABCD"):
            wide_table.do("pilot", pilot=pilot, state=state)
            coprocessor.set_duty(2_000 + pilot, pilot)
        highs = [12_000, 9_000, 6_000, 3_000]
        work(coprocessor, lambda: [coprocessor.peaks_mv(pilot)[0] for pilot in range(4)] == highs)
        work(coprocessor, lambda: wide_table.do("state", pilot=3)["duty_e4"] == 2_003)
        assert [wide_table.do("state", pilot=pilot)["duty_e4"] for pilot in range(3)] == [2_000, 2_001, 2_002]


def test_a_duty_is_held_for_longer_than_its_hold(table: Table) -> None:
    with opened(table) as coprocessor:
        coprocessor.set_duty(2_667)
        work(coprocessor, lambda: table.do("state")["duty_e4"] == 2_667)
        until_s = time.monotonic() + 2 * HOLD_MS / 1_000
        work(coprocessor, lambda: time.monotonic() > until_s)
        assert table.do("state")["duty_e4"] == 2_667


def test_a_host_that_hangs_offers_nothing_after_its_hold(table: Table) -> None:
    with opened(table) as coprocessor:
        coprocessor.set_duty(2_667)
        work(coprocessor, lambda: table.do("state")["duty_e4"] == 2_667)
        assert table.until(lambda state: state["duty_e4"] == 10_000) < HOLD_MS / 1_000 + 0.2
        work(coprocessor, lambda: table.do("state")["duty_e4"] == 2_667)  # it works again


def test_a_host_that_is_killed_offers_nothing_after_its_hold(table: Table) -> None:
    script = (
        "import sys, time; from hal.coprocessor.coprocessor import PilotCoprocessor\n"
        "coprocessor = PilotCoprocessor(sys.argv[1]); coprocessor.set_duty(2667); print('set', flush=True)\n"
        "while True: time.sleep(0.01); coprocessor.refresh()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, table.tty], cwd=ROOT, stdout=subprocess.PIPE
    ) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"set\n"
        table.until(lambda state: state["duty_e4"] == 2_667)
        host.kill()
        assert table.until(lambda state: state["duty_e4"] == 10_000) < HOLD_MS / 1_000 + 0.2


def test_close_is_steady_12_v_at_once(table: Table) -> None:
    with opened(table) as coprocessor:
        coprocessor.set_duty(2_667)
        work(coprocessor, lambda: table.do("state")["duty_e4"] == 2_667)
        coprocessor.close()
        assert table.until(lambda state: state["duty_e4"] == 10_000) < HOLD_MS / 1_000 - 0.15
        coprocessor.close()
        assert coprocessor.fileno() == -1
        with pytest.raises(BoardLostError, match="is closed"):
            coprocessor.set_duty(2_667)


def test_a_new_host_finds_steady_12_v_and_no_old_measurement(table: Table) -> None:
    with opened(table) as coprocessor:
        coprocessor.set_duty(2_667)
        table.do("pilot", state="C")
        work(coprocessor, lambda: coprocessor.peaks_mv() == (6_000, -12_000))
    table.do("pilot", state="A")
    with opened(table) as coprocessor:
        assert coprocessor.peaks_mv() == (12_000, 12_000)
        assert table.do("state")["duty_e4"] == 10_000


def test_a_reader_that_was_busy_finds_the_newest_of_what_waited(table: Table) -> None:
    with opened(table) as coprocessor:
        table.do("pilot", state="B")
        sent = table.do("state")["frames_sent"]
        table.until(lambda state: state["frames_sent"] > sent + 30)
        assert coprocessor.peaks_mv() == (9_000, 9_000)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"name": "silent"}, "told nothing new of pilot 0 for 100 ms"),
        ({"name": "repeating"}, "told nothing new of pilot 0 for 100 ms"),
        ({"name": "deaf"}, "after 10000/10000 was ordered"),
        ({"name": "supply_fault"}, r"cannot measure pilot 0 \(.*SupplyFault\)"),
        ({"name": "measurement_fault"}, r"cannot measure pilot 0 \(.*MeasurementFault\)"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_a_fault_of_the_coprocessor_is_a_lost_board(table: Table, fault: dict[str, Any], says: str) -> None:
    with opened(table) as coprocessor:
        table.do("fault", **fault)
        with pytest.raises(BoardLostError, match=f"^coprocessor at {table.tty} .*{says}"):
            work(coprocessor, forever, within_s=1.0)
        table.do("mend")
        for access in (
            coprocessor.refresh,
            coprocessor.peaks_mv,
            coprocessor.proximity_mv,
            lambda: coprocessor.set_duty(10_000),
        ):
            with pytest.raises(BoardLostError, match=says):
                access()


def test_what_is_lost_is_opened_anew(table: Table) -> None:
    with opened(table) as coprocessor:
        table.do("fault", name="silent")
        with pytest.raises(BoardLostError):
            work(coprocessor, forever, within_s=1.0)
    table.do("mend")
    with opened(table) as coprocessor:
        coprocessor.set_duty(2_667)
        work(coprocessor, lambda: table.do("state")["duty_e4"] == 2_667)


def test_a_stuck_duty_is_a_lost_board(table: Table) -> None:
    with opened(table) as coprocessor:
        table.do("fault", name="stuck_duty")
        coprocessor.set_duty(2_667)
        with pytest.raises(BoardLostError, match=r"has pilot 0 at 10000/10000 .* after 2667/10000"):
            work(coprocessor, forever, within_s=1.0)


def test_a_start_by_itself_is_a_lost_board(table: Table) -> None:
    with opened(table) as coprocessor:
        table.do("restart")
        with pytest.raises(BoardLostError, match="has started by itself"):
            work(coprocessor, forever, within_s=1.0)


def test_reset_starts_it_again(table: Table) -> None:
    starts = table.do("state")["starts"]
    with opened(table) as coprocessor:
        coprocessor.reset()
        with pytest.raises(BoardLostError, match="was told to start again"):
            coprocessor.refresh()
    table.until(lambda state: state["starts"] == starts + 1)
    with opened(table) as coprocessor:
        assert coprocessor.peaks_mv() == (12_000, 12_000)


def test_a_line_that_corrupts_every_frame_is_silence(table: Table) -> None:
    with opened(table) as coprocessor:
        table.do("line", damage="corrupt")
        with pytest.raises(BoardLostError, match="told nothing new"):
            work(coprocessor, forever, within_s=1.0)
        assert coprocessor.damaged > 5


def test_a_noisy_line_tells_the_truth_or_nothing(table: Table) -> None:
    with opened(table) as coprocessor:
        coprocessor.set_duty(2_667)
        work(coprocessor, lambda: coprocessor.peaks_mv() == (12_000, -12_000))
        table.do("line", damage="noise")
        seen = set()

        def enough() -> bool:
            seen.add(coprocessor.peaks_mv())
            return coprocessor.damaged > 100

        work(coprocessor, enough, within_s=10)
        assert seen == {(12_000, -12_000)}
        assert table.do("state")["duty_e4"] == 2_667


def test_a_flood_is_a_lost_board_and_no_refresh_takes_long(table: Table) -> None:
    with opened(table) as coprocessor:
        table.do("line", damage="flood")
        longest_s = 0.0
        with pytest.raises(BoardLostError, match=r"was not read for long|told nothing new"):
            for _ in range(10_000):
                select.select([coprocessor], [], [], 0.1)
                start_s = time.thread_time()
                try:
                    coprocessor.refresh()
                finally:
                    longest_s = max(longest_s, time.thread_time() - start_s)
        assert longest_s < 0.02


def test_more_than_can_be_new_is_a_lost_board_and_not_believed(table: Table) -> None:
    with opened(table) as coprocessor:
        before = table.do("state")["bytes_sent"]
        table.do("line", damage="flood")
        table.until(lambda state: state["bytes_sent"] > before + 9_000)
        with pytest.raises(
            BoardLostError, match="was not read for long, or sends more than its line carries"
        ):
            coprocessor.refresh()


def test_an_unplugged_port_is_a_lost_board_at_once(table: Table) -> None:
    with opened(table) as coprocessor:
        table.unplug()
        with pytest.raises(BoardLostError, match="has lost its port"):
            work(coprocessor, forever, within_s=0.5)
        with pytest.raises(BoardLostError, match="has lost its port"):
            coprocessor.set_duty(2_667)


def test_a_line_too_slow_for_its_pace_tells_the_newest_it_can(slow_table: Table) -> None:
    with opened(slow_table, 9_600) as coprocessor:
        slow_table.do("pilot", state="C")
        start_s = time.monotonic()
        work(coprocessor, lambda: coprocessor.peaks_mv() == (6_000, 6_000))
        assert time.monotonic() - start_s < 0.1
        coprocessor.set_duty(2_667)
        work(coprocessor, lambda: slow_table.do("state")["duty_e4"] == 2_667)
        until_s = time.monotonic() + 1
        work(coprocessor, lambda: time.monotonic() > until_s)


def test_another_version_is_refused(table: Table) -> None:
    table.do("fault", name="wrong_version")
    with pytest.raises(BoardLostError, match="speaks version 2 of its protocol; this host speaks 1"):
        PilotCoprocessor(table.tty)


def test_nobody_who_answers_is_a_lost_board_after_a_moment(table: Table) -> None:
    table.do("fault", name="silent")
    start_s = time.monotonic()
    with pytest.raises(BoardLostError, match=f"does not answer within {HELLO_MS} ms$"):
        PilotCoprocessor(table.tty)
    assert time.monotonic() - start_s < HELLO_MS / 1_000 + 0.2


def test_a_port_with_noise_alone_is_named_so(table: Table) -> None:
    table.do("line", damage="corrupt")
    with pytest.raises(BoardLostError, match=r"what came was noise \(\d+ pieces\)"):
        PilotCoprocessor(table.tty)


def test_one_host_at_a_time(table: Table) -> None:
    with opened(table) as coprocessor:
        with pytest.raises(BoardLostError, match="is in use by another process"):
            PilotCoprocessor(table.tty)
        coprocessor.refresh()


def test_a_pilot_that_is_not_there_is_named(table: Table) -> None:
    with opened(table) as coprocessor:
        for access in (lambda: coprocessor.peaks_mv(1), lambda: coprocessor.set_duty(0, 1)):
            with pytest.raises(KeyError, match="has no pilot 1; it has 0 alone"):
                access()


@pytest.mark.parametrize("duty_e4", [-1, 10_001])
def test_a_duty_out_of_bounds_is_refused(table: Table, duty_e4: int) -> None:
    with (
        opened(table) as coprocessor,
        pytest.raises(ValueError, match=f"a duty of {duty_e4}/10000 is outside"),
    ):
        coprocessor.set_duty(duty_e4)


def test_a_port_that_takes_no_bytes_is_a_lost_board(table: Table) -> None:
    """Nobody reads the other end any more: the port fills up, and that is seen without waiting."""
    with opened(table) as coprocessor:
        os.set_blocking(coprocessor.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            table.do("fault", name="deaf")
            while os.write(coprocessor.fileno(), b"\0" * 4_096):
                pass
        with pytest.raises(BoardLostError):
            work(coprocessor, forever, within_s=1.0)


def test_it_is_light_enough_for_the_interlock() -> None:
    look = (
        "import sys, hal.coprocessor.channels; "
        "print(*(m for m in ('asyncio', 'msgspec', 'serial', 'threading', 'logging') if m in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""
