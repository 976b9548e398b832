"""The SDM630's map, and a scripted one at the far end of a pty."""

import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from modbus_far_end import ScriptedMeter

from config.schema import MeterMap

ROOT = Path(__file__).parents[3]


@pytest.fixture
def sdm630() -> MeterMap:
    text = (ROOT / "config" / "meters" / "eastron_sdm630_v2.toml").read_text()
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), MeterMap, strict=False)


@pytest.fixture
def far_end(tmp_path: Path) -> ScriptedMeter:
    return ScriptedMeter(tmp_path / "tty")
