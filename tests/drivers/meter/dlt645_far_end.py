"""A scripted DL/T 645-2007 meter at the far end of a real pty; its frames are put together here anew."""

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path

Reply = tuple[float, bytes]
Script = Callable[[bytes], list[Reply]]
OWN = "000012345678"
TELLS = {
    0x00010000: "00123456",  # 1234.56 kWh
    0x02030000: "069000",  # 6.9000 kW
    0x0201FF00: "230923022295",  # 229.5, 230.2 and 230.9 V, the last phase first
    0x0202FF00: "009998010000010022",
    0x04000402: "000000004711",
    0x02010100: "2295",
    0x02020100: "010022",
}
"""What it tells, as digits are read: the highest first."""


def frame(address: str, control: int, data: bytes, wake_up: int = 4) -> bytes:
    body = b"\x68" + bytes.fromhex(address)[::-1] + b"\x68" + bytes([control, len(data)])
    body += bytes((byte + 0x33) & 0xFF for byte in data)
    return b"\xfe" * wake_up + body + bytes([sum(body) & 0xFF]) + b"\x16"


class ScriptedDlt645Meter:
    """A meter whose answers the test decides: ``script(request)`` gives (seconds from now, bytes) to send.

    ``asked`` are the data identifiers asked for so far, 0 for a question for the address.
    """

    def __init__(self, link: Path) -> None:
        self.link = link
        self.asked: list[int] = []
        self.tells = dict(TELLS)
        self.script: Script = lambda request: [(0.0, self.answer(request))]
        self._heard = b""
        self.plug()

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self.link.unlink()

    def listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def answer(self, request: bytes, address: str = OWN, wake_up: int = 4) -> bytes:
        """The right answer to a request without its wake-up bytes."""
        if request[8] == 0x13:
            return frame(address, 0x93, bytes.fromhex(address)[::-1], wake_up)
        data_id = asked_for(request)
        if data_id not in self.tells:
            return frame(address, 0xD1, b"\x02", wake_up)
        value = bytes.fromhex(self.tells[data_id])[::-1]
        return frame(address, 0x91, data_id.to_bytes(4, "little") + value, wake_up)

    def say(self, data: bytes) -> None:
        os.write(self._master, data)

    def _read(self) -> None:
        self._heard += os.read(self._master, 4096)
        while (start := self._heard.find(b"\x68")) >= 0 and len(self._heard) >= start + 12:
            end = start + 12 + self._heard[start + 9]
            if len(self._heard) < end:
                return
            request, self._heard = self._heard[start:end], self._heard[end:]
            assert request[7] == 0x68
            assert request[-1] == 0x16
            assert sum(request[:-2]) & 0xFF == request[-2]
            self.asked.append(asked_for(request))
            for delay_s, data in self.script(request):
                asyncio.get_running_loop().call_later(delay_s, self.say, data)


def asked_for(request: bytes) -> int:
    return int.from_bytes(bytes((byte - 0x33) & 0xFF for byte in request[10:-2]), "little")
