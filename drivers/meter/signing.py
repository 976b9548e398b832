"""Meters that sign: what they are asked for, what they give, and what their drivers share.

A signing meter holds a key of its own and signs begin and end of a charge. What it signs is carried on byte
for byte: the station adds nothing to it and takes nothing away.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterError
from drivers.meter.maps import Block

POLL_S = 0.05
_MOST_REGISTERS = 120
_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
"""What stands before an uncompressed P-256 point in a SubjectPublicKeyInfo (RFC 5480, 2)."""


class MeterSealError(MeterError):
    """The meter answers, and does not sign: it refuses, is in a wrong state, or gives no valid text."""

    who_acts = "technician: read the meter's own display; a meter that no longer signs is replaced"


@dataclass(frozen=True, slots=True)
class MeterSeal:
    """One text as the meter signed it, and the meter's public key: hex of the DER SubjectPublicKeyInfo."""

    data: str
    public_key_hex: str
    encoding: Literal["OCMF"] = "OCMF"


@dataclass(frozen=True, slots=True)
class RecordAbout:
    """What the meter is told of a charge, and the time: it has no clock of its own to rely on.

    ``transaction_id`` binds the meter's record to the charge ("" for a record that is somebody else's).
    """

    transaction_id: str
    station: str
    charge_point: str
    utc_s: int
    offset_min: int
    clock: Literal["unsynchronised", "informative", "synchronised"]


class Begun(NamedTuple):
    """What came of a begin: the begin text, where the meter signs that apart, and what was found open.

    ``left_over`` are the texts of a record of another charge, which was ended first.
    """

    seal: MeterSeal | None = None
    left_over: tuple[MeterSeal, ...] = ()


class SigningMeter(Protocol):
    """A meter that signs. Each call raises a MeterError; then nobody knows what the meter has done."""

    async def begin_record(self, about: RecordAbout) -> Begun:
        """Begin the meter's record of a charge; one of the same charge that is open already goes on."""

    async def end_record(self, about: RecordAbout) -> MeterSeal:
        """End the open record and return what the meter signed."""

    async def public_key(self) -> bytes:
        """Return the meter's public key (DER SubjectPublicKeyInfo)."""


@dataclass(frozen=True, slots=True)
class _Holding:
    """Holding registers are read with function 03 (see `drivers.meter.bus.Reads`)."""

    probes: tuple[Block, ...]
    function: int = 3


class Registers:
    """The holding registers of one meter on a bus, beside those that its map measures with.

    ``probes`` are blocks of different lengths that may be read at any time (see `drivers.meter.bus`).
    """

    def __init__(self, bus: MeterBus, unit: int, probes: tuple[Block, ...]) -> None:
        self._bus, self._unit = bus, unit
        self._plan = _Holding(probes)

    async def read(self, at: int, count: int) -> bytes:
        """Return registers as bytes, the high one of each first. Raises MeterError."""
        blocks = tuple(
            Block(start, min(_MOST_REGISTERS, at + count - start))
            for start in range(at, at + count, _MOST_REGISTERS)
        )
        words = await self._bus.read(self._unit, self._plan, blocks)
        return b"".join(words[address].to_bytes(2, "big") for address in range(at, at + count))

    async def read_word(self, at: int) -> int:
        """Return one register. Raises MeterError."""
        return int.from_bytes(await self.read(at, 1), "big")

    async def write(self, at: int, *words: int) -> None:
        """Write registers that follow each other, as many requests as it takes. Raises MeterError."""
        for start in range(0, len(words), _MOST_REGISTERS):
            part = words[start : start + _MOST_REGISTERS]
            await self._bus.write(self._unit, at + start, part, function=16)

    async def write_word(self, at: int, word: int) -> None:
        """Write one register with function 06. Raises MeterError."""
        await self._bus.write(self._unit, at, (word & 0xFFFF,), function=6)

    async def wait_for(self, at: int, done: Callable[[int], bool], within_s: float, what: str) -> None:
        """Read one register until ``done`` says so. Raises what that raises; MeterSealError if it is late."""
        deadline_s = asyncio.get_running_loop().time() + within_s
        while not done(word := await self.read_word(at)):
            if asyncio.get_running_loop().time() > deadline_s:
                raise MeterSealError(f"{what} took more than {within_s:g} s (register {at} reads {word})")
            await asyncio.sleep(POLL_S)


def words_of(data: bytes, length: int | None = None) -> tuple[int, ...]:
    """Return bytes as registers, filled up with zeros to whole registers, or to ``length`` of them."""
    data = data.ljust(2 * length if length else len(data) + len(data) % 2, b"\0")
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


def spki_of(point: bytes) -> bytes:
    """Return a P-256 key as DER from its 64 bytes X and Y. Raises MeterSealError for another length."""
    if len(point) != 64 or not any(point):
        raise MeterSealError("the meter gives no public key")
    return _SPKI_P256 + b"\x04" + point


def text_of(data: bytes) -> str:
    """Return a signed text. Raises MeterSealError: one that is no ASCII could not be passed on unchanged."""
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise MeterSealError(f"byte {error.start + 1} of the signed text is no ASCII") from error
