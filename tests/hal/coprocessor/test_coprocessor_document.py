"""docs/PILOT_COPROCESSOR.md says what both sides do: layouts, flags, examples, limits, and what it costs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.coprocessor import coprocessor, dialogue, frames
from hal.coprocessor.frames import FLAGS, KINDS, Begin, Hello, Measured, SetDuty, encode
from sim.coprocessor import device, wire

DOCUMENT = (Path(__file__).parents[3] / "docs" / "PILOT_COPROCESSOR.md").read_text(encoding="utf-8")
SIZES = {"B": "1", "H": "2", "h": "2i", "12s": "12"}
MEASURED = Measured(0, 0, 6_000, -12_000, 1_234, 2_667, 7)


def section(heading: str) -> str:
    """The text from a heading to the next one."""
    return re.split(r"^#", DOCUMENT.split(heading + "\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of a table but its head."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| offset", "| bit", "| name", "| frame")):
            yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("number", KINDS, ids=lambda number: KINDS[number].message.__name__)
def test_each_message_is_laid_out_as_its_table_says(number: int) -> None:
    message, body = KINDS[number]
    heading = f"### {message.__name__}: type {number}, {body.size} byte{'s' * (body.size != 1)}"
    assert heading + "\n" in DOCUMENT
    expected, offset = [], 0
    for name, letter in zip(message._fields, re.findall(r"\d*[A-Za-z]", body.format), strict=True):
        expected.append([str(offset), SIZES[letter], name])
        offset += int(SIZES[letter].strip("i"))
    assert [cells[:3] for cells in rows(section(heading))] == expected


def test_it_tells_of_no_message_that_there_is_not() -> None:
    told = re.findall(r"^### (\w+): type (\d+), (\d+) bytes?$", DOCUMENT, re.MULTILINE)
    assert told == [(kind.message.__name__, str(n), str(kind.body.size)) for n, kind in KINDS.items()]
    assert {int(number): int(size) for _, number, size in told} == wire.BODY_BYTES


def test_the_flags_have_the_bits_of_the_table() -> None:
    told = {int(cells[0]): cells[1] for cells in rows(section("### Flags"))}
    assert told == dict(enumerate(FLAGS))
    assert [1 << bit for bit in told] == [
        device.HOLD_OVER,
        device.SUPPLY_FAULT,
        device.MEASUREMENT_FAULT,
        device.COMMAND_REFUSED,
    ]


@pytest.mark.parametrize(
    ("row", "message", "seq"),
    [(0, Begin(1), 0), (1, SetDuty(0, 2_667, 500), 7), (2, MEASURED, 200)],
)
def test_the_examples_are_what_is_sent(row: int, message: frames.Message, seq: int) -> None:
    told = [cells for cells in rows(section("## Frame")) if cells[-1].startswith("00 ")]
    assert bytes.fromhex(told[row][1]) == encode(message, seq)
    assert f"seq {seq}" in told[row][0]


def test_the_crc_is_the_one_that_is_named() -> None:
    assert f"it is 0x{wire.crc16(b'123456789'):04X}" in section("## Frame")
    assert frames.crc_hqx(b"123456789", 0xFFFF) == wire.crc16(b"123456789")


@pytest.mark.parametrize("row", list(rows(section("## Limits"))), ids=lambda row: str(row[0]))
def test_the_limits_are_those_of_both_sides(row: list[str]) -> None:
    name, value = row[0], int(row[1])
    places = [place for place in (coprocessor, dialogue, frames, device) if hasattr(place, name)]
    assert places
    assert {getattr(place, name) for place in places} == {value}


@pytest.mark.parametrize(
    ("message", "each_ms"), [(MEASURED, device.MEASURE_MS), (SetDuty(0, 0, 1), dialogue.RENEW_MS)]
)
def test_what_a_frame_costs_is_reckoned_rightly(message: frames.Message, each_ms: float) -> None:
    name = type(message).__name__
    told = next(cells for cells in rows(section("## What it costs")) if cells[0] == name)
    size = len(encode(message, 1))
    a_second = size * 1_000 / each_ms
    assert told[1] == str(size)
    assert told[2] == f"{size * 86.8 / 1_000:.2f} ms"
    assert told[4] == f"{a_second:,.0f} ({a_second / 115.2:.1f} %)"
    assert told[5] == f"{a_second * 4:,.0f} ({a_second * 4 / 115.2:.1f} %)"


def test_hello_costs_what_is_told() -> None:
    told = next(cells for cells in rows(section("## What it costs")) if cells[0] == "Hello")
    size = len(encode(Hello(1, 1, 1, 0, 0, b""), 0))
    assert told[1:3] == [str(size), f"{size * 86.8 / 1_000:.2f} ms"]


def test_the_parts_of_the_latency_make_its_sum() -> None:
    table = re.findall(r"^\| [^|]+ \| \**([\d.]+)\** \|$", section("## What it costs"), re.MULTILINE)
    *parts, total = map(float, table)
    assert len(parts) == 5
    assert sum(parts) == pytest.approx(total)
