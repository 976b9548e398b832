"""The lease's frames: what goes in comes out, in whatever portions, and hostile bytes do no harm."""

import struct
from collections.abc import Iterable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.interlock.lease import (
    FAULTS,
    LAYOUTS,
    MAX_LENGTH,
    NOTES,
    Decoder,
    Grant,
    MalformedFrameError,
    Message,
    Status,
    Withdraw,
    encode,
    fault_bits,
    fault_names,
    note_bits,
    note_names,
)

_RANGE = {
    "B": (0, 0xFF),
    "I": (0, 0xFFFF_FFFF),
    "i": (-(2**31), 2**31 - 1),
    "Q": (0, 0xFFFF_FFFF_FFFF_FFFF),
}


def fields(kind: type[Message]) -> st.SearchStrategy[Message]:
    numbers = [st.integers(*_RANGE[letter]) for letter in LAYOUTS[kind].format.lstrip("!")]
    return st.builds(kind, *numbers)


any_message = st.one_of([fields(kind) for kind in get_args(Message)])
GRANT = Grant(1, 7, 16_000, 15_000)
WITHDRAW = Withdraw(1, 8)


def heard(portions: Iterable[bytes]) -> list[Message]:
    decoder = Decoder()
    return [message for portion in portions for message in decoder.feed(portion)]


def frame(version: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!HBB", len(body) + 2, version, kind) + body


@given(st.lists(any_message), st.integers(1, 50))
def test_messages_arrive_as_they_were_sent_whatever_the_portions(messages: list[Message], size: int) -> None:
    data = b"".join(map(encode, messages))
    assert heard(data[start : start + size] for start in range(0, len(data), size)) == messages


@given(any_message)
def test_no_message_is_longer_than_a_frame_may_be(message: Message) -> None:
    assert len(encode(message)) - 2 <= MAX_LENGTH


@pytest.mark.parametrize("cut", range(len(encode(GRANT))))
def test_half_a_message_is_none(cut: int) -> None:
    assert heard([encode(GRANT)[:cut]]) == []


def test_a_message_of_a_newer_side_is_passed_over() -> None:
    unknown = frame(2, 99, b"new")
    assert heard([encode(GRANT) + unknown + encode(WITHDRAW)]) == [GRANT, WITHDRAW]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"\x00\x00", "frame length 0 is outside 2 to 96"),
        (b"\x00\x01", "frame length 1 is outside 2 to 96"),
        (b"\x00\x61", "frame length 97 is outside 2 to 96"),
        (b"\xff\xff", "frame length 65535 is outside 2 to 96"),
        (frame(1, 1, bytes(13)), "protocol version 1, this side speaks 2"),
        (frame(3, 1, bytes(13)), "protocol version 3, this side speaks 2"),
        (frame(2, 1, bytes(12)), "Grant of 12 bytes, expected 13"),
        (frame(2, 1, bytes(14)), "Grant of 14 bytes, expected 13"),
        (frame(2, 2, b""), "Withdraw of 0 bytes, expected 5"),
        (frame(2, 4, bytes(5)), "ClearFaults of 5 bytes, expected 6"),
    ],
)
def test_a_malformed_frame_is_told_and_what_came_before_it_counts(bad: bytes, why: str) -> None:
    decoder, taken = Decoder(), []
    with pytest.raises(MalformedFrameError) as error:
        for message in decoder.feed(encode(GRANT) + bad + encode(WITHDRAW)):
            taken.append(message)
    assert (taken, str(error.value)) == ([GRANT], why)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_whatever_bytes_come_they_are_messages_or_malformed_and_little_is_kept(portions: list[bytes]) -> None:
    decoder = Decoder()
    for portion in portions:
        try:
            assert all(isinstance(message, get_args(Message)) for message in decoder.feed(portion))
        except MalformedFrameError:
            return
        assert len(decoder._pending) < 2 + MAX_LENGTH


@pytest.mark.parametrize("field", ["seq", "limit_ma", "for_ms"])
@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_a_number_that_does_not_fit_is_never_sent(field: str, value: int) -> None:
    numbers = {"evse": 1, "seq": 1, "limit_ma": 16_000, "for_ms": 15_000} | {field: value}
    with pytest.raises(struct.error):
        encode(Grant(**numbers))


def status(faults: int = 0, notes: int = 0) -> Status:
    return Status(1, 1, 0, ord("C"), 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, faults, notes)


@given(st.frozensets(st.sampled_from(FAULTS)), st.frozensets(st.sampled_from(NOTES)))
def test_faults_and_notes_travel_as_bits(faults: frozenset[str], notes: frozenset[str]) -> None:
    (arrived,) = heard([encode(status(fault_bits(faults), note_bits(notes)))])
    assert isinstance(arrived, Status)
    assert (fault_names(arrived.faults), note_names(arrived.notes)) == (faults, notes)


@given(st.integers(-(2**31), 2**31 - 1))
def test_a_temperature_may_be_below_zero(temperature_mc: int) -> None:
    (arrived,) = heard([encode(status()._replace(temperature_mc=temperature_mc))])
    assert isinstance(arrived, Status)
    assert arrived.temperature_mc == temperature_mc


def test_a_fault_of_a_newer_interlock_is_passed_over() -> None:
    assert fault_names(1 | 1 << 31) == {"EmergencyStop"}
    assert note_names(1 | 1 << 31) == {"TemperatureDerating"}


def test_a_fault_that_is_none_has_no_bit() -> None:
    with pytest.raises(ValueError):
        fault_bits(frozenset({"FluxCapacitor"}))
    with pytest.raises(ValueError):
        note_bits(frozenset({"EmergencyStop"}))
