"""Registers to exact integers: no value goes through a float's arithmetic."""

import math
import struct
from collections.abc import Mapping
from fractions import Fraction

from config.schema import Register, SerialNumber
from drivers.meter.errors import MeterValueError

_FLOATS = {"float32": (">f", 2**29, 2.0**-149), "float64": (">d", 1, 2.0**-1074)}
"""Of each float type: its layout, its step in steps of a float64 of the same value, and its least step."""

_MOST = 2**53
"""No meter counts so far (9e11 kWh in dWh); what is beyond is a wrong map or a broken meter."""

_MOST_EXPONENT = 10
"""SunSpec's scale factors go from -10 to 10 (SunSpec Device Information Model Specification, "sunssf")."""


def decode(registers: Mapping[int, int], register: Register, name: str) -> int:
    """Return a register's value in the unit of its key, rounded half up once.

    ``registers`` are what the 16-bit registers hold, by address. The value is exact until the
    rounding: a float is taken as the binary fraction that it is, and multiplied by the map's scale.
    Raises MeterValueError when it is not a number, infinite or beyond 2**53, when the meter says that it has
    no such value, and when its exponent or its transformer ratio makes no sense.
    """
    pattern = _pattern(registers, register)
    if pattern in register.invalid:
        raise MeterValueError(f"{name}: the meter says that it has no such value (it reads {pattern:#x})")
    value = round_half_up(_number(pattern, register, name) * _unit(registers, register, name))
    if abs(value) > _MOST:
        raise MeterValueError(f"{name} reads {value}, which no meter reaches")
    return value


def decode_energy(registers: Mapping[int, int], register: Register, name: str) -> int:
    """Return a cumulative energy register as `decode` does. Raises MeterValueError also when negative."""
    value = decode(registers, register, name)
    if value < 0:
        raise MeterValueError(f"{name} reads {value}, a cumulative energy below zero")
    return value


def step_dwh(registers: Mapping[int, int], register: Register, least_dwh: int) -> int:
    """Return by how much an energy register moves at the least at its present value, dWh, rounded up.

    An integer moves by one, in the unit that scale, exponent and ratios make of it; a float by the distance
    to the next number of its type (IEEE 754). ``least_dwh`` is the step in which the meter itself counts.
    Raises MeterValueError as `decode` does.
    """
    name = "import register"
    pattern = _pattern(registers, register)
    step = _unit(registers, register, name)
    if register.type in _FLOATS:
        _, finer, least = _FLOATS[register.type]
        value = float(_number(pattern, register, name))
        step *= max(Fraction(math.ulp(value)) * finer, Fraction(least))
    elif register.type in ("t5", "t6"):
        step *= _power_of_ten(_signed(pattern >> 24, 8))
    return max(least_dwh, math.ceil(abs(step)))


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


def round_half_up(value: Fraction) -> int:
    """Return the nearest integer, halves away from zero."""
    nearest = math.floor(abs(value) + Fraction(1, 2))
    return nearest if value >= 0 else -nearest


def _pattern(registers: Mapping[int, int], register: Register) -> int:
    """Return all bits of a value as one unsigned number."""
    words = [registers[at] for at in register.addresses]
    if register.word_order == "little":
        words.reverse()
    pattern = 0
    for word in words:
        pattern = pattern << 16 | word
    return pattern


def _number(pattern: int, register: Register, name: str) -> Fraction:
    """Return what the bits mean. Raises MeterValueError when it is no number."""
    if register.type in _FLOATS:
        layout = _FLOATS[register.type][0]
        value: float = struct.unpack(layout, pattern.to_bytes(register.bits // 8, "big"))[0]
        if not math.isfinite(value):
            raise MeterValueError(f"{name} reads {value}")
        return Fraction(value)
    if register.type in ("t5", "t6"):
        low = pattern & 0xFFFFFF
        return _power_of_ten(_signed(pattern >> 24, 8)) * (low if register.type == "t5" else _signed(low, 24))
    return Fraction(pattern if register.type.startswith("u") else _signed(pattern, register.bits))


def _unit(registers: Mapping[int, int], register: Register, name: str) -> Fraction:
    """Return what one of a value's units is worth: scale × 10^exponent × ratios. Raises MeterValueError."""
    unit = Fraction(register.scale)
    if register.exponent_at is not None:
        exponent = _signed(registers[register.exponent_at], 16)
        if abs(exponent) > _MOST_EXPONENT:
            raise MeterValueError(f"{name}: its scale factor (register {register.exponent_at}) is {exponent}")
        unit *= _power_of_ten(exponent)
    for at in register.ratio_at:
        if registers[at] == 0:
            raise MeterValueError(f"{name}: its transformer ratio (register {at}) is 0")
        unit *= registers[at]
    return unit


def _signed(pattern: int, bits: int) -> int:
    """Return a two's complement number."""
    return pattern - (1 << bits) if pattern >> (bits - 1) else pattern


def _power_of_ten(exponent: int) -> Fraction:
    return Fraction(10) ** exponent
