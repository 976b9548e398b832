"""A signing meter at the far end of a real pty: the simulated registers behind a server written here."""

import asyncio
import os
import struct
import tty
from pathlib import Path

from modbus_far_end import crc16, frame

from sim.board.signing_meter import Signer


class SigningFarEnd:
    """Answers functions 03, 06 and 16 (Modbus Application Protocol V1.1b3), unless ``silent``."""

    def __init__(self, link: Path, signer: Signer, unit: int = 33) -> None:
        self.link, self.signer, self.unit = link, signer, unit
        self.silent = False
        self.writes: list[tuple[int, int, tuple[int, ...]]] = []
        self._heard = b""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        link.symlink_to(os.ttyname(slave))

    def listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def writes_to(self, at: int) -> list[tuple[int, ...]]:
        return [words for _function, start, words in self.writes if start == at]

    def _read(self) -> None:
        self._heard += os.read(self._master, 4096)
        while len(self._heard) >= 8:
            length = 9 + self._heard[6] if self._heard[1] == 16 else 8
            if len(self._heard) < length:
                return
            request, self._heard = self._heard[:length], self._heard[length:]
            assert crc16(request[:-2]) == request[-2:]
            if not self.silent:
                os.write(self._master, self._answer(request))

    def _answer(self, request: bytes) -> bytes:
        unit, function, at, count = struct.unpack(">BBHH", request[:6])
        assert unit == self.unit
        if not self.signer.holds(at, 1 if function == 6 else count):
            return frame(unit, function | 0x80, 2)
        if function == 3:
            words = self.signer.read(at, count)
            return frame(unit, function, 2 * count, *struct.pack(f">{count}H", *words))
        words = (count,) if function == 6 else struct.unpack(f">{count}H", request[7:-2])
        self.writes.append((function, at, words))
        self.signer.write(at, words)
        return frame(*request[:6])
