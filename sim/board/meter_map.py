"""A meter map turned round: what a meter of that kind has in its registers when it measures something.

It reads config/meters/*.toml itself and encodes with code of its own, so that the drivers' decoding is not
checked against itself.
"""

import struct
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from sim.processes import ROOT

FOLDER = ROOT / "config" / "meters"
DEFAULT = "eastron_sdm630_v2"

_EXPONENTS = {"power_w": 0, "voltage_mv": -1, "current_ma": -2}
_BITS = {"t5": 32, "t6": 32, "float32": 32, "float64": 64}
_FLOATS = {"float32": ">f", "float64": ">d"}
_T_EXPONENTS = range(-4, 127)

Health = Literal["ok", "silent", "junk"]

Registers = dict[tuple[int, int], int]
"""Words by function (3 holding, 4 input) and address."""


class UnknownMapError(ValueError):
    """There is no such meter map; the text says which there are."""


@dataclass(frozen=True)
class Measured:
    """What a meter measures at one moment; three phases each. ``exchanged``: how often it was."""

    voltage_v: tuple[float, float, float]
    power_w: tuple[float, float, float]
    import_wh: float
    frequency_hz: float = 50.0
    exchanged: int = 0

    @property
    def current_a(self) -> tuple[float, ...]:
        return tuple(w / v if v else 0.0 for w, v in zip(self.power_w, self.voltage_v, strict=True))


def read_map(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return a map's table. Raises UnknownMapError."""
    path = folder / f"{name}.toml"
    if path.parent != folder or not path.is_file():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.toml")))
        raise UnknownMapError(f"{name}: no such meter map; there are {known}")
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


class SimMap:
    """The registers of one kind of meter. ``ratios`` are its transformers', in the order of `ratio_at`."""

    def __init__(self, table: Mapping[str, Any], ratios: tuple[int, ...] = ()) -> None:
        self._table = table
        self._ratios = ratios
        self.phases: int = table.get("phases", 3)
        self.function: int = table["function"]
        self.most_registers: int = table.get("most_registers", 125)
        self._known = self._readable()

    def answers(self, function: int, at: int, count: int) -> bool:
        """Whether a meter of this kind answers that read, rather than with an exception."""
        wanted = {(function, address) for address in range(at, at + count)}
        return count <= self.most_registers and wanted <= self._known

    def serial_of(self, unit: int) -> str:
        """Return the number on the plate of the meter with that unit number, "" where it does not tell."""
        number = self._table.get("serial_number")
        if number is None:
            return ""
        digits = f"26{unit:06d}"
        return f"SIM{digits}"[: 2 * number["count"]] if number.get("type", "ascii") == "ascii" else digits

    def registers(self, measured: Measured, unit: int = 1) -> Registers:
        """Return every register of the map; what lies between them reads 0."""
        held = dict.fromkeys(self._known, 0)
        for key, register, truth in self._values(measured):
            for at, word in self._encoded(key, register, truth):
                held[self.function, at] = word
        if number := self._table.get("serial_number"):
            held |= _serial(number, self.serial_of(unit + 1_000 * measured.exchanged), self.function)
        return held

    def _values(self, measured: Measured) -> Iterator[tuple[str, Mapping[str, Any], Fraction]]:
        table = self._table
        rollover_dwh = table.get("rollover_dwh")
        import_dwh = Fraction(measured.import_wh) * 10
        yield "import_dwh", table["import_dwh"], import_dwh % rollover_dwh if rollover_dwh else import_dwh
        yield "power_w", table["power_w"], Fraction(sum(measured.power_w))
        for key, values in (("voltage_mv", measured.voltage_v), ("current_ma", measured.current_a)):
            for register, value in zip(table.get(key, ()), values, strict=False):
                yield key, register, Fraction(value) * 1000

    def _encoded(self, key: str, register: Mapping[str, Any], truth: Fraction) -> Iterator[tuple[int, int]]:
        """Yield the words of one value, of its exponent and its ratios, each with its address."""
        raw = truth / Fraction(register.get("scale", 1))
        if "exponent_at" in register:
            exponent = self._import_exponent() if key == "import_dwh" else _EXPONENTS[key]
            yield register["exponent_at"], exponent & 0xFFFF
            raw /= Fraction(10) ** exponent
        ratios = self._ratios or (1,) * len(register.get("ratio_at", ()))
        for at, ratio in zip(register.get("ratio_at", ()), ratios, strict=False):
            yield at, ratio
            raw /= ratio
        words = _words(register["type"], raw, cut_off=key == "import_dwh")
        if register.get("word_order") == "little":
            words.reverse()
        yield from enumerate(words, register["at"])

    def _import_exponent(self) -> int:
        """Return the exponent with which the register counts in steps of the map's resolution."""
        step = Fraction(self._table["resolution_dwh"]) / Fraction(self._table["import_dwh"].get("scale", 1))
        return next(exponent for exponent in range(-10, 11) if Fraction(10) ** exponent >= step)

    def _readable(self) -> set[tuple[int, int]]:
        """Return the registers that may be read: those of the map, and gaps that it says are read through."""
        registers = [self._table["import_dwh"], self._table["power_w"]]
        registers += [*self._table.get("voltage_mv", ()), *self._table.get("current_ma", ())]
        used = sorted({at for register in registers for at in _addresses(register)})
        gap = self._table.get("read_through", 60) + 1
        known = {(self.function, at) for at in used}
        for before, after in pairwise(used):
            if after - before <= gap:
                known |= {(self.function, at) for at in range(before, after)}
        if number := self._table.get("serial_number"):
            function = number.get("function", self.function)
            known |= {(function, at) for at in range(number["at"], number["at"] + number["count"])}
        return known


def _addresses(register: Mapping[str, Any]) -> Iterator[int]:
    yield from range(register["at"], register["at"] + _bits(register["type"]) // 16)
    yield from (register[key] for key in ("exponent_at",) if key in register)
    yield from register.get("ratio_at", ())


def _bits(kind: str) -> int:
    return _BITS.get(kind) or int(kind.lstrip("uint"))


def _words(kind: str, raw: Fraction, *, cut_off: bool) -> list[int]:
    """Return a value's registers, the high word first. A counter counts what is full: it is cut off."""
    bits = _bits(kind)
    if kind in _FLOATS:
        data = struct.pack(_FLOATS[kind], float(raw))
    elif kind in ("t5", "t6"):
        exponent = next(e for e in _T_EXPONENTS if abs(raw) / Fraction(10) ** e < 2**23 - 1)
        mantissa = round(raw / Fraction(10) ** exponent)
        data = struct.pack(">I", (exponent & 0xFF) << 24 | mantissa & 0xFFFFFF)
    else:
        whole = raw.numerator // raw.denominator if cut_off else round(raw)
        data = (whole % (1 << bits)).to_bytes(bits // 8, "big")
    return list(struct.unpack(f">{bits // 16}H", data))


def _serial(number: Mapping[str, Any], text: str, function: int) -> Registers:
    length = 2 * number["count"]
    match number.get("type", "ascii"):
        case "ascii":
            data = text.encode().ljust(length, b"\0")
        case "bcd":
            data = bytes.fromhex(text.rjust(2 * length, "0"))
        case _:
            data = int(text).to_bytes(length, "big")
    words = list(struct.unpack(f">{number['count']}H", data))
    if number.get("word_order") == "little":
        words.reverse()
    return {(number.get("function", function), at): word for at, word in enumerate(words, number["at"])}
