"""Frames byte for byte; those exchanges are printed in public descriptions of the protocol."""

import pytest
from dlt645_far_end import OWN, frame
from hypothesis import given
from hypothesis import strategies as st

from drivers.meter.dlt645_frames import (
    RefusedError,
    address_request,
    addresses_told,
    describe,
    find_reply,
    frames_in,
    read_request,
)

IMPORT, VOLTAGE_A = 0x00010000, 0x02010100


def test_requests_byte_for_byte() -> None:
    asked = bytes.fromhex("FEFEFEFE 68 610100000000 68 11 04 33333433 14 16")
    assert read_request("000000000161", IMPORT) == asked
    asked = bytes.fromhex("FEFEFEFE 68 610100000000 68 11 04 33343435 17 16")
    assert read_request("000000000161", VOLTAGE_A) == asked
    assert address_request() == bytes.fromhex("FEFEFEFE 68 AAAAAAAAAAAA 68 13 00 DF 16")


def test_replies_byte_for_byte() -> None:
    energy = bytes.fromhex("68 610100000000 68 91 08 33333433 59333333 8A 16")
    assert find_reply(energy, "000000000161", IMPORT) == bytes.fromhex("26000000")
    volts = bytes.fromhex("FEFEFEFE 68 610100000000 68 91 06 33343435 3443 10 16")
    assert find_reply(volts, "000000000161", VOLTAGE_A) == bytes.fromhex("0110")


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (b"\x68", b"\x16"), (b"\x68\x01\x68" * 5, b"\x68"), (b"\xfe" * 9, b"\xff")],
)
def test_a_reply_is_found_in_junk(before: bytes, after: bytes) -> None:
    reply = frame(OWN, 0x91, bytes.fromhex("00000100 56341200"))
    assert find_reply(before + reply + after, OWN, IMPORT) == bytes.fromhex("56341200")


def test_data_that_looks_like_a_start_does_not_confuse() -> None:
    data = bytes.fromhex("00000100") + bytes([0x68 - 0x33] * 12)
    assert [found.values for found in frames_in(frame("686868686868", 0x91, data))] == [data[4:]]


def test_every_part_of_a_reply_is_no_reply() -> None:
    reply = frame(OWN, 0x91, bytes.fromhex("00000100 56341200"))
    assert all(find_reply(reply[:end], OWN, IMPORT) is None for end in range(len(reply)))
    for gone in range(4, len(reply)):
        assert find_reply(reply[:gone] + reply[gone + 1 :], OWN, IMPORT) is None


def test_every_wrong_bit_is_noticed() -> None:
    reply = frame(OWN, 0x91, bytes.fromhex("00000100 56341200"), wake_up=0)
    for bit in range(8 * len(reply)):
        wrong = bytearray(reply)
        wrong[bit // 8] ^= 1 << bit % 8
        assert find_reply(bytes(wrong), OWN, IMPORT) is None


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 23), st.integers(0, 255))
def test_one_wrong_byte_amid_noise_is_never_another_value(
    before: bytes, after: bytes, at: int, byte: int
) -> None:
    sent = bytes.fromhex("56341200")
    reply = bytearray(frame(OWN, 0x91, bytes.fromhex("00000100") + sent))
    reply[at] = byte
    assert find_reply(before + bytes(reply) + after, OWN, IMPORT) in (None, sent)


def test_the_answer_to_another_question_is_none() -> None:
    data = bytes.fromhex("00000100 56341200")
    assert find_reply(frame("000000000009", 0x91, data), OWN, IMPORT) is None
    assert find_reply(frame(OWN, 0x91, data), OWN, VOLTAGE_A) is None
    assert find_reply(frame(OWN, 0x11, data), OWN, IMPORT) is None  # the request itself, heard again
    assert find_reply(frame(OWN, 0xB1, data), OWN, IMPORT) is None  # more would follow


def test_what_is_wrong_is_said() -> None:
    data = bytes.fromhex("00000100 56341200")
    other = frame("000000000009", 0x91, data)
    assert describe(other, OWN, IMPORT) == f"meter 000000000009 answered instead of {OWN}"
    echo = frame(OWN, 0x11, data[:4])
    assert (
        describe(echo + frame(OWN, 0x91, data), OWN, VOLTAGE_A)
        == f"meter {OWN} sent 00010000 instead of 02010100"
    )
    assert describe(frame(OWN, 0xB1, data), OWN, IMPORT) == f"meter {OWN} answered with control code B1"
    assert describe(b"\x00\x01", OWN, IMPORT) == "2 bytes, no whole frame with a right checksum among them"


@pytest.mark.parametrize(
    ("word", "text"),
    [(0x02, "it has no such data"), (0x05, "another error, wrong password"), (0x80, "error word 80")],
)
def test_a_refusal_is_told_in_words(word: int, text: str) -> None:
    with pytest.raises(RefusedError, match=text):
        find_reply(frame(OWN, 0xD1, bytes([word])), OWN, IMPORT)


def test_whoever_tells_an_address_must_send_from_it() -> None:
    own, other = bytes.fromhex(OWN)[::-1], bytes(6)
    assert addresses_told(frame(OWN, 0x93, own)) == {OWN}
    assert addresses_told(frame(OWN, 0x93, other)) == set()
    assert addresses_told(frame(OWN, 0x93, own) + frame("0" * 12, 0x93, other)) == {OWN, "0" * 12}
