"""Each map against frames that were calculated from the manuals' tables, without it (golden/*.toml).

A wrong address, type, word order or scale in a map asks other registers or reads other values.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.load import load_meter_maps
from config.schema import MeterMap
from drivers.meter.decode import serial_text
from drivers.meter.frames import find_answer, frame_of
from drivers.meter.maps import Block, Sample, plan_reads
from drivers.meter.requests import read_request, words_in

GOLDEN = Path(__file__).parent / "golden"
MAPS = {name: meter for name, meter in load_meter_maps().items() if isinstance(meter, MeterMap)}


def golden(name: str) -> dict[str, Any]:
    return tomllib.loads((GOLDEN / f"{name}.toml").read_text())


def answered(unit: int, function: int, block: Block, ask: str, answer: str) -> dict[int, int]:
    """Ask for a block, which must be the golden question; return the registers of the golden answer."""
    request = read_request(unit, function, block)
    assert frame_of(request).hex() == bytes.fromhex(ask).hex()
    found = find_answer(bytes.fromhex(answer), request)
    assert found is not None
    return dict(zip(range(block.at, block.end), words_in(found.pdu), strict=True))


def test_every_map_has_its_frames() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.toml")) == sorted(MAPS)


@pytest.mark.parametrize("name", MAPS)
def test_a_reading_asks_the_golden_questions_and_understands_the_answers(name: str) -> None:
    known, plan = golden(name), plan_reads(MAPS[name])
    assert len(known["reading"]) == len(plan.full)
    registers: dict[int, int] = {}
    for block, (ask, answer) in zip(plan.full, known["reading"], strict=True):
        registers |= answered(MAPS[name].factory.unit, plan.function, block, ask, answer)
    assert plan.sample(registers, full=True) == Sample(
        known["import_dwh"],
        known["resolution_dwh"],
        known["power_w"],
        tuple(known["voltage_mv"]),
        tuple(known["current_ma"]),
    )


@pytest.mark.parametrize("name", MAPS)
def test_the_number_on_the_plate_is_read(name: str) -> None:
    known, identity = golden(name), plan_reads(MAPS[name]).identity
    if identity is None:
        assert "identity" not in known
        return
    ask, answer = known["identity"]
    block = identity.blocks[0]
    registers = answered(MAPS[name].factory.unit, identity.function, block, ask, answer)
    assert serial_text(registers, identity.number) == known["serial"]
