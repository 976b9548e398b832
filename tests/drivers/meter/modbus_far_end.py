"""A scripted meter at the far end of a real pty."""

import asyncio
import os
import struct
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Reply = tuple[float, bytes]
Script = Callable[[bytes], list[Reply]]


def crc16(data: bytes) -> bytes:
    """Modbus CRC, computed bit by bit as the standard describes it (V1.02, appendix B)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def frame(*data: int) -> bytes:
    return bytes(data) + crc16(bytes(data))


class ScriptedMeter:
    """An SDM630 whose answers the test decides: ``script(request)`` gives (seconds from now, bytes) to send.

    ``requests`` are those heard so far. Without a script it answers at once and right, with ``kwh``.
    """

    def __init__(self, link: Path) -> None:
        self.link = link
        self.requests: list[bytes] = []
        self.kwh = 1234.5
        self.script: Script = lambda request: [(0.0, self.answer(request))]
        self._heard = b""
        self.plug()

    def plug(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        self.slave = slave

    def unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self.slave)
        self.link.unlink()

    def listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def answer(self, request: bytes, unit: int | None = None) -> bytes:
        """The right answer to a read of input registers."""
        at, count = struct.unpack(">HH", request[2:6])
        registers = [0] * 80
        registers[0x48:0x4A] = struct.unpack(">HH", struct.pack(">f", self.kwh))
        data = struct.pack(f">{count}H", *registers[at : at + count])
        return frame(request[0] if unit is None else unit, request[1], len(data), *data)

    def say(self, data: bytes) -> None:
        with suppress(OSError):  # the adapter was pulled out before it had said all
            os.write(self._master, data)

    def _read(self) -> None:
        self._heard += os.read(self._master, 4096)
        while len(self._heard) >= 8:
            request, self._heard = self._heard[:8], self._heard[8:]
            assert crc16(request[:6]) == request[6:]
            self.requests.append(request)
            for delay_s, data in self.script(request):
                asyncio.get_running_loop().call_later(delay_s, self.say, data)
