"""What is wired to the virtual board for an interlock: a contactor, a connector lock, a vehicle's pilot.

The wiring is config/boards/virtual_arm64.toml's. Contactor and lock are parts on the host that follow the
GPIO lines; the pilot is `sim.coprocessor` at the other end of the guest's second serial port.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.load import load
from firmware.runtime.interlock_settings import interlock_settings
from tests.board.image import ROOT
from tests.board.machine import Machine

COIL, MIRROR, EMERGENCY_STOP, LOCK_FORWARD, LOCK_REVERSE, LOCK_FEEDBACK, HEARTBEAT = 0, 1, 2, 4, 5, 6, 7
PATIENCE_S = 90
_LOOK_S = 0.001
_CONTACTS_S, _BOLT_S = 0.02, 0.1
CABLE_32_A_MV = 3_300 * 220 // (220 + 330)
"""The proximity contact of a cable for 32 A (220 Ω) at the board file's divider."""


class Plant(threading.Thread):
    """Contactor and lock: each input follows the outputs that move it, as slowly as metal does.

    ``coil`` is what the line says; the coil's supply lasts as long as the heartbeat changes (`SUPPLY_S`), and
    ``closed`` is what the contacts do.
    """

    SUPPLY_S = 0.5

    def __init__(self, machine: Machine) -> None:
        super().__init__(daemon=True)
        self._machine = machine
        self._ended = threading.Event()
        self._levels: dict[int, bool] = {}
        self._since: dict[int, float] = {}
        self.closed = False
        self.locked = False
        self._changed = threading.Condition()
        machine.drive(EMERGENCY_STOP, False)
        machine.drive(MIRROR, True)
        machine.drive(LOCK_FEEDBACK, False)

    @property
    def coil(self) -> bool:
        return self._levels.get(COIL, False)

    def beating(self) -> bool:
        """Return whether the heartbeat changed in the last `SUPPLY_S`."""
        return time.monotonic() - self._since.get(HEARTBEAT, 0.0) < self.SUPPLY_S

    def run(self) -> None:
        while not self._ended.wait(_LOOK_S):
            levels = self._machine.pins()
            for line in (COIL, LOCK_FORWARD, LOCK_REVERSE, HEARTBEAT):
                self._look(line, bool(levels >> line & 1))
            self._move()

    def _look(self, line: int, level: bool) -> None:
        if self._levels.get(line) != level:
            self._levels[line], self._since[line] = level, time.monotonic()

    def _held_s(self, line: int) -> float:
        return time.monotonic() - self._since[line]

    def _move(self) -> None:
        powered = self.coil and self.beating()
        if powered != self.closed and (not self.coil or self._held_s(COIL) > _CONTACTS_S):
            self.closed = powered
            self._machine.drive(MIRROR, not powered)
        for line, locked in ((LOCK_FORWARD, True), (LOCK_REVERSE, False)):
            if self._levels[line] and self.locked != locked and self._held_s(line) > _BOLT_S:
                self.locked = locked
                self._machine.drive(LOCK_FEEDBACK, locked)
        with self._changed:
            self._changed.notify_all()

    def seconds_until(self, condition: Callable[["Plant"], bool]) -> float:
        """Wait until ``condition`` holds; return how long it took. Raises AssertionError after PATIENCE_S."""
        began = time.monotonic()
        assert self.comes(condition, PATIENCE_S), f"not within {PATIENCE_S} s"
        return time.monotonic() - began

    def comes(self, condition: Callable[["Plant"], bool], within_s: float) -> bool:
        """Return whether ``condition`` holds within a time."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), within_s)

    def end(self) -> None:
        """Unplug it from the board."""
        self._ended.set()
        self.join()


class Pilot:
    """``python -m sim.coprocessor`` at the guest's second serial port."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        control = str(folder / "coprocessor.sock")
        command = [sys.executable, "-m", "sim.coprocessor", "--device", machine.ttys["coprocessor"]]
        self._process = subprocess.Popen([*command, "--control", control], cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self._control = socket.socket(socket.AF_UNIX)
        self._control.connect(control)
        self._replies = self._control.makefile("rb")
        self.do("proximity", mv=CABLE_32_A_MV)

    def do(self, action: str, **arguments: object) -> dict[str, Any]:
        """Carry out an action of sim/coprocessor/control.py; return the state after it."""
        self._control.sendall(json.dumps({"do": action, **arguments}).encode() + b"\n")
        reply = json.loads(self._replies.readline())
        assert reply["ok"], reply
        return dict(reply["state"])

    def vehicle(self, state: str) -> None:
        """Let the vehicle be in a state of IEC 61851-1, Table A.2."""
        self.do("pilot", state=state)

    def end(self) -> None:
        """Take its power."""
        self._control.close()
        self._process.kill()
        self._process.communicate()


def settings(folder: Path, watchdog_s: int) -> dict[str, Any]:
    """Return the interlock's settings for the virtual board's own file, as `wattseal run` makes them."""
    example = (ROOT / "config/site.example.toml").read_text(encoding="utf-8")
    board = ROOT / "config/boards/virtual_arm64.toml"
    site = folder / "site.toml"
    tariff = ROOT / "config/tariffs"
    text = example.replace('"boards/bench.toml"', f'"{board}"').replace('"tariffs/', f'"{tariff}/')
    site.write_text(text.replace("/run/wattseal", "/run"), encoding="utf-8")
    made: dict[str, Any] = json.loads(interlock_settings(load(site)))
    made["board"]["watchdog"]["timeout_s"] = watchdog_s
    return made
