"""The codec alone: what goes in comes out, and what is damaged never does."""

import tracemalloc
from binascii import crc_hqx
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.coprocessor.frames import Begin, Decoder, Hello, Measured, Message, Numbered, Reset, SetDuty, encode

U8 = st.integers(0, 255)
U16 = st.integers(0, 65_535)
I16 = st.integers(-32_768, 32_767)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Begin, U8),
    st.builds(SetDuty, U8, U16, U16),
    st.just(Reset()),
    st.builds(Hello, U8, U8, U8, U8, U8, st.binary(min_size=12, max_size=12)),
    st.builds(Measured, U8, U8, I16, I16, U16, U16, U8),
)
NUMBERED = st.lists(st.builds(Numbered, U8, MESSAGES), max_size=8)
SAMPLE = Numbered(200, Measured(0, 0, 6_000, -12_000, 1_234, 2_667, 7))
AFTER = Numbered(201, Measured(0, 0, 9_000, -12_000, 1_234, 2_667, 7))


def wire(*all_numbered: Numbered) -> bytes:
    return b"".join(encode(message, seq) for seq, message in all_numbered)


def framed(content: bytes) -> bytes:
    """A frame around a content without zeros, its CRC right."""
    content += crc_hqx(content, 0xFFFF).to_bytes(2, "big")
    assert 0 not in content
    return b"\0" + bytes([len(content) + 1]) + content + b"\0"


@given(NUMBERED, st.lists(st.integers(0, 200)))
def test_messages_come_out_as_they_went_in_however_the_bytes_are_cut(
    sent: list[Numbered], cuts: list[int]
) -> None:
    data, decoder, heard = wire(*sent), Decoder(), []
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(borders):
        heard += decoder.feed(data[start:end])
    assert heard == sent
    assert decoder.damaged == 0


@given(NUMBERED)
def test_a_frame_has_zeros_at_its_borders_and_nowhere_else(sent: list[Numbered]) -> None:
    for seq, message in sent:
        frame = encode(message, seq)
        assert frame[0] == frame[-1] == 0
        assert 0 not in frame[1:-1]


@given(NUMBERED, st.lists(st.binary(max_size=200), min_size=9, max_size=9))
def test_noise_between_frames_spoils_none_of_them(sent: list[Numbered], noise: list[bytes]) -> None:
    data = noise[0]
    for numbered, more in zip(sent, noise[1:], strict=False):
        data += wire(numbered) + more
    assert Decoder().feed(data + b"\0") == sent


@pytest.mark.parametrize("flips", [1, 2])
def test_a_frame_with_flipped_bits_is_never_taken_for_another(flips: int) -> None:
    frame, after = wire(SAMPLE), wire(AFTER)
    for bits in combinations(range(len(frame) * 8), flips):
        damaged = bytearray(frame)
        for bit in bits:
            damaged[bit // 8] ^= 1 << bit % 8
        heard = Decoder().feed(bytes(damaged) + after)
        assert heard in ([AFTER], [SAMPLE, AFTER]), bits


@pytest.mark.parametrize("lost", range(1, 8))
def test_lost_bytes_cost_their_frame_and_no_other(lost: int) -> None:
    frame, after = wire(SAMPLE), wire(AFTER)
    for start in range(len(frame) - lost):
        heard = Decoder().feed(frame[:start] + frame[start + lost :] + after)
        assert heard in ([AFTER], [SAMPLE, AFTER]), start


@given(st.lists(st.binary(max_size=400)))
def test_noise_alone_is_no_message(portions: list[bytes]) -> None:
    decoder = Decoder()
    for portion in portions:
        assert decoder.feed(portion) == []


def test_an_unknown_type_is_passed_over() -> None:
    decoder = Decoder()
    assert decoder.feed(framed(bytes([0x7F, 5, 9])) + wire(SAMPLE)) == [SAMPLE]
    assert decoder.damaged == 0


def test_a_body_of_the_wrong_size_is_damage() -> None:
    decoder = Decoder()
    assert decoder.feed(framed(bytes([1, 5, 1, 1]))) == []  # a Begin of two bytes
    assert decoder.damaged == 1


def test_a_line_without_end_is_held_in_little_memory() -> None:
    decoder = Decoder()
    tracemalloc.start()
    for _ in range(100):
        decoder.feed(b"\x55" * 4_096)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 10_000
    assert decoder.feed(b"\0" + wire(SAMPLE)) == [SAMPLE]
