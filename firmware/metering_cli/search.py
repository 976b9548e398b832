"""What is tried, and in which order, to find a meter of which nothing is known. Pure.

First as meters come out of their boxes, the most common first; then one unit at every other speed; then every
unit at the speeds of the boxes. The first answer, be it a refusal, ends the search.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from config.schema import AnyMeterMap, Baudrate, Dlt645Map, MeterMap

Parity = Literal["N", "E", "O"]

SPEEDS: tuple[Baudrate, ...] = (9600, 19200, 2400, 4800, 115200, 38400, 57600, 1200)
_FRAMINGS: tuple[tuple[Parity, Literal[1, 2]], ...] = (("N", 1), ("E", 1), ("O", 1), ("N", 2))
_DLT645_SPEEDS = (2400, 9600, 4800, 1200, 19200)
_FIRST_UNIT, _LAST_UNIT = 1, 247
_BOX_S, _OTHER_S, _SCAN_S, _ADDRESS_S = 0.25, 0.2, 0.1, 0.55
_EXCHANGE_CHARS, _ADDRESS_CHARS = 20, 38


class Setting(NamedTuple):
    """How a serial line is set."""

    baudrate: Baudrate
    parity: Parity
    stopbits: Literal[1, 2]

    def __str__(self) -> str:
        return f"{self.baudrate} 8{self.parity}{self.stopbits}"

    @property
    def char_s(self) -> float:
        return (9 + self.stopbits + (self.parity != "N")) / self.baudrate


class Step(NamedTuple):
    """One question: to ``unit`` with a Modbus function, or, where that is None, to any DL/T 645 meter.

    ``setting`` is None over TCP. ``patience_s`` is how long an answer may take beyond the wire's own time.
    """

    setting: Setting | None
    unit: int | None
    function: Literal[3, 4] = 3
    patience_s: float = _OTHER_S

    @property
    def longest_s(self) -> float:
        """How long it takes when nobody answers."""
        chars = _ADDRESS_CHARS if self.unit is None else _EXCHANGE_CHARS
        return self.patience_s + (chars * self.setting.char_s if self.setting else 0.0)


class Only(NamedTuple):
    """What the engineer knows already; None is to be found out."""

    unit: int | None = None
    baudrate: Baudrate | None = None
    parity: Parity | None = None
    stopbits: Literal[1, 2] | None = None

    def allows(self, setting: Setting) -> bool:
        pairs = zip((self.baudrate, self.parity, self.stopbits), setting, strict=True)
        return all(wanted is None or wanted == value for wanted, value in pairs)


def serial_steps(maps: Mapping[str, AnyMeterMap], only: Only) -> Iterator[Step]:
    """Yield what is asked on a serial line, the likely first."""
    boxes = [setting for setting in _boxes(maps.values()) if only.allows(setting)]
    for setting in boxes:
        at = [each for each in maps.values() if _setting(each) == setting]
        yield from _in_the_box(setting, at, only)
    for setting in _others(only, boxes):
        unit = only.unit or _FIRST_UNIT
        yield Step(setting, unit, 3)
        yield Step(setting, unit, 4)
        if _speaks_dlt645(setting) and only.unit is None:
            yield Step(setting, None, patience_s=_ADDRESS_S)
    if only.unit is None:
        modbus = _boxes(each for each in maps.values() if isinstance(each, MeterMap))
        for setting in [each for each in modbus if only.allows(each)] or list(_others(only, boxes)):
            for unit in range(_FIRST_UNIT + 1, _LAST_UNIT + 1):
                yield Step(setting, unit, 3, _SCAN_S)


def tcp_steps(maps: Mapping[str, AnyMeterMap], only: Only) -> Iterator[Step]:
    """Yield what is asked over Modbus TCP, the likely first."""
    boxes = {_FIRST_UNIT, *(each.factory.unit for each in maps.values())}
    first = sorted(boxes) if only.unit is None else [only.unit]
    for unit in first:
        yield Step(None, unit, 3, 2 * _BOX_S)
        yield Step(None, unit, 4, 2 * _BOX_S)
    if only.unit is None:
        for unit in range(_FIRST_UNIT, _LAST_UNIT + 1):
            if unit not in boxes:
                yield Step(None, unit, 3, _BOX_S)


def _in_the_box(setting: Setting, maps: list[AnyMeterMap], only: Only) -> Iterator[Step]:
    modbus = [each for each in maps if isinstance(each, MeterMap)]
    units = [only.unit] if only.unit else sorted({_FIRST_UNIT, *(each.factory.unit for each in modbus)})
    for unit in units:
        yield Step(setting, unit, 3, _BOX_S)
        if any(each.function == 4 for each in modbus):
            yield Step(setting, unit, 4, _BOX_S)
    if _speaks_dlt645(setting) and only.unit is None:
        yield Step(setting, None, patience_s=_ADDRESS_S)


def _boxes(maps: Iterable[AnyMeterMap]) -> list[Setting]:
    """Return how meters are set when they come out of their boxes, the most common first."""
    return [setting for setting, _ in Counter(_setting(each) for each in maps).most_common()]


def _others(only: Only, boxes: list[Setting]) -> Iterator[Setting]:
    speeds = (only.baudrate,) if only.baudrate else SPEEDS
    for parity, stopbits in _FRAMINGS:
        for baudrate in speeds:
            setting = Setting(baudrate, parity, stopbits)
            if setting not in boxes and only.allows(setting):
                yield setting


def _speaks_dlt645(setting: Setting) -> bool:
    return setting.baudrate in _DLT645_SPEEDS and setting.parity == "E"


def _setting(meter: AnyMeterMap) -> Setting:
    return Setting(meter.factory.baudrate, meter.factory.parity, meter.factory.stopbits)


def is_for(meter: AnyMeterMap, *, dlt645: bool) -> bool:
    """Is the map one of the protocol in which the meter has answered?"""
    return isinstance(meter, Dlt645Map) == dlt645
