"""Frames as a microcontroller handles them."""

import pytest

from sim.coprocessor import wire


def test_the_crc_has_the_documents_check_value() -> None:
    assert wire.crc16(b"123456789") == 0x29B1


@pytest.mark.parametrize(
    ("content", "hexed"),
    [
        ((wire.BEGIN, 0, b"\x01"), "00 02 01 04 01 eb 8d 00"),
        ((wire.SET_DUTY, 7, bytes.fromhex("00 0a6b 01f4")), "00 03 02 07 07 0a 6b 01 f4 c6 f7 00"),
    ],
)
def test_the_documents_examples(content: wire.Content, hexed: str) -> None:
    assert wire.frame(*content) == bytes.fromhex(hexed)
    assert wire.Receiver().take_all(bytes.fromhex(hexed)) == [content]


def test_a_damaged_frame_is_counted_and_the_next_one_is_whole() -> None:
    good = wire.frame(wire.RESET, 1, b"")
    receiver = wire.Receiver()
    assert receiver.take_all(good[:3] + b"\x55" + good[4:] + good) == [(wire.RESET, 1, b"")]
    assert receiver.damaged == 1


def test_an_endless_line_is_one_damage() -> None:
    receiver = wire.Receiver()
    good = wire.frame(wire.RESET, 1, b"")
    assert receiver.take_all(b"\x55" * 10_000 + good) == [(wire.RESET, 1, b"")]
    assert receiver.damaged == 1
