"""docs/METERS.md, drawn from the meter maps: ``make docs`` writes it, a test holds it to them."""

from collections.abc import Iterator
from pathlib import Path

from config.load import load_meter_maps
from config.meter_fitness import MINUTE_DWH, Fitness, fine_up_to_dwh, fitness
from config.schema import AnyMeterMap, MeterMap, SerialNumber
from drivers.meter.dlt645_decode import items_of
from drivers.meter.maps import plan_reads

PAGE = Path(__file__).parents[2] / "docs" / "METERS.md"

_HEAD = """\
# Meters

<!-- Drawn by `make docs` from config/meters/*.toml and tests/config/meter_document.py. Do not edit. -->

A meter is a file in `config/meters/`; the site file names it (`meter = { map = "abb_b23", unit = 1 }`).
`wattseal meter probe` finds speed, unit and model on a line, `wattseal meter read` shows what a meter tells,
`wattseal sim --meter MAP` puts one on the bench. Each file's comments say which manual its addresses are
from, and what could not be confirmed.

"""

_LINES = """\
## How they are read

The line is as it comes out of the box. A full reading is power, voltages, currents and the import register;
it takes as many requests as the meter's registers and its own limits ask for, and so many milliseconds on
the wire at that speed.
"""

_FITNESS = """\
## Which of them can bill minutes

A charge of 7.4 kW, one phase of 32 A, is 123 Wh a minute. A register whose step is at most 1 % of that is
*good* for minute billing, at most 10 % *usable*: each minute's record may be off by so much, the next one
makes up for it. A *coarse* one ticks about once a minute; begin and end of a charge are billed right, single
minutes are not, and `wattseal config check` warns of it. The bill of a whole charge is the difference of two
readings and is off by a step at the most; the step at the present reading stands in every signed record
([OCMF.md](OCMF.md), `UR`), and one that is more than 1 % of what a minute can bring at that EVSE is flagged
there (`UF`). A float register's step doubles at each power of two, so that its fitness ends at some energy.
What is done with meters that sign by themselves is in [SELF_SIGNING_METERS.md](SELF_SIGNING_METERS.md).
"""

_OWN = """\
## A map of your own

Put it into `meters/` beside the site file, as `meters/NAME.toml`; there it comes before a packaged one of
the same name. `wattseal config check` tells what makes no sense in it. This is a whole one:

```toml
name = "Example 1"
source = "Example 1 manual, table 4, input registers"   # where somebody can look it up
function = 4                # 3 holding, 4 input registers
phases = 3                  # what it measures: a meter of one phase does not bill an EVSE of three
factory = { baudrate = 9600, parity = "E", stopbits = 1, unit = 1 }
most_registers = 50         # that fit into one request; 125 unless its manual says less
read_through = 10           # unused registers that it lets be read along; 0 for one that refuses
resolution_dwh = 100        # the step of its counter, in tenths of a watt-hour: 0.01 kWh
rollover_dwh = 10_000_000_000   # where it begins at 0 again; leave it out where nobody lives to see it

import_dwh = { at = 0x0034, type = "uint32", word_order = "little", scale = 100, invalid = [0xFFFFFFFF] }
power_w = { at = 0x0028, type = "int16", exponent_at = 0x002A, invalid = [0x8000] }
voltage_mv = [
    { at = 0x0000, type = "uint16", scale = 100 },
    { at = 0x0001, type = "uint16", scale = 100 },
    { at = 0x0002, type = "uint16", scale = 100 },
]
current_ma = [
    { at = 0x000C, type = "uint16", scale = 10 },
    { at = 0x000D, type = "uint16", scale = 10 },
    { at = 0x000E, type = "uint16", scale = 10 },
]
serial_number = { at = 0x0100, count = 4, type = "ascii" }
```

| key | what |
|---|---|
| `at` | the address on the wire, from zero: a manual's 30053 is 52 = 0x0034, of function 04 |
| `type` | `float32`, `float64`, `int16` to `int64`, `uint16` to `uint64`; `t5`, `t6` of Iskra's meters |
| `word_order` | `big`: the high word first; `little`: the low one |
| `scale` | what one unit is worth in the key's own unit: 10000 for kWh, 10 for Wh, 1000 for V and A |
| `exponent_at` | an int16 that tens are raised to (SunSpec scale factor); the value is multiplied by it |
| `ratio_at` | uint16 registers with transformer ratios, each multiplied in |
| `invalid` | raw patterns, unsigned, that mean "I have no such value"; they are never a reading |
| `serial_number` | `ascii`, `unsigned` or `bcd`; `function` where it is not the map's |

Leave out `voltage_mv` and `current_ma` for a meter that has none. Energy is the meter's total import, never
a register that somebody can reset. Then compare: `wattseal meter read --port /dev/ttyUSB0 --map NAME`
against the meter's display.
"""


