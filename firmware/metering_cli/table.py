"""A reading as a person reads it: every value with its unit, what is missing said in words. Pure."""

from collections.abc import Iterator

from firmware.metering_cli.reading import Absent, Reading, Taken

_DWH_PER_KWH = 10_000
_WIDTH = 16


def lines(reading: Reading) -> list[str]:
    """Return a reading, or why there is none and what to do, one line each."""
    if isinstance(reading, Absent):
        return [_line("no reading", reading.why), _line("next", reading.next)]
    return [*_values(reading), _serial(reading.serial), _when(reading)]


def kwh(dwh: int) -> str:
    """Return tenths of a watt-hour as kWh with all their digits."""
    return f"{dwh // _DWH_PER_KWH}.{dwh % _DWH_PER_KWH:04} kWh"


def thousandths(values: tuple[int, ...], unit: str, digits: int) -> str:
    """Return thousandths as decimals, cut to ``digits`` of them; a value for each phase."""
    return "  ".join(_decimal(value, digits) for value in values) + f" {unit}"


def _values(taken: Taken) -> Iterator[str]:
    sample = taken.sample
    step = f"in steps of {kwh(sample.resolution_dwh)}"
    yield _line("import register", f"{kwh(sample.import_dwh)}, {step}")
    yield _line("power", "not read" if sample.power_w is None else f"{sample.power_w} W")
    for name, values, unit, digits in (
        ("voltage", sample.voltage_mv, "V", 1),
        ("current", sample.current_ma, "A", 3),
    ):
        if values:
            yield _line(name, thousandths(values, unit, digits))
        else:
            yield _line(name, "not read" if values is None else "not in the map of this meter")


def _serial(serial: str | Absent) -> str:
    if isinstance(serial, Absent):
        return _line("serial number", f"no answer: {serial.why}")
    return _line("serial number", serial or "the meter does not tell it")


def _when(taken: Taken) -> str:
    if taken.took_ms is not None:
        return _line("read in", f"{taken.took_ms} ms")
    return _line("read", f"by the running agent, {taken.age_ms / 1000:.1f} s ago")


def _line(name: str, text: str) -> str:
    return f"  {name:{_WIDTH}} {text}"


def _decimal(thousandths_: int, digits: int) -> str:
    sign, magnitude = "-" if thousandths_ < 0 else "", abs(thousandths_)
    return f"{sign}{magnitude // 1000}.{f'{magnitude % 1000:03}'[:digits]}"
