"""Every port's contract, kept by the Linux backend on a real kernel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.board.machine import Machine
from tests.board.rig import STEP_MV, KernelPanel, KernelRig
from tests.contract.suite_board import BoardContract
from tests.contract.suite_framebuffer import FramebufferContract
from tests.contract.suite_input import InputContract
from tests.contract.suite_measuring import AdcContract, ThermometerContract
from tests.contract.suite_output import OutputContract
from tests.contract.suite_pwm import PwmContract
from tests.contract.suite_watchdog import WatchdogContract


@pytest.fixture
def rig(machine: Machine, tmp_path: Path) -> Iterator[KernelRig]:
    rig = KernelRig(machine, tmp_path)
    yield rig
    rig.close()


@pytest.fixture(params=[0, 90], ids=["upright", "turned"])
def panel(machine: Machine, request: pytest.FixtureRequest) -> KernelPanel:
    size = (480, 800) if request.param else (800, 480)
    return KernelPanel(machine, size, request.param)


class TestBoard(BoardContract):
    pass


class TestOutput(OutputContract):
    pass


class TestLed(OutputContract):
    name = "ready"


class TestInput(InputContract):
    pass


class TestPwm(PwmContract):
    pass


class TestAdc(AdcContract):
    within_mv = round(STEP_MV / 2) + 1


class TestThermometer(ThermometerContract):
    pass


class TestWatchdog(WatchdogContract):
    pass


class TestFramebuffer(FramebufferContract):
    pass
