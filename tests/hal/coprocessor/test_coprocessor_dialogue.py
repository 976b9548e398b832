"""What the host makes of a coprocessor's answers, in virtual time."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.coprocessor.dialogue import ANSWER_MS, HOLD_MS, RENEW_MS, RETRY_MS, SILENT_MS, Dialogue
from hal.coprocessor.frames import Decoder, Hello, Measured, Message, SetDuty, encode
from hal.ports import BoardLostError
from sim.coprocessor.device import MEASUREMENT_FAULT, SUPPLY_FAULT, WATCHDOG
from tests.hal.coprocessor.virtual_line import VirtualLine


def lost(_data: bytes) -> bytes:
    """A line that is cut."""
    return b""


def test_it_begins_with_every_pilot_at_steady_12_v() -> None:
    line = VirtualLine(pilots=4).begin()
    assert [told.measured.duty_e4 for told in line.host.pilots if told.measured] == [10_000] * 4
    assert line.host.hello is not None
    assert line.host.hello.firmware == b"wattseal-sim"


def test_a_duty_stays_in_force_for_as_long_as_the_host_works() -> None:
    line = VirtualLine().begin()
    line.order(2_667)
    line.run(10_000)
    assert line.duty_e4() == 2_667
    line.until(lambda: line.host.pilots[0].unanswered_ms is None, within_ms=15)
    assert line.orders <= 2 + 10_000 / RENEW_MS


def test_when_the_host_hangs_the_pilot_goes_to_steady_12_v_by_itself() -> None:
    line = VirtualLine().begin()
    line.order(2_667)
    line.run(50)
    line.run(HOLD_MS - 100, host=False)
    assert line.duty_e4() == 2_667
    line.run(100, host=False)
    assert line.duty_e4() == 10_000


def test_a_host_that_comes_back_gives_its_order_again() -> None:
    line = VirtualLine().begin()
    line.order(2_667)
    line.run(50)
    line.run(HOLD_MS - 10, host=False)
    line.coprocessor.look(line.now_ms + 20)  # its hold is over
    assert line.duty_e4() == 10_000
    line.host.pilots[0].heard_ms = round(line.now_ms)  # what waits at the port is heard first
    line.run(50)
    assert line.duty_e4() == 2_667


def test_a_vehicle_that_leaves_c_is_told_within_the_documents_time() -> None:
    line = VirtualLine().begin()
    line.vehicle("C")
    line.order(2_667)
    line.until(lambda: line.high_mv() == 6_000, within_ms=20)
    for pause_ms in range(20):
        line.run(50 + pause_ms / 2)
        line.vehicle("B")
        line.until(lambda: line.high_mv() == 9_000, within_ms=6.1 + 0.5)  # the virtual line's step
        line.run(50)
        line.vehicle("C")
        line.until(lambda: line.high_mv() == 6_000, within_ms=6.1 + 0.5)


def test_the_last_of_four_that_leave_c_at_once_waits_for_three_frames() -> None:
    line = VirtualLine(pilots=4).begin()
    for pilot in range(4):
        line.vehicle("C", pilot)
        line.order(2_667, pilot)
    line.until(lambda: all(line.high_mv(pilot) == 6_000 for pilot in range(4)), within_ms=40)
    line.run(33)
    for pilot in range(4):
        line.vehicle("A", pilot)
    line.until(
        lambda: all(line.high_mv(pilot) == 12_000 for pilot in range(4)), within_ms=6.1 + 4.7 + 4 * 0.5
    )


def test_one_frame_lost_in_leaving_c_costs_ten_milliseconds() -> None:
    line = VirtualLine().begin()
    line.vehicle("C")
    line.run(100)
    frames = iter([b""])
    line.to_host = lambda data: next(frames, data) if b"\x23\x28" in data else data  # 9000 mV
    line.vehicle("B")
    took_ms = line.until(lambda: line.high_mv() == 9_000, within_ms=16.1 + 1)
    assert took_ms > 10


def test_silence_is_a_loss_after_100_ms() -> None:
    line = VirtualLine().begin()
    line.to_host = lost
    line.run(SILENT_MS - 15)
    with pytest.raises(BoardLostError, match=f"told nothing new of pilot 0 for {SILENT_MS} ms"):
        line.run(20)


def test_the_same_frame_over_and_over_is_silence() -> None:
    line = VirtualLine().begin()
    line.coprocessor.faults.repeating = True
    with pytest.raises(BoardLostError, match="told nothing new of pilot 0"):
        line.run(SILENT_MS + 10)


def test_silence_of_one_pilot_among_others_is_a_loss() -> None:
    line = VirtualLine(pilots=2).begin()
    line.to_host = lambda data: (
        b"" if data[1:3] != b"\x03\x82" else data
    )  # pilot 1's frames have no early zero
    with pytest.raises(BoardLostError, match="told nothing new of pilot 1"):
        line.run(SILENT_MS + 20)


def test_an_order_that_does_not_come_into_force_is_a_loss() -> None:
    line = VirtualLine().begin()
    line.coprocessor.faults.stuck_duty = True
    line.order(2_667)
    line.run(ANSWER_MS - 10)
    with pytest.raises(BoardLostError, match=r"has pilot 0 at 10000/10000 .* after 2667/10000 was ordered"):
        line.run(20)


def test_a_duty_that_changes_by_itself_is_seen_before_the_next_renewal() -> None:
    line = VirtualLine().begin()
    line.order(2_667)
    line.until(lambda: line.host.pilots[0].unanswered_ms is None, within_ms=20)
    line.run(RETRY_MS + 15)
    line.coprocessor.pilots[0].duty_e4 = 5_000
    orders = line.orders
    line.until(lambda: line.orders > orders, within_ms=5)
    line.until(lambda: line.duty_e4() == 2_667, within_ms=5)


def test_a_coprocessor_that_hears_nothing_is_lost_even_at_steady_12_v() -> None:
    line = VirtualLine().begin()
    line.to_coprocessor = lost
    with pytest.raises(BoardLostError, match="after 10000/10000 was ordered"):
        line.run(RENEW_MS + ANSWER_MS + 20)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_orders_that_are_lost_to_noise_are_given_again(count: int) -> None:
    line = VirtualLine().begin()
    lose = [b""] * count
    line.to_coprocessor = lambda data: lose.pop() if data and lose else data
    line.order(2_667)
    line.until(lambda: line.duty_e4() == 2_667, within_ms=ANSWER_MS)
    line.run(1_000)


def test_an_answer_that_comes_after_the_order_was_given_again_is_one() -> None:
    line = VirtualLine().begin()
    now_ms = round(line.now_ms)
    line.host.order(0, 2_667, now_ms)  # 251: the Begin was 250
    assert line.host.renewals(now_ms + RETRY_MS)
    told = Measured(0, 0, 12_000, -12_000, 0, 2_667, taken=250)
    line.host.hear(encode(told, 100), now_ms + RETRY_MS)
    assert line.host.pilots[0].unanswered_ms == now_ms
    line.host.hear(encode(told._replace(taken=251), 101), now_ms + RETRY_MS + 1)
    assert line.host.pilots[0].unanswered_ms is None


def test_every_second_frame_damaged_in_both_directions_does_no_harm() -> None:
    line = VirtualLine().begin()
    frames = {"to_host": 0, "to_coprocessor": 0}

    def damage(way: str, data: bytes) -> bytes:
        frames[way] += bool(data)
        return data[:5] + b"\x77" + data[6:] if data and frames[way] % 2 else data

    line.to_host = lambda data: damage("to_host", data)
    line.to_coprocessor = lambda data: damage("to_coprocessor", data)
    line.order(2_667)
    line.vehicle("B")
    line.run(2_000)
    line.vehicle("C")
    line.until(lambda: line.high_mv() == 6_000, within_ms=20)
    assert line.duty_e4() == 2_667


def test_a_start_by_itself_is_a_loss_and_names_the_reason() -> None:
    line = VirtualLine().begin()
    line.order(2_667)
    line.run(50)
    line.coprocessor.start(WATCHDOG)
    with pytest.raises(BoardLostError, match=r"has started by itself \(its watchdog\)"):
        line.run(10)
    assert line.duty_e4() == 10_000


def test_an_unknown_reason_is_named_by_its_number() -> None:
    line = VirtualLine().begin()
    with pytest.raises(BoardLostError, match=r"by itself \(reason 77\)"):
        line.host.hear(encode(Hello(1, 1, 0, 77, 0, b""), 0), 1_020)


@pytest.mark.parametrize(
    ("bit", "name"), [(SUPPLY_FAULT, "SupplyFault"), (MEASUREMENT_FAULT, "MeasurementFault")]
)
def test_one_that_cannot_measure_is_lost(bit: int, name: str) -> None:
    line = VirtualLine().begin()
    line.coprocessor.flag(0, bit, True)
    with pytest.raises(BoardLostError, match=f"cannot measure pilot 0.*{name}"):
        line.run(10)


def test_another_version_is_refused_and_both_are_named() -> None:
    line = VirtualLine()
    line.coprocessor.faults.wrong_version = True
    line.say(line.host.begin())
    with pytest.raises(BoardLostError, match="speaks version 2 of its protocol; this host speaks 1"):
        line.run(20)


@pytest.mark.parametrize("pilots", [0, 5, 255])
def test_a_number_of_pilots_that_cannot_be_is_refused(pilots: int) -> None:
    with pytest.raises(BoardLostError, match=f"it has {pilots} pilots; there can be 1 to 4"):
        Dialogue(number=9).hear(encode(Hello(1, pilots, 0, 0, 9, b""), 0), 0)


def test_late_and_doubled_frames_change_nothing() -> None:
    line = VirtualLine().begin()
    newest = Measured(0, 1, 9_000, 9_000, 0, 10_000, 250)
    line.host.hear(encode(newest, 50), 1_030)
    for seq in (50, 49, 50 - 127 + 256):
        line.host.hear(encode(newest._replace(high_mv=6_000), seq), 1_031)
    assert line.high_mv() == 9_000
    assert line.host.pilots[0].heard_ms == 1_030
    line.host.hear(encode(newest._replace(high_mv=6_000), 50 + 127), 1_032)
    assert line.high_mv() == 6_000


def test_what_comes_before_hello_does_not_count() -> None:
    host = Dialogue(number=9)
    host.hear(encode(Measured(0, 1, 6_000, 6_000, 0, 10_000, 0), 9), 0)
    assert not host.begun


@pytest.mark.parametrize("old", [Hello(1, 1, 0, 1, 0, b"power"), Hello(1, 1, 0, 0, 8, b"to another Begin")])
def test_an_old_hello_is_no_answer(old: Hello) -> None:
    host = Dialogue(number=9)
    host.hear(encode(old, 0) + encode(Measured(0, 1, 6_000, 6_000, 0, 10_000, 0), 1), 0)
    assert not host.pilots


def test_its_own_words_coming_back_are_no_answer() -> None:
    host = Dialogue(number=9)
    host.hear(host.begin(), 0)
    assert not host.begun
    assert host.hello is None


def test_a_pilot_that_was_not_announced_is_passed_over() -> None:
    line = VirtualLine().begin()
    line.host.hear(encode(Measured(3, 0, 6_000, 6_000, 0, 10_000, 0), 100), 1_030)
    assert len(line.host.pilots) == 1


def test_a_hello_that_was_asked_for_twice_does_no_harm() -> None:
    line = VirtualLine().begin()
    line.say(line.host.begin())
    line.order(2_667)
    line.run(300)
    assert line.duty_e4() == 2_667


def test_a_new_host_finds_no_order_of_the_last_one() -> None:
    line = VirtualLine().begin()
    line.order(2_667)
    line.run(50)
    line.host = Dialogue(number=3)
    line.say(line.host.begin())
    assert line.duty_e4() == 10_000
    line.run(20)
    assert line.host.begun
    line.order(5_333)
    line.run(300)
    assert line.duty_e4() == 5_333


U8, U16, I16 = st.integers(0, 255), st.integers(0, 65_535), st.integers(-32_768, 32_767)
ANYTHING = st.one_of(
    st.builds(
        Hello, st.just(1), st.integers(0, 5), U8, st.sampled_from((0, 0, 0, 1)), st.just(9), st.just(b"")
    ),
    st.builds(Measured, st.integers(0, 4), st.integers(0, 15), I16, I16, U16, U16, U8),
    st.builds(SetDuty, U8, U16, U16),
)


@given(st.lists(st.tuples(ANYTHING, U8, st.binary(max_size=8), st.integers(0, 150)), max_size=30))
def test_whatever_it_says_is_taken_or_is_a_loss(said: list[tuple[Message, int, bytes, int]]) -> None:
    host, now_ms = Dialogue(number=9), 0
    with contextlib.suppress(BoardLostError):
        for message, seq, noise, pause_ms in said:
            now_ms += pause_ms
            host.hear(noise + encode(message, seq), now_ms)
            host.require_life(now_ms)
            orders = Decoder().feed(host.renewals(now_ms))
            assert {order.message for order in orders} <= {
                SetDuty(pilot, 10_000, HOLD_MS) for pilot in range(len(host.pilots))
            }


def test_the_end_is_steady_12_v_for_all() -> None:
    line = VirtualLine(pilots=2).begin()
    line.order(2_667, 0)
    line.order(5_333, 1)
    line.run(20)
    line.say(line.host.release())
    assert (line.duty_e4(0), line.duty_e4(1)) == (10_000, 10_000)


def test_numbers_go_round_many_times() -> None:
    """Some thousands of frames each way: 256 numbers wrap many times."""
    line = VirtualLine().begin()
    line.order(2_667)
    line.run(60_000)
    assert line.duty_e4() == 2_667
