"""Simulated DL/T 645-2007 meters on one serial line.

Data identifiers and formats: DL/T 645-2007, annex A, tables A.1 (energy), A.3 (instantaneous values; the
highest bit of power and current is a sign) and A.5 (parameters). Values are cut off, not rounded.
"""

import asyncio
import os
import tty
from collections.abc import Callable, Mapping
from contextlib import suppress

from sim.board.meter_map import Health, Measured

START, END, SHIFT = 0x68, 0x16, 0x33
READ, READ_ADDRESS, REPLY, REFUSAL = 0x11, 0x13, 0x80, 0x40
WAKE_UP = b"\xfe" * 4
ANY = b"\xaa" * 6
NO_SUCH_DATA = b"\x02"
_HEAD = 10
_NEGATIVE = 0x80
_THINK_S = 0.02
"""A meter waits 20 ms at the least before it answers."""


def address_of(number: int) -> str:
    """Return the twelve digits of the meter of EVSE ``number``."""
    return f"20260000{number:04}"


class Dlt645Line:
    """Meters on the device side of a serial line. ``units`` gives, per number, what it measures when asked.

    ``health`` of one may be set: a silent one does not answer; a junk one answers with, in turn, a wrong
    checksum, another meter's address, a reply cut short, and noise.
    """

    def __init__(self, device: str, units: Mapping[int, Callable[[], Measured]]) -> None:
        self.health: dict[int, Health] = dict.fromkeys(units, "ok")
        self._device = device
        self._units = units
        self._numbers = {_bcd(address_of(number)): number for number in units}
        self._heard = b""
        self._junk_count = 0
        self._descriptor = -1

    async def start(self) -> None:
        """Serve until `stop`."""
        self._descriptor = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._descriptor)
        asyncio.get_running_loop().add_reader(self._descriptor, self._take)

    async def stop(self) -> None:
        """Leave the line."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _take(self) -> None:
        with suppress(OSError):
            self._heard += os.read(self._descriptor, 4096)
        while (found := _first_request(self._heard)) is not None:
            (address, control, data), self._heard = found
            for own, number in self._numbers.items():
                if address in (own, ANY):
                    self._answer(own, number, control, data)

    def _answer(self, own: bytes, number: int, control: int, data: bytes) -> None:
        if control == READ_ADDRESS:
            reply = frame(own, control | REPLY, own)
        elif control == READ:
            value = values(self._units[number](), own).get(int.from_bytes(data, "little"))
            refused = frame(own, control | REPLY | REFUSAL, NO_SUCH_DATA)
            reply = refused if value is None else frame(own, control | REPLY, data + value)
        else:
            return
        if self.health[number] == "silent":
            return
        if self.health[number] == "junk":
            self._junk_count += 1
            reply = _junk(reply, self._junk_count)
        asyncio.get_running_loop().call_later(_THINK_S, self._say, reply)

    def _say(self, reply: bytes) -> None:
        with suppress(OSError):
            os.write(self._descriptor, reply)


def values(measured: Measured, own: bytes) -> dict[int, bytes]:
    """Return what a three-phase meter has to tell, by data identifier."""
    amperes = [w / v if v else 0.0 for w, v in zip(measured.power_w, measured.voltage_v, strict=True)]
    volts = [_number(v * 10, 2) for v in measured.voltage_v]
    currents = [_number(a * 1000, 3) for a in amperes]
    powers = [_number(w * 10, 3) for w in (sum(measured.power_w), *measured.power_w)]
    told = {0x00010000: _number(measured.import_wh / 10, 4), 0x04000402: own}
    for first, phases in ((0x02010100, volts), (0x02020100, currents), (0x02030000, powers)):
        told |= {first + (index << 8): each for index, each in enumerate(phases)}
        told[first & 0xFFFF0000 | 0xFF00] = b"".join(phases)
    return told


def frame(address: bytes, control: int, data: bytes) -> bytes:
    """Return a frame, woken up by four bytes FEH."""
    shifted = bytes((byte + SHIFT) % 256 for byte in data)
    body = bytes([START]) + address + bytes([START, control, len(data)]) + shifted
    return WAKE_UP + body + bytes([sum(body) % 256, END])


def _first_request(heard: bytes) -> tuple[tuple[bytes, int, bytes], bytes] | None:
    """Return the first whole request's address, control code and data, and what comes after it."""
    for start in range(len(heard) - _HEAD - 1):
        rest = heard[start:]
        if rest[0] != START or rest[7] != START:
            continue
        end = _HEAD + rest[9]
        if len(rest) >= end + 2 and rest[end] == sum(rest[:end]) % 256 and rest[end + 1] == END:
            data = bytes((byte - SHIFT) % 256 for byte in rest[_HEAD:end])
            return (rest[1:7], rest[8], data), rest[end + 2 :]
    return None


def _number(value: float, length: int) -> bytes:
    """Return binary coded decimal digits, the lowest byte first; the highest bit is the sign."""
    plain = bytearray(_bcd(f"{int(abs(value)):0{2 * length}}"))
    if value < 0:
        plain[-1] |= _NEGATIVE
    return bytes(plain)


def _bcd(digits: str) -> bytes:
    return bytes.fromhex(digits)[::-1]


def _junk(reply: bytes, count: int) -> bytes:
    match count % 4:
        case 1:
            return reply[:-2] + bytes([reply[-2] ^ 0x55, END])
        case 2:
            plain = bytes((byte - SHIFT) % 256 for byte in reply[len(WAKE_UP) + _HEAD : -2])
            return frame(_bcd(address_of(9999)), reply[len(WAKE_UP) + 8], plain)
        case 3:
            return reply[: len(reply) // 2]
        case _:
            return bytes((byte * 31 + count) & 0xFF for byte in reply)
