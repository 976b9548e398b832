"""A coprocessor's pilots as ports of a board."""

import contextlib
from collections.abc import Iterator

import pytest

from hal.coprocessor.channels import open_adc, open_pwm
from hal.coprocessor.coprocessor import PilotCoprocessor
from tests.hal.coprocessor.conftest import Table, work


@pytest.fixture
def coprocessor(wide_table: Table) -> Iterator[PilotCoprocessor]:
    with contextlib.closing(PilotCoprocessor(wide_table.tty)) as coprocessor:
        yield coprocessor


def test_each_channel_is_its_pilots(wide_table: Table, coprocessor: PilotCoprocessor) -> None:
    wide_table.do("pilot", pilot=0, state="B")
    wide_table.do("pilot", pilot=2, state="C")
    wide_table.do("proximity", pilot=2, mv=1_234)
    open_pwm(coprocessor, 2).set_duty(2_667)
    expected = {
        "high": 9_000,
        "high0": 9_000,
        "low": 9_000,
        "high2": 6_000,
        "low2": -12_000,
        "proximity2": 1_234,
    }
    adcs = {channel: open_adc(coprocessor, channel) for channel in expected}
    work(coprocessor, lambda: {channel: adc.read_mv() for channel, adc in adcs.items()} == expected)


@pytest.mark.parametrize("channel", ["", "peak", "high4", "high-1", "high10", "HIGH"])
def test_a_channel_that_is_not_there_is_named(coprocessor: PilotCoprocessor, channel: str) -> None:
    with pytest.raises(KeyError, match=f'no channel "{channel}"|has no pilot 4; it has 0 to 3'):
        open_adc(coprocessor, channel)


def test_a_pwm_that_is_not_there_is_named(coprocessor: PilotCoprocessor) -> None:
    with pytest.raises(KeyError, match="has no pilot 4; it has 0 to 3"):
        open_pwm(coprocessor, 4)
