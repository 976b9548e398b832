"""Registers to exact integers: no value goes through a float's arithmetic."""

import math
import struct
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from config.schema import Register
from drivers.meter.errors import MeterValueError

WORDS = {"int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4}
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


def decode(words: Sequence[int], register: Register, name: str) -> int:
    """Return a register's value in the unit of its key, rounded half up once.

    ``words`` are its 16-bit registers in the order of their addresses. The value is exact until the
    rounding: a float32 is taken as the binary fraction that it is, and multiplied by the map's scale.
    Raises MeterValueError when it is not a number, infinite or beyond 2**53.
    """
    value = round_half_up(_raw(words, register, name) * Fraction(register.scale))
    if abs(value) > _MOST:
        raise MeterValueError(f"{name} reads {value}, which no meter reaches")
    return value


def decode_energy(words: Sequence[int], register: Register, name: str) -> int:
    """Return a cumulative energy register as `decode` does. Raises MeterValueError also when negative."""
    value = decode(words, register, name)
    if value < 0:
        raise MeterValueError(f"{name} reads {value}, a cumulative energy below zero")
    return value


def round_half_up(value: Fraction) -> int:
    """Return the nearest integer, halves away from zero."""
    nearest = math.floor(abs(value) + Fraction(1, 2))
    return nearest if value >= 0 else -nearest


def _raw(words: Sequence[int], register: Register, name: str) -> Fraction:
    ordered = words if register.word_order == "big" else tuple(reversed(words))
    data = struct.pack(f">{len(ordered)}H", *ordered)
    if register.type != "float32":
        return Fraction(struct.unpack(_INTEGER_FORMATS[register.type], data)[0])
    value: float = struct.unpack(">f", data)[0]
    if not math.isfinite(value):
        raise MeterValueError(f"{name} reads {value}")
    return Fraction(Decimal(value))
