"""The interlock on a real kernel: GPIO lines, a pilot on a serial port, and the hardware watchdog."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.board.charger import EMERGENCY_STOP, PATIENCE_S, Pilot, Plant, settings
from tests.board.machine import Machine

_TRIES = 3
CARD_RESET = 32
"""WDIOF_CARDRESET: the machine was last reset by its watchdog (linux/watchdog.h)."""


class Bench:
    """An interlock in the guest with everything that is wired to it, and an agent's end of its socket."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.folder = folder
        self.plant = Plant(machine)
        self.plant.start()
        self.pilot = Pilot(machine, folder)
        self.process: Any = None
        self.agent: Any = None

    def start(self, watchdog_s: int = 20) -> None:
        """Start the interlock, and connect an agent to it."""
        table = settings(self.folder, watchdog_s)
        inside = self.machine.module("tests.interlock.process")
        self.process = inside.start(json.dumps(table))
        said = self.process.get("stderr").readline()
        assert b"interlock.started" in said, said
        self.agent = inside.Agent(table["socket"])

    def charge(self) -> None:
        """Let a vehicle come and charge.

        An emulated machine on a busy host can be late with its heartbeat: the coil's supply then ends while
        the contactor closes, which is a fault that is to be cleared, and not what these tests are about.
        """
        for _ in range(_TRIES):
            self.agent.clear()
            self.pilot.vehicle("B")
            self._until_sound_with_vehicle()
            self.agent.grant(16, 60_000)
            self.pilot.vehicle("C")
            if self.plant.comes(lambda plant: plant.closed, PATIENCE_S / _TRIES):
                return
        raise AssertionError(f"it does not charge: {self.agent.until_heard().call('__repr__')}")

    def _until_sound_with_vehicle(self) -> None:
        """Let the agent hear of every fault since the start, until none is left and the pilot is seen."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self.agent.withdraw()
            status = self.agent.until_heard()
            if chr(status.get("pilot")) == "B" and status.get("faults") == 0:
                return
        raise AssertionError(f"the interlock still says {status.call('__repr__')}")

    def send(self, number: signal.Signals) -> None:
        """Send the interlock a signal."""
        self.process.send_signal(int(number))

    def seconds_until_reset(self) -> float:
        """Wait for the watchdog's reset and until the machine is up again; return how long the reset took."""
        began = time.monotonic()
        self.machine.wait_for_event("RESET", within_s=PATIENCE_S)
        took_s = time.monotonic() - began
        self.machine.wait_until_up()
        self.process = None
        return took_s

    def end(self) -> None:
        """End the interlock in good order, and take everything off the board."""
        if self.process is not None and self.process.poll() is None:
            self.send(signal.SIGTERM)
            self.process.wait(50)
        self.pilot.end()
        self.plant.end()


@pytest.fixture
def bench(machine: Machine, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(machine, tmp_path)
    yield bench
    bench.end()


def test_a_lease_closes_the_contactor_and_emergency_stop_opens_it(bench: Bench, report: list[str]) -> None:
    bench.start()
    bench.charge()
    assert bench.plant.locked
    bench.machine.drive(EMERGENCY_STOP, True)
    took_s = bench.plant.seconds_until(lambda plant: not plant.coil)
    report.append(f"emergency stop → coil off, in emulation: {took_s * 1000:.0f} ms")
    bench.agent.until_fault("EmergencyStop")


def test_a_vehicle_that_leaves_c_opens_it(bench: Bench, report: list[str]) -> None:
    bench.start()
    bench.charge()
    bench.pilot.vehicle("B")
    took_s = bench.plant.seconds_until(lambda plant: not plant.coil)
    report.append(f"vehicle leaves C → coil off, by coprocessor, in emulation: {took_s * 1000:.0f} ms")


def test_an_interlock_that_is_told_to_end_opens_and_disarms_the_watchdog(bench: Bench) -> None:
    bench.start()
    bench.charge()
    bench.send(signal.SIGTERM)
    assert bench.process.wait(50) == 0
    bench.plant.seconds_until(lambda plant: not plant.coil)
    state = bench.machine.module("pathlib").Path("/sys/class/watchdog/watchdog0/state")
    assert state.read_text() == "inactive\n"


def test_a_halted_interlock_is_reset_by_the_watchdog(bench: Bench, report: list[str]) -> None:
    """Nothing moves the line then: heartbeat and watchdog are what opens the contacts."""
    bench.start(watchdog_s=5)
    bench.charge()
    bench.machine.forget_events()
    bench.send(signal.SIGSTOP)
    bench.plant.seconds_until(lambda plant: not plant.closed)
    assert bench.plant.coil
    took_s = bench.seconds_until_reset()
    report.append(f"interlock halted → machine reset by its watchdog of 5 s: {took_s:.1f} s")
    assert not bench.plant.coil
    status = bench.machine.module("pathlib").Path("/sys/class/watchdog/watchdog0/bootstatus")
    assert int(status.read_text()) & CARD_RESET


def test_a_killed_interlock_leaves_its_line_until_it_is_started_again(bench: Bench) -> None:
    """The kernel gives the line back as it was; so the heartbeat must be what supplies the coil."""
    bench.start(watchdog_s=60)
    bench.charge()
    bench.send(signal.SIGKILL)
    bench.process.wait()
    bench.plant.seconds_until(lambda plant: not plant.closed)
    assert bench.plant.coil, "if the kernel makes it safe now, say so in docs/VIRTUAL_BOARD.md"
    bench.start(watchdog_s=60)
    bench.plant.seconds_until(lambda plant: not plant.coil)
    bench.pilot.vehicle("B")
    bench.charge()


def test_a_killed_interlock_that_nobody_starts_is_reset_by_the_watchdog(bench: Bench) -> None:
    bench.start(watchdog_s=5)
    bench.charge()
    bench.machine.forget_events()
    bench.send(signal.SIGKILL)
    bench.seconds_until_reset()
    assert not bench.plant.coil
