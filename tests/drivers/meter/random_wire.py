"""A meter at the far end of a real pty, on a wire on which anything may happen; what happens is drawn.

Every value holds the moment at which the meter answered, and which register it is: so a value that is older
than its request, or another register's, is known as soon as it comes out. A wire keeps order: what is on it
twice or late comes before what is sent after it.
"""

import asyncio
import random
import struct
import time
from pathlib import Path

from modbus_far_end import ScriptedMeter, frame

from config.schema import MeterMap, Register

AT = {"import": 0, "power": 100, "voltage": 200, "current": 300}
"""Four blocks, two and two of one length; nothing between them can be read."""

_LATEST_S = 0.08
_MOMENT_S = 1e-5
_BEGAN_S = time.monotonic()


def meter_map() -> MeterMap:
    """Import register and power of two registers each, voltages and currents of six."""
    return MeterMap(
        name="Any meter",
        source="none",
        function=4,
        read_through=0,
        resolution_dwh=1,
        import_dwh=Register(at=AT["import"], type="uint32"),
        power_w=Register(at=AT["power"], type="int32"),
        voltage_mv=tuple(Register(at=AT["voltage"] + 2 * i, type="uint32") for i in range(3)),
        current_ma=tuple(Register(at=AT["current"] + 2 * i, type="uint32") for i in range(3)),
    )


def moment(value: int, register: int) -> int:
    """Return the millisecond that a value holds. Raises AssertionError when it is another register's."""
    assert value % 1024 == register, f"a value of register {value % 1024} came out as that of {register}"
    return value // 1024


def now_ms() -> int:
    """Return milliseconds since these tests began; 2,097 s of them fit beside a register's number."""
    return int((asyncio.get_running_loop().time() - _BEGAN_S) * 1000)


class RandomWire:
    """``well``: from now on nothing happens any more but right answers."""

    def __init__(self, link: Path, seed: int) -> None:
        self.well = False
        self.happened: list[str] = []
        self._random = random.Random(seed)
        self._rate = self._random.uniform(0.05, 0.5)
        self._meter = ScriptedMeter(link)
        self._meter.script = self._reply
        self._free_s = 0.0
        self._dead_until_s = 0.0
        self._withheld = b""

    @property
    def tty(self) -> str:
        return str(self._meter.link)

    def listen(self) -> None:
        self._meter.listen()

    def pull_out_and_put_back(self) -> None:
        self.happened.append("replugged")
        self._meter.unplug()
        self._meter.plug()
        self._meter.listen()
        self._withheld = b""

    def unplug(self) -> None:
        self._meter.unplug()

    def _reply(self, request: bytes) -> list[tuple[float, bytes]]:
        now_s = asyncio.get_running_loop().time()
        if now_s < self._dead_until_s:
            return []
        right = _answer(request)
        older, self._withheld = self._withheld, b""
        pieces = [(0.0, older)] if older else []
        if self.well or self._random.random() > self._rate:
            self.happened.append("well")
            return self._sent([*pieces, (0.0, right)])
        happens = self._random.choice(_HAPPENINGS)
        self.happened.append(happens)
        return self._sent([*pieces, *getattr(self, f"_do_{happens}")(request, right)])

    def _sent(self, pieces: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
        """Send in order: a piece leaves its delay, and a moment, after the one before it."""
        loop = asyncio.get_running_loop()
        self._free_s = max(self._free_s, loop.time())
        for delay_s, data in pieces:
            self._free_s += delay_s + _MOMENT_S
            loop.call_at(self._free_s, self._meter.say, data)
        return []

    def _delay_s(self) -> float:
        return self._random.uniform(0.0, _LATEST_S)

    def _noise(self) -> bytes:
        return self._random.randbytes(self._random.randint(1, 20))

    def _do_late(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(self._delay_s(), right)]

    def _do_lost(self, _request: bytes, _right: bytes) -> list[tuple[float, bytes]]:
        return []

    def _do_byte_at_a_time(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0003, bytes((byte,))) for byte in right]

    def _do_lost_bytes(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        at = self._random.randrange(len(right))
        return [(0.0, right[:at] + right[at + self._random.randint(1, 4) :])]

    def _do_short(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, right[: self._random.randrange(1, len(right))])]

    def _do_bad_checksum(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        wrong = bytearray(right)
        wrong[self._random.randrange(len(right))] ^= 1 << self._random.randrange(8)
        return [(0.0, bytes(wrong))]

    def _do_junk_before(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, self._noise()), (self._delay_s() / 4, right)]

    def _do_junk_after(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, right), (self._delay_s(), self._noise())]

    def _do_other_unit(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, frame(2, *right[1:-2]))]

    def _do_echo(self, request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, request), (self._delay_s() / 4, right)]

    def _do_twice(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, right), (self._delay_s(), right)]

    def _do_thrice_and_late(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        return [(self._delay_s(), right) for _ in range(3)]

    def _do_one_behind(self, _request: bytes, right: bytes) -> list[tuple[float, bytes]]:
        """The answer waits for the next request, and comes before its own."""
        self._withheld = right
        return []

    def _do_refusal(self, request: bytes, _right: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, frame(request[0], request[1] | 0x80, self._random.choice((2, 4, 6))))]

    def _do_reboot(self, _request: bytes, _right: bytes) -> list[tuple[float, bytes]]:
        """Silent for a while, garbage at first."""
        self._dead_until_s = asyncio.get_running_loop().time() + 0.15
        return [(0.1, self._noise())]


def _answer(request: bytes) -> bytes:
    """The right answer: each value is the moment × 1024 and its first register's number."""
    at, count = struct.unpack(">HH", request[2:6])
    stamp = now_ms() * 1024
    words = [word for register in range(at, at + count, 2) for word in struct.pack(">I", stamp + register)]
    return frame(request[0], request[1], 2 * count, *words)


_HAPPENINGS = sorted(name[4:] for name in vars(RandomWire) if name.startswith("_do_"))
