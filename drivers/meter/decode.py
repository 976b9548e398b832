"""Registers to exact integers: no value goes through a float's arithmetic."""

import math
import struct
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from config.schema import Register, SerialNumber
from drivers.meter.errors import MeterValueError

WORDS = {
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "t5": 2,
    "t6": 2,
    "float64": 4,
    "int64": 4,
    "uint64": 4,
}
"""How many 16-bit registers a value takes."""

_INTEGER_FORMATS = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "uint64": ">Q",
}

_MOST = 2**53
"""No meter counts so far (9e11 kWh in dWh); what is beyond is a wrong map or a broken meter."""


def decode(registers: Mapping[int, int], register: Register, name: str) -> int:
    """Return a register's value in the unit of its key, rounded half up once.

    ``registers`` are what the 16-bit registers hold, by address. The value is exact until the
    rounding: a float32 is taken as the binary fraction that it is, and multiplied by the map's scale.
    Raises MeterValueError when it is not a number, infinite or beyond 2**53.
    """
    value = round_half_up(_raw(_words(registers, register), register, name) * Fraction(register.scale))
    if abs(value) > _MOST:
        raise MeterValueError(f"{name} reads {value}, which no meter reaches")
    return value


def decode_energy(registers: Mapping[int, int], register: Register, name: str) -> int:
    """Return a cumulative energy register as `decode` does. Raises MeterValueError also when negative."""
    value = decode(registers, register, name)
    if value < 0:
        raise MeterValueError(f"{name} reads {value}, a cumulative energy below zero")
    return value


def step_dwh(registers: Mapping[int, int], register: Register) -> int:
    """Return by how much an energy register of a float type moves at the least at its present value, dWh.

    1 for integers: what they count in is in the map.
    """
    if register.type != "float32":
        return 1
    value = float(_raw(_words(registers, register), register, "import register"))
    return max(1, round_half_up(Fraction(max(math.ulp(value) * 2**29, 2.0**-149)) * Fraction(register.scale)))


def serial_text(registers: Mapping[int, int], number: SerialNumber) -> str:
    """Return a meter's serial number: printable characters, or digits without leading zeros."""
    words = [registers[number.at + offset] for offset in range(number.count)]
    if number.word_order == "little":
        words.reverse()
    data = struct.pack(f">{len(words)}H", *words)
    if number.type == "ascii":
        return "".join(chr(byte) for byte in data if 0x20 < byte < 0x7F)
    digits = data.hex() if number.type == "bcd" else str(int.from_bytes(data, "big"))
    return digits.lstrip("0")


def _words(registers: Mapping[int, int], register: Register) -> tuple[int, ...]:
    return tuple(registers[register.at + offset] for offset in range(WORDS[register.type]))


def round_half_up(value: Fraction) -> int:
    """Return the nearest integer, halves away from zero."""
    nearest = math.floor(abs(value) + Fraction(1, 2))
    return nearest if value >= 0 else -nearest


def _raw(words: tuple[int, ...], register: Register, name: str) -> Fraction:
    ordered = words if register.word_order == "big" else tuple(reversed(words))
    data = struct.pack(f">{len(ordered)}H", *ordered)
    if register.type != "float32":
        return Fraction(struct.unpack(_INTEGER_FORMATS[register.type], data)[0])
    value: float = struct.unpack(">f", data)[0]
    if not math.isfinite(value):
        raise MeterValueError(f"{name} reads {value}")
    return Fraction(Decimal(value))
