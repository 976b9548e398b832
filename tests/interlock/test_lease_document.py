"""docs/LEASE.md says what the code does: sizes, offsets, bits, the example and the limits."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from firmware.interlock import times, vigil
from firmware.interlock.faults import LEFT_BY
from firmware.interlock.lease import (
    FAULTS,
    LAYOUTS,
    MAX_LENGTH,
    NOTES,
    TYPES,
    UNKNOWN,
    UNKNOWN_MC,
    VERSION,
    Grant,
    Message,
    encode,
)
from firmware.runtime import interlock_client

DOCUMENT = (Path(__file__).parents[2] / "docs" / "LEASE.md").read_text(encoding="utf-8")
SIZES = {"B": 1, "I": 4, "i": 4, "Q": 8}


def section(heading: str) -> str:
    """The text from a heading to the next one."""
    return re.split(r"^#", DOCUMENT.split(heading + "\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every table row that begins with a number or a name in code."""
    for line in text.splitlines():
        if re.match(r"\| (\d|`)", line):
            yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("message", get_args(Message), ids=lambda message: message.__name__)
def test_each_message_is_laid_out_as_its_table_says(message: type[Message]) -> None:
    heading = f"### {message.__name__}: type {TYPES[message]}, {LAYOUTS[message].size} bytes"
    assert heading + "\n" in DOCUMENT
    expected, offset = [], 0
    for name, letter in zip(message._fields, LAYOUTS[message].format.lstrip("!"), strict=True):
        expected.append((offset, SIZES[letter], name))
        offset += SIZES[letter]
    told = [(int(cells[0]), int(cells[1]), cells[2]) for cells in rows(section(heading)) if len(cells) == 4]
    assert told == expected


def test_it_tells_of_no_message_that_there_is_not() -> None:
    told = re.findall(r"^### (\w+): type (\d+)", DOCUMENT, re.MULTILINE)
    assert told == [(message.__name__, str(TYPES[message])) for message in get_args(Message)]


def test_the_faults_have_the_bits_and_the_ends_of_the_table() -> None:
    told = {int(cells[0]): (cells[1], set(cells[2].split(", "))) for cells in rows(section("### Fault bits"))}
    assert told == dict(enumerate((name, set(LEFT_BY[name]) or {"itself"}) for name in FAULTS))


def test_the_notes_have_the_bits_of_the_table() -> None:
    assert {int(cells[0]): cells[1] for cells in rows(section("### Note bits"))} == dict(enumerate(NOTES))


def test_what_is_not_known_is_said_as_the_code_says_it() -> None:
    assert f"`0x{UNKNOWN:X}` in a value" in section("## Frame")
    assert f"thousandths of °C; {UNKNOWN_MC} not known" in DOCUMENT


def test_the_frames_head_and_its_bounds() -> None:
    head = section("## Frame")
    assert f"2 to {MAX_LENGTH}" in head
    assert ["2", "1", "version", str(VERSION)] in list(rows(head))


def test_the_example_is_what_is_sent() -> None:
    example = re.search(r"number 7: `([0-9a-f ]+)`", DOCUMENT)
    assert example is not None
    assert bytes.fromhex(example[1]) == encode(Grant(evse=1, seq=7, limit_ma=16_000, for_ms=15_000))


@pytest.mark.parametrize("row", list(rows(section("## Limits"))), ids=lambda row: row[0])
def test_the_limits_are_the_codes_own(row: list[str]) -> None:
    place = next(place for place in (times, vigil, interlock_client) if hasattr(place, row[0]))
    assert int(row[1]) == getattr(place, row[0])
