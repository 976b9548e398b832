import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus_far_end import crc16 as crc16_bit_by_bit
from modbus_far_end import frame

from drivers.meter.frames import describe, find_answer, frame_of, units_in
from drivers.meter.maps import Block
from drivers.meter.requests import read_request, write_request

WANTED = read_request(1, 4, Block(0x48, 2))
REPLY: bytes = frame(1, 4, 4, *struct.pack(">f", 1234.5))
PDU = REPLY[1:-2]


@given(unit=st.integers(1, 247), at=st.integers(0, 65_000), count=st.integers(1, 125))
def test_the_checksum_is_that_of_the_standard(unit: int, at: int, count: int) -> None:
    sent = frame_of(read_request(unit, 3, Block(at, count)))
    assert sent[-2:] == crc16_bit_by_bit(sent[:-2])


def test_requests_are_the_manuals_examples() -> None:
    """Modbus Application Protocol V1.1b3: 6.3, 6.6 and 6.12, each with its example."""
    assert frame_of(read_request(17, 3, Block(107, 3)))[:-2] == bytes.fromhex("11 03 00 6B 00 03")
    assert write_request(1, 1, (3,), 6).pdu == bytes.fromhex("06 00 01 00 03")
    assert write_request(1, 1, (10, 0x0102), 16).pdu == bytes.fromhex("10 00 01 00 02 04 00 0A 01 02")
    assert write_request(1, 1, (10, 0x0102), 16).fits(bytes.fromhex("10 00 01 00 02"))


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_the_reply_is_found_between_any_junk(before: bytes, after: bytes) -> None:
    assert find_answer(before + REPLY + after, WANTED) == (PDU, after)


@given(st.integers(0, len(REPLY) - 1))
def test_a_part_of_the_reply_is_no_reply(length: int) -> None:
    assert find_answer(REPLY[:length], WANTED) is None


@given(st.integers(0, 8 * len(REPLY) - 1))
def test_one_flipped_bit_and_it_is_no_reply(bit: int) -> None:
    flipped = bytearray(REPLY)
    flipped[bit // 8] ^= 1 << bit % 8
    assert find_answer(bytes(flipped), WANTED) is None


def test_a_refusal_is_an_answer() -> None:
    refusal = frame(1, 0x84, 2)
    assert find_answer(b"\x00" + refusal, WANTED) == (refusal[1:-2], b"")


def test_the_answer_to_a_write_repeats_address_and_count() -> None:
    request = write_request(1, 0x10, (7, 8), 16)
    assert find_answer(frame(1, 16, 0, 0x10, 0, 2), request) == (bytes((16, 0, 0x10, 0, 2)), b"")
    assert find_answer(frame(1, 16, 0, 0x12, 0, 2), request) is None


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_whoever_answers_although_nobody_asked_is_known(before: bytes, after: bytes) -> None:
    assert 1 in units_in(before + REPLY + after)
    assert units_in(before[:6]) == set()


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (frame(7, 4, 4, 0, 0, 0, 0), "unit 7 answered instead of unit 1"),
        (frame(1, 4, 8, *range(8)), "a reply of 13 bytes to a request for 9"),
        (REPLY[:5], "5 of 9 bytes, no valid frame in them"),
        (REPLY[:-1] + b"\x00", "9 bytes with a wrong checksum"),
    ],
)
def test_an_engineer_is_told_what_came_instead(heard: bytes, said: str) -> None:
    assert describe(heard, WANTED) == said
