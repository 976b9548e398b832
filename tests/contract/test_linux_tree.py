"""The Linux backend keeps the ports' contract, as far as files can stand for a kernel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.linux_tree import TreePanel, TreeRig
from tests.contract.suite_board import BoardContract
from tests.contract.suite_framebuffer import FramebufferContract
from tests.contract.suite_measuring import AdcContract, ThermometerContract
from tests.contract.suite_output import OutputContract
from tests.contract.suite_pwm import PwmContract


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TreeRig]:
    rig = TreeRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture(params=[0, 90, 180, 270])
def rotation(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=[(16, 0), (16, 6), (32, 0), (32, 20)], ids=["16", "16 wider", "32", "32 wider"])
def panel(request: pytest.FixtureRequest, rotation: int, tmp_path: Path) -> TreePanel:
    bits, spare = request.param
    return TreePanel(tmp_path, bits, rotation, spare)


class TestLed(OutputContract):
    name = "ready"


class TestPilot(PwmContract):
    pass


class TestCoilThatIsInverted(PwmContract):
    name = "evse1.contactor"
    safe_e4 = 0


class TestConversion(AdcContract):
    name = "evse1.proximity"
    values_mv = (3_300, 1_000, 1, 0)


class TestHighPeak(AdcContract):
    pass


class TestLowPeak(AdcContract):
    name = "evse1.pilot_low"
    values_mv = (-12_000, -11_000, -12_600, -1)


class TestThermometer(ThermometerContract):
    pass


class TestFramebuffer(FramebufferContract):
    pass


class TestBoard(BoardContract):
    pass
