"""Frames byte by byte, as a microcontroller handles them (docs/PILOT_COPROCESSOR.md, "Frame").

Nothing is shared with the host's codec, not even a library function, so that each checks the other.
"""

BEGIN, SET_DUTY, RESET = 0x01, 0x02, 0x03
HELLO, MEASURED = 0x81, 0x82
BODY_BYTES = {BEGIN: 1, SET_DUTY: 5, RESET: 0, HELLO: 17, MEASURED: 11}
LONGEST = 64

Content = tuple[int, int, bytes]
"""A frame's type, number and body."""


def crc16(data: bytes) -> int:
    """Return the CRC of ``data``: polynomial 0x1021, initial value 0xFFFF, not reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def frame(kind: int, number: int, body: bytes) -> bytes:
    """Return the bytes on the wire."""
    content = bytes((kind, number)) + body
    crc = crc16(content)
    content += bytes((crc >> 8, crc & 0xFF))
    out, code_at = bytearray((0, 0)), 1
    for byte in content:
        if byte == 0:
            out[code_at] = len(out) - code_at
            code_at = len(out)
        out.append(byte)  # a zero's place is where the next length goes
    out[code_at] = len(out) - code_at
    out.append(0)
    return bytes(out)


class Receiver:
    """Collects bytes up to a zero. ``damaged`` counts what was no frame."""

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = bytearray()

    def take(self, byte: int) -> Content | None:
        """Take one byte; return the frame that it ends, if it ends one."""
        if byte:
            if len(self._buffer) <= LONGEST:
                self._buffer.append(byte)
            return None
        stuffed, self._buffer = self._buffer, bytearray()
        return self._checked(stuffed) if stuffed else None

    def take_all(self, data: bytes) -> list[Content]:
        """Take bytes; return the frames that they end."""
        return [content for byte in data if (content := self.take(byte)) is not None]

    def _checked(self, stuffed: bytearray) -> Content | None:
        content = _unstuffed(stuffed) if len(stuffed) <= LONGEST else None
        if content is None or len(content) < 4 or crc16(content[:-2]) != content[-2] << 8 | content[-1]:
            self.damaged += 1
            return None
        kind, number, body = content[0], content[1], content[2:-2]
        if kind not in BODY_BYTES:
            return None
        if len(body) != BODY_BYTES[kind]:
            self.damaged += 1
            return None
        return kind, number, body


def _unstuffed(stuffed: bytearray) -> bytes | None:
    out = bytearray()
    left = stuffed[0]
    for byte in stuffed[1:]:
        left -= 1
        if left:
            out.append(byte)
        else:
            out.append(0)
            left = byte
    return bytes(out) if left == 1 else None
