"""Finds the one wanted Modbus RTU reply in whatever bytes a line has brought (V1.02, 2.5.1)."""

from collections.abc import Callable
from dataclasses import dataclass

CheckCrc = Callable[[bytes, int], bool]

_EXCEPTION_BIT = 0x80


@dataclass(frozen=True, slots=True)
class Expected:
    """The reply that a request asks for: its unit, its function, and how many registers.

    ``echo``: what the answer to a write repeats, its address and its value or count; empty for a read.
    """

    unit: int
    function: int
    count: int
    echo: bytes = b""

    @property
    def header(self) -> bytes:
        return bytes((self.unit, self.function)) + (self.echo or bytes((2 * self.count,)))

    @property
    def reply_length(self) -> int:
        return 8 if self.echo else 5 + 2 * self.count


def find_reply(heard: bytes, expected: Expected, crc_is_right: CheckCrc) -> bytes:
    """Return the wanted reply (or its exception reply) among the bytes heard, b"" while there is none.

    Junk before and after it is passed over, and so are replies of other units and of other lengths.
    """
    refusal = bytes((expected.unit, expected.function | _EXCEPTION_BIT))
    for header, length in ((expected.header, expected.reply_length), (refusal, 5)):
        start = heard.find(header)
        while start >= 0:
            frame = heard[start : start + length]
            if len(frame) == length and _is_whole(frame, crc_is_right):
                return frame
            start = heard.find(header, start + 1)
    return b""


def describe(heard: bytes, expected: Expected, crc_is_right: CheckCrc) -> str:
    """Return a short phrase for bytes among which the wanted reply is not."""
    for start in range(len(heard)):
        frame = _read_reply_at(heard[start:])
        if frame and _is_whole(frame, crc_is_right):
            if frame[0] != expected.unit:
                return f"unit {frame[0]} answered instead of unit {expected.unit}"
            return f"a reply of {len(frame)} bytes to a request for {expected.reply_length}"
    if len(heard) < expected.reply_length:
        return f"{len(heard)} of {expected.reply_length} bytes, no valid frame in them"
    return f"{len(heard)} bytes with a wrong checksum"


def _read_reply_at(data: bytes) -> bytes:
    """Return the frame of a register-read reply that may begin here, b"" if none does."""
    if len(data) < 5 or data[1] not in (3, 4):
        return b""
    return data[: 5 + data[2]] if len(data) >= 5 + data[2] else b""


def _is_whole(frame: bytes, crc_is_right: CheckCrc) -> bool:
    return crc_is_right(frame[:-2], int.from_bytes(frame[-2:], "big"))
