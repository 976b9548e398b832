"""``wattseal meter probe``: finds how a line is set, who is on it, and which meter that is."""

import sys
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TextIO

from config.schema import AnyMeterMap, Dlt645Map, SerialPort
from firmware.metering_cli import table
from firmware.metering_cli.judging import Fit, Verdict, follows, points, possible, verdict
from firmware.metering_cli.reading import Absent
from firmware.metering_cli.search import Only, Setting, Step, is_for, serial_steps, tcp_steps
from firmware.metering_cli.wiring import Ears, OneMeter, Port, wired_alone

Maps = Mapping[str, AnyMeterMap]


class Place(NamedTuple):
    """Where somebody answered: a unit, or the address of a DL/T 645 meter."""

    setting: Setting | None
    unit: int
    address: str

    def __str__(self) -> str:
        who = f"DL/T 645 meter {self.address}" if self.address else f"unit {self.unit}"
        return who if self.setting is None else f"{self.setting}, {who}"


class Progress:
    """Says what is being tried: in place on a terminal, a line for each setting into anything else."""

    def __init__(self, out: TextIO, steps: list[Step]) -> None:
        self._out = out
        self._in_place = out.isatty()
        self._left_s = sum(step.longest_s for step in steps)
        self._told: object = self

    def tell(self, step: Step) -> None:
        where = "Modbus TCP" if step.setting is None else str(step.setting)
        who = "DL/T 645" if step.unit is None else f"unit {step.unit}"
        left_s, self._left_s = self._left_s, self._left_s - step.longest_s
        if self._in_place:
            self._out.write(f"\r{where}, {who} …  at most {left_s:.0f} s more\x1b[K")
        elif self._told != step.setting:
            self._out.write(f"{where} …  at most {left_s:.0f} s more\n")
        self._told = step.setting
        self._out.flush()

    def end(self) -> None:
        """Leave a clean line."""
        if self._in_place:
            self._out.write("\r\x1b[K")
            self._out.flush()


async def probe(port: Port, maps: Maps, only: Only) -> int:
    """Search, judge and print; return 0 when a map fits, else 1. Raises PortLostError."""
    began_s = time.monotonic()
    steps = list(serial_steps(maps, only) if isinstance(port, SerialPort) else tcp_steps(maps, only))
    places, garbled = await _found(port, steps)
    if not places:
        took_s = time.monotonic() - began_s
        sys.stdout.write("\n".join(_nobody(name_of(port), took_s, garbled)) + "\n")
    fitting = 0
    for place in places:
        sys.stdout.write(f"{name_of(port)}: {place} answers (found in {time.monotonic() - began_s:.1f} s)\n")
        sys.stdout.flush()
        judged = await _judged(port, maps, place)
        fitting += bool(judged.fits)
        sys.stdout.write("\n".join(_told(port, maps, place, judged)) + "\n")
    return 0 if places and fitting == len(places) else 1


def name_of(port: Port) -> str:
    """Return how a port is named to a person."""
    return port.device if isinstance(port, SerialPort) else f"{port.host}:{port.port}"


async def _found(port: Port, steps: list[Step]) -> tuple[list[Place], dict[str, str]]:
    """Ask until somebody answers; return who, and with which settings what came that is no answer."""
    ears, progress = Ears(port), Progress(sys.stderr, steps)
    garbled: dict[str, str] = {}
    try:
        for step in steps:
            progress.tell(step)
            heard = await (ears.dlt645(step) if step.unit is None else ears.modbus(step))
            if heard.what == "meter":
                whose = heard.addresses or ("",)
                return [Place(step.setting, step.unit or 1, address) for address in whose], garbled
            if heard.what == "junk":
                garbled[str(step.setting or "Modbus TCP")] = heard.why
    finally:
        progress.end()
        await ears.close()
    return [], garbled


async def _judged(port: Port, maps: Maps, place: Place) -> Verdict:
    """Read the meter by each map of its protocol; return those that fit."""
    fits = []
    for name, each in maps.items():
        if is_for(each, dlt645=bool(place.address)):
            fit = await _fit(port, name, each, place)
            fits += [] if fit is None else [fit]
    return verdict(fits)


async def _fit(port: Port, name: str, meter: AnyMeterMap, place: Place) -> Fit | None:
    """Read everything once, then the register again: it must not fall, nor leap."""
    one = OneMeter(port, wired_alone(place.unit, place.address, place.setting), meter)
    try:
        taken = await one.read(serial=True)
        if isinstance(taken, Absent) or not possible(taken):
            return None
        later_dwh = await one.register()
    finally:
        await one.close()
    if isinstance(later_dwh, Absent) or not follows(taken, later_dwh):
        return None
    tells_serial = meter.serial_number is not None
    return Fit(name, taken, points(taken, tells_serial, _as_in_the_box(meter, place)))


def _as_in_the_box(meter: AnyMeterMap, place: Place) -> bool:
    factory = meter.factory
    if place.setting is not None and place.setting != (factory.baudrate, factory.parity, factory.stopbits):
        return False
    return isinstance(meter, Dlt645Map) or factory.unit == place.unit


def _nobody(name: str, took_s: float, garbled: dict[str, str]) -> Iterable[str]:
    yield f"{name}: nobody answers (asked for {took_s:.0f} s)"
    for setting, why in garbled.items():
        yield f"  at {setting}: {why}"
    yield "  next: check the meter's supply, A and B (try them exchanged), and what its own display says of"
    yield "  speed, parity and unit; then probe again with --baudrate, --parity or --unit"


def _told(port: Port, maps: Maps, place: Place, judged: Verdict) -> Iterable[str]:
    if not judged.fits:
        yield "  no map fits: none of what it answers can be voltage, power and energy of this place"
        yield "  next: find its register table and write a map (docs/METERS.md), or ask its maker"
        return
    for fit in judged.fits[: judged.best]:
        yield f"{fit.name} ({maps[fit.name].name})"
    yield f"  {judged.sure}; {len(judged.fits)} of {_tried(maps, place)} maps fit, with points: " + ", ".join(
        f"{fit.name} {fit.points}" for fit in judged.fits
    )
    yield from table.lines(judged.fits[0].taken)
    yield from _to_write(port, place, judged.fits[0].name)


def _tried(maps: Maps, place: Place) -> int:
    return sum(is_for(each, dlt645=bool(place.address)) for each in maps.values())


def _to_write(port: Port, place: Place, name: str) -> Iterable[str]:
    who = f'address = "{place.address}"' if place.address else f"unit = {place.unit}"
    yield "site file:"
    yield f'  meter = {{ map = "{name}", port = "meter", {who} }}'
    yield "board file:"
    if not isinstance(port, SerialPort):
        yield "  [tcp.meter]"
        yield f'  host = "{port.host}"'
        yield f"  port = {port.port}"
    elif place.setting is not None:
        yield "  [serial.meter]"
        yield f'  device = "{port.device}"'
        yield f"  baudrate = {place.setting.baudrate}"
        yield f'  parity = "{place.setting.parity}"'
        yield f"  stopbits = {place.setting.stopbits}"
