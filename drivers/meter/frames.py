"""Modbus RTU frames: a request as bytes, and its one answer in whatever a line has brought.

Modbus over Serial Line V1.02, 2.5.1. On a line nothing but unit, function and length says to which request
an answer belongs; `drivers.meter.bus` sees to it that this is enough.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pymodbus.framer import FramerRTU

from drivers.meter.requests import Request

OVERHEAD_BYTES = 3
"""A frame is the unit's number, the PDU and a checksum of two bytes."""

_READ_FUNCTIONS = (3, 4)
_SHORTEST_READ = 7


class Found(NamedTuple):
    """An answer: its PDU, and the bytes that were heard after it."""

    pdu: bytes
    rest: bytes


def frame_of(request: Request) -> bytes:
    """Return a request as it goes out."""
    frame = bytes((request.unit,)) + request.pdu
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def find_answer(heard: bytes, request: Request) -> Found | None:
    """Return the answer (or the exception reply) among the bytes heard, None while there is none.

    Junk before and after it is passed over, and so are answers of other units and of other lengths.
    """
    for begins, length in ((request.begins, request.answer_length), (request.refusal, 2)):
        header, size = bytes((request.unit,)) + begins, length + OVERHEAD_BYTES
        start = heard.find(header)
        while start >= 0:
            frame = heard[start : start + size]
            if len(frame) == size and _is_whole(frame):
                return Found(frame[1:-2], heard[start + size :])
            start = heard.find(header, start + 1)
    return None


def units_in(heard: bytes) -> set[int]:
    """Return the units whose whole answers to a read are among the bytes heard."""
    return {frame[0] for frame in _read_answers(heard)}


def describe(heard: bytes, request: Request) -> str:
    """Return a short phrase for bytes among which the wanted answer is not."""
    wanted = request.answer_length + OVERHEAD_BYTES
    for frame in _read_answers(heard):
        if frame[0] != request.unit:
            return f"unit {frame[0]} answered instead of unit {request.unit}"
        return f"a reply of {len(frame)} bytes to a request for {wanted}"
    if len(heard) < wanted:
        return f"{len(heard)} of {wanted} bytes, no valid frame in them"
    return f"{len(heard)} bytes with a wrong checksum"


def _read_answers(heard: bytes) -> Iterator[bytes]:
    """Yield each whole answer to a read among the bytes heard."""
    for start in range(len(heard) - _SHORTEST_READ + 1):
        if heard[start + 1] in _READ_FUNCTIONS:
            frame = heard[start : start + heard[start + 2] + OVERHEAD_BYTES + 2]
            if len(frame) == heard[start + 2] + OVERHEAD_BYTES + 2 and _is_whole(frame):
                yield frame


def _is_whole(frame: bytes) -> bool:
    return FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big"))
