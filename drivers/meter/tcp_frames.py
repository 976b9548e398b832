"""Modbus TCP frames (Modbus Messaging on TCP/IP V1.0b, 3.1.3): a header with a number, and the PDU."""

import struct
from typing import NamedTuple

from drivers.meter.requests import Request

_HEADER = struct.Struct(">HHHB")
_MODBUS = 0
_LONGEST = 254
"""The length field counts the unit's number and a PDU of 2 to 253 bytes."""


class Answer(NamedTuple):
    """A frame that has come: the number of the request that it answers, its unit, its PDU."""

    number: int
    unit: int
    pdu: bytes


class NoModbusError(ValueError):
    """The bytes are no Modbus TCP frame; where the next one begins is unknown."""


def frame_of(number: int, request: Request) -> bytes:
    """Return a request as it goes out."""
    return _HEADER.pack(number, _MODBUS, 1 + len(request.pdu), request.unit) + request.pdu


def take_answer(heard: bytes) -> tuple[Answer | None, bytes]:
    """Return the first frame and the bytes after it; None and all of them while it is not whole.

    Raises NoModbusError.
    """
    if len(heard) < _HEADER.size:
        return None, heard
    number, protocol, length, unit = _HEADER.unpack_from(heard)
    if protocol != _MODBUS or not 3 <= length <= _LONGEST:
        raise NoModbusError(f"{heard[: _HEADER.size].hex(' ')} is no header of Modbus TCP")
    end = _HEADER.size - 1 + length
    if len(heard) < end:
        return None, heard
    return Answer(number, unit, heard[_HEADER.size : end]), heard[end:]
