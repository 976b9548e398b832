"""The simulated board behind `hal.remote` keeps the ports' contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.simulated import SimulatedPanel, SimulatedRig
from tests.contract.suite_board import BoardContract
from tests.contract.suite_framebuffer import FramebufferContract
from tests.contract.suite_input import InputContract
from tests.contract.suite_measuring import AdcContract, ThermometerContract
from tests.contract.suite_output import OutputContract
from tests.contract.suite_pwm import PwmContract
from tests.contract.suite_watchdog import WatchdogContract


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[SimulatedRig]:
    rig = SimulatedRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[SimulatedPanel]:
    panel = SimulatedPanel(tmp_path)
    yield panel
    panel.close()


class TestOutput(OutputContract):
    pass


class TestInput(InputContract):
    pass


class TestPilot(PwmContract):
    pass


class TestCoil(PwmContract):
    name = "evse2.contactor"
    safe_e4 = 0


class TestAdc(AdcContract):
    pass


class TestThermometer(ThermometerContract):
    pass


class TestWatchdog(WatchdogContract):
    pass


class TestFramebuffer(FramebufferContract):
    pass


class TestBoard(BoardContract):
    pass
