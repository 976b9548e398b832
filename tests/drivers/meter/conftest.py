"""The SDM630's map and that of DL/T 645, and a scripted meter of each at the far end of a pty."""

import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from dlt645_far_end import ScriptedDlt645Meter
from modbus_far_end import ScriptedMeter

from config.schema import Dlt645Map, MeterMap

ROOT = Path(__file__).parents[3]


@pytest.fixture
def sdm630() -> MeterMap:
    text = (ROOT / "config" / "meters" / "eastron_sdm630_v2.toml").read_text()
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), MeterMap, strict=False)


@pytest.fixture
def far_end(tmp_path: Path) -> ScriptedMeter:
    return ScriptedMeter(tmp_path / "tty")


@pytest.fixture
def dlt645() -> Dlt645Map:
    text = (ROOT / "config" / "meters" / "dlt645_2007.toml").read_text()
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), Dlt645Map, strict=False)


@pytest.fixture
def dlt645_end(tmp_path: Path) -> ScriptedDlt645Meter:
    return ScriptedDlt645Meter(tmp_path / "tty")
