import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus_far_end import frame
from pymodbus.framer import FramerRTU

from drivers.meter.frames import Expected, describe, find_reply

WANTED = Expected(unit=1, function=4, count=2)
REPLY: bytes = frame(1, 4, 4, *struct.pack(">f", 1234.5))
check = FramerRTU.check_CRC


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_the_reply_is_found_between_any_junk(before: bytes, after: bytes) -> None:
    assert find_reply(before + REPLY + after, WANTED, check) == REPLY


@given(st.integers(0, len(REPLY) - 1))
def test_a_part_of_the_reply_is_no_reply(length: int) -> None:
    assert find_reply(REPLY[:length], WANTED, check) == b""


@given(st.integers(0, 8 * len(REPLY) - 1))
def test_one_flipped_bit_and_it_is_no_reply(bit: int) -> None:
    flipped = bytearray(REPLY)
    flipped[bit // 8] ^= 1 << bit % 8
    assert find_reply(bytes(flipped), WANTED, check) == b""


def test_a_refusal_is_an_answer() -> None:
    refusal = frame(1, 0x84, 2)
    assert find_reply(b"\x00" + refusal, WANTED, check) == refusal


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
    assert describe(heard, WANTED, check) == said