def page() -> str:
    """Return the whole page."""
    maps = load_meter_maps()
    parts = (_lines(maps), _fitness(maps), _sources(maps))
    return _HEAD + "\n".join("\n".join(part) + "\n" for part in parts) + "\n" + _OWN


def _lines(maps: dict[str, AnyMeterMap]) -> Iterator[str]:
    yield _LINES
    yield "| map | meter | phases | line | unit | requests | ms | number on the plate |"
    yield "|---|---|---:|---|---:|---:|---:|---|"
    for name, meter in maps.items():
        line = meter.factory
        setting = f"{line.baudrate} 8{line.parity}{line.stopbits}"
        unit = str(line.unit) if isinstance(meter, MeterMap) else "address"
        cells = (name, meter.name, meter.phases, setting, unit, *_reading(meter), _number(meter))
        yield f"| {' | '.join(map(str, cells))} |"


def _reading(meter: AnyMeterMap) -> tuple[int, str]:
    """Return the requests of a full reading and their time on the wire."""
    if not isinstance(meter, MeterMap):
        return len(items_of(meter, full=True)), ""
    line, blocks = meter.factory, plan_reads(meter).full
    char_bits = 9 + line.stopbits + (line.parity != "N")
    return len(blocks), f"{sum(block.wire_s(line.baudrate, char_bits) for block in blocks) * 1000:.0f}"


def _number(meter: AnyMeterMap) -> str:
    if meter.serial_number is None:
        return "write it into the site file"
    is_other = isinstance(meter.serial_number, SerialNumber) and meter.serial_number.function is not None
    return f"read with function {meter.serial_number.function:02}" if is_other else "read"


def _fitness(maps: dict[str, AnyMeterMap]) -> Iterator[str]:
    yield _FITNESS
    yield "| map | step | of a minute | for minutes | signs by itself |"
    yield "|---|---:|---:|---|---|"
    for name, meter in sorted(maps.items(), key=lambda item: (item[1].resolution_dwh, item[0])):
        step = f"{meter.resolution_dwh / 10:g} Wh"
        share = f"{float(meter.resolution_dwh / MINUTE_DWH):.1%}".replace("%", " %")
        signs = "yes" if isinstance(meter, MeterMap) and meter.signs else ""
        yield f"| {name} | {step} | {share} | {_verdict(meter)} | {signs} |"


def _verdict(meter: AnyMeterMap) -> str:
    fit = fitness(meter.resolution_dwh)
    if fit == "coarse":
        return "coarse: begin and end only"
    lasting: list[Fitness] = ["good", "usable"] if fit == "good" else ["usable"]
    if not isinstance(meter, MeterMap) or fine_up_to_dwh(meter.import_dwh, fit) is None:
        return f"{fit}{_where_coarser(meter)}"
    ends = ((each, fine_up_to_dwh(meter.import_dwh, each)) for each in lasting)
    return ", ".join(f"{each} up to {end // 10_000:,} kWh" for each, end in ends if end is not None)


def _where_coarser(meter: AnyMeterMap) -> str:
    if isinstance(meter, MeterMap) and meter.import_dwh.ratio_at:
        return ", connected directly; its transformers' ratio multiplies the step"
    return ""


def _sources(maps: dict[str, AnyMeterMap]) -> Iterator[str]:
    yield "## Where their registers are from\n"
    yield "| map | source |\n|---|---|"
    for name, meter in maps.items():
        yield f"| {name} | {meter.source} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
