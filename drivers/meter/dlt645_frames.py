"""DL/T 645-2007 on the wire: requests as bytes, and the frames in whatever bytes a line has brought. Pure.

A frame is 68H, the address (six bytes, the lowest two digits first), 68H, control, length, data, checksum,
16H. Each data byte travels with 33H added; the checksum is the sum of all bytes before it, modulo 256. A
reply names the meter and the data identifier: it cannot be taken for the answer to another question.
"""

from collections.abc import Iterator
from dataclasses import dataclass

WAKE_UP = b"\xfe" * 4
"""Sent before a frame: it wakes the receiver."""

ANY = "AAAAAAAAAAAA"
"""The address that every meter takes for its own: there must be only one on the line."""

OVERHEAD_CHARS = len(WAKE_UP) + 12
"""Characters of a frame besides its data."""

READ, READ_ADDRESS = 0x11, 0x13
_REPLY, _REFUSAL = 0x80, 0x40
_START, _END, _SHIFT = 0x68, 0x16, 0x33
_HEAD = 10  # up to and with the length
_MOST_DATA = 200

_ERRORS = (
    "another error",
    "it has no such data",
    "wrong password",
    "the speed cannot be changed",
    "too many time zones",
    "too many day periods",
    "too many tariff rates",
)
"""The bits of the error word, from bit 0 on."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame with the right checksum: twelve digits, control code, and data without 33H."""

    address: str
    control: int
    data: bytes

    @property
    def id(self) -> int | None:
        """The data identifier that a read reply names, None in all others."""
        if self.control != READ | _REPLY or len(self.data) < 4:
            return None
        return int.from_bytes(self.data[:4], "little")

    @property
    def values(self) -> bytes:
        """What follows the data identifier."""
        return self.data[4:]


def read_request(address: str, data_id: int) -> bytes:
    """Return the bytes that ask a meter for a data item."""
    return _request(address, READ, data_id.to_bytes(4, "little"))


def address_request() -> bytes:
    """Return the bytes that ask the only meter on the line who it is."""
    return _request(ANY, READ_ADDRESS, b"")


def frames_in(heard: bytes) -> Iterator[Frame]:
    """Yield the frames among the bytes heard; junk before, between and after them is passed over."""
    start = heard.find(_START)
    while start >= 0:
        frame = _frame_at(heard[start:])
        if frame is not None:
            yield frame
        after = start + (_HEAD + 2 + len(frame.data) if frame is not None else 1)
        start = heard.find(_START, after)


def find_reply(heard: bytes, address: str, data_id: int) -> bytes | None:
    """Return the values of a data item as a meter sent them, None while they have not come.

    Raises RefusedError when the meter answers that it will not.
    """
    for frame in frames_in(heard):
        if frame.address == address and frame.id == data_id:
            return frame.values
        if frame.address == address and frame.control == READ | _REPLY | _REFUSAL and len(frame.data) == 1:
            raise RefusedError(_refusal(frame.data[0]))
    return None


def addresses_told(heard: bytes) -> set[str]:
    """Return the addresses of the meters that have said who they are."""
    return {
        frame.address
        for frame in frames_in(heard)
        if frame.control == READ_ADDRESS | _REPLY and digits(frame.data) == frame.address
    }


def describe(heard: bytes, address: str, data_id: int) -> str:
    """Return a short phrase for bytes among which the wanted reply is not."""
    for frame in frames_in(heard):
        if not frame.control & _REPLY:
            continue  # what was sent, heard again
        if frame.address != address:
            return f"meter {frame.address} answered instead of {address}"
        if frame.id is not None and frame.id != data_id:
            return f"meter {address} sent {frame.id:08X} instead of {data_id:08X}"
        return f"meter {address} answered with control code {frame.control:02X}"
    return f"{len(heard)} bytes, no whole frame with a right checksum among them"


def digits(data: bytes) -> str:
    """Return binary coded decimal digits, sent lowest byte first, as people read them."""
    return data[::-1].hex().upper()


class RefusedError(Exception):
    """The meter has answered with an error word; the text says which."""


def _request(address: str, control: int, data: bytes) -> bytes:
    shifted = bytes((byte + _SHIFT) & 0xFF for byte in data)
    head = bytes((_START, *bytes.fromhex(address)[::-1], _START, control, len(data)))
    frame = head + shifted
    return WAKE_UP + frame + bytes((sum(frame) & 0xFF, _END))


def _frame_at(data: bytes) -> Frame | None:
    """Return the frame that begins with the first byte, None when none does, or not all of it is there."""
    if len(data) < _HEAD + 2 or data[7] != _START or data[9] > _MOST_DATA:
        return None
    end = _HEAD + data[9]
    if len(data) < end + 2 or data[end + 1] != _END or sum(data[:end]) & 0xFF != data[end]:
        return None
    plain = bytes((byte - _SHIFT) & 0xFF for byte in data[_HEAD:end])
    return Frame(digits(data[1:7]), data[8], plain)


def _refusal(word: int) -> str:
    said = [text for bit, text in enumerate(_ERRORS) if word >> bit & 1]
    return ", ".join(said) or f"error word {word:02X}"
