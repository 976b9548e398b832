"""The frames between host and pilot coprocessor, without I/O: messages to bytes, bytes to messages.

On the wire a frame is ``00 | COBS(type, seq, body, CRC-16) | 00``, numbers big-endian. No byte inside it is
zero, so after any damage the next zero begins anew. docs/PILOT_COPROCESSOR.md is the protocol's reference.
"""

import struct
from binascii import crc_hqx
from typing import Any, NamedTuple, TypeAlias

VERSION = 1
MAX_PILOTS = 4
STEADY_E4 = 10_000
"""Steady +12 V: the duty that a coprocessor falls to by itself."""

PROXIMITY = 0x01
"""`Hello.features`: it measures the proximity contact of each pilot."""

FLAGS = ("HoldOver", "SupplyFault", "MeasurementFault", "CommandRefused")
"""Names of the bits of `Measured.flags`, from bit 0."""
HOLD_OVER, SUPPLY_FAULT, MEASUREMENT_FAULT, COMMAND_REFUSED = (1 << bit for bit in range(len(FLAGS)))

_CRC_INIT = 0xFFFF
_HEAD = struct.Struct("!BB")
_CRC = struct.Struct("!H")
_BESIDE_BODY = _HEAD.size + _CRC.size


class Begin(NamedTuple):
    """Host → coprocessor: a host has opened the port; every earlier order is over. It answers `Hello`."""

    version: int


class SetDuty(NamedTuple):
    """Host → coprocessor: give ``pilot`` the duty for the next ``hold_ms``, then steady +12 V again."""

    pilot: int
    duty_e4: int
    hold_ms: int


class Reset(NamedTuple):
    """Host → coprocessor: start again, as after power-up."""


class Hello(NamedTuple):
    """Coprocessor → host: what it is. The same in every version of the protocol.

    ``reason`` 0: asked by the `Begin` with number ``answers``; else why it has just started. ``firmware`` is
    ASCII, filled up with zeros.
    """

    version: int
    pilots: int
    features: int
    reason: int
    answers: int
    firmware: bytes


class Measured(NamedTuple):
    """Coprocessor → host: one pilot as it is. Peaks and proximity in mV at the contact.

    ``taken`` is the number of the last `SetDuty` for this pilot that it took.
    """

    pilot: int
    flags: int
    high_mv: int
    low_mv: int
    proximity_mv: int
    duty_e4: int
    taken: int


Message: TypeAlias = Begin | SetDuty | Reset | Hello | Measured


class _Kind(NamedTuple):
    message: type[Any]
    body: struct.Struct


KINDS = {
    0x01: _Kind(Begin, struct.Struct("!B")),
    0x02: _Kind(SetDuty, struct.Struct("!BHH")),
    0x03: _Kind(Reset, struct.Struct("!")),
    0x81: _Kind(Hello, struct.Struct("!BBBBB12s")),
    0x82: _Kind(Measured, struct.Struct("!BBhhHHB")),
}
"""The messages by their type byte, and how their bodies are laid out."""

_TYPES = {kind.message: number for number, kind in KINDS.items()}
_LONGEST = 64
"""No frame of any version is longer between its zeros; what is longer is noise."""


class Numbered(NamedTuple):
    """A message with the number that its sender gave it, 0 to 255."""

    seq: int
    message: Message


def encode(message: Message, seq: int) -> bytes:
    """Return the frame of ``message``. Raises struct.error when a field does not fit."""
    number = _TYPES[type(message)]
    content = _HEAD.pack(number, seq) + KINDS[number].body.pack(*message)
    return b"\0" + _stuff(content + _CRC.pack(crc_hqx(content, _CRC_INIT))) + b"\0"


class Decoder:
    """Takes bytes as they come, in whatever portions, and gives the messages that were whole in them.

    ``damaged`` counts what stood between two zeros and was no frame; a frame of a type that this side does
    not know is passed over.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self._pending = b""

    def feed(self, data: bytes) -> list[Numbered]:
        """Return the messages that ``data`` completes, in their order. Work grows with ``data`` alone."""
        *candidates, pending = (self._pending + data).split(b"\0")
        self._pending = pending[: _LONGEST + 1]  # enough to know that it is too long
        return [numbered for candidate in candidates if candidate and (numbered := self._read(candidate))]

    def _read(self, stuffed: bytes) -> Numbered | None:
        content = _unstuff(stuffed) if len(stuffed) <= _LONGEST else b""
        if len(content) < _BESIDE_BODY or crc_hqx(content, _CRC_INIT):  # with its own CRC the remainder is 0
            self.damaged += 1
            return None
        number, seq = content[0], content[1]
        body = content[_HEAD.size : -_CRC.size]
        kind = KINDS.get(number)
        if kind is None:
            return None
        if len(body) != kind.body.size:
            self.damaged += 1
            return None
        return Numbered(seq, kind.message(*kind.body.unpack(body)))


def _stuff(content: bytes) -> bytes:
    """Return ``content`` without zeros (COBS): each run up to a zero is led by its length + 1.

    For less than 254 bytes, as all of ours are.
    """
    return b"".join(bytes([len(run) + 1]) + run for run in content.split(b"\0"))


def _unstuff(stuffed: bytes) -> bytes:
    """Return what was stuffed, nothing when the run lengths do not come out even."""
    runs, at = [], 0
    while at < len(stuffed):
        end = at + stuffed[at]
        runs.append(stuffed[at + 1 : end])
        at = end
    return b"\0".join(runs) if at == len(stuffed) else b""
