"""Coprocessor, pilot circuits and serial line together: what a test or a bench puts on the table."""

import time
from typing import Any

from sim.coprocessor.circuit import PilotCircuit
from sim.coprocessor.device import POWER, Faults, SimCoprocessor
from sim.coprocessor.line import SerialEnd


class CoprocessorBench:
    """A coprocessor with a circuit at each pilot, on the open descriptor of its end of a serial line.

    ``changed_ns`` is the kernel's monotonic time at which a circuit was changed last.
    """

    def __init__(self, descriptor: int, pilots: int = 1, baudrate: int = 115_200) -> None:
        self.circuits = [PilotCircuit() for _ in range(pilots)]
        self.coprocessor = SimCoprocessor(pilots, driven=self._driven)
        self.end = SerialEnd(self.coprocessor, descriptor, baudrate)
        self.changed_ns = 0

    def start(self) -> None:
        """Power up."""
        self.coprocessor.start(POWER)
        self.end.start()

    def stop(self) -> None:
        """Power down."""
        self.end.stop()

    def set_state(self, pilot: int, state: str) -> None:
        """Let a vehicle come, go, want energy: `circuit.STATES`."""
        self.circuits[pilot].state = state
        self._changed(pilot)

    def set_diode(self, pilot: int, ok: bool) -> None:
        """Break the vehicle's diode, or mend it."""
        self.circuits[pilot].diode_ok = ok
        self._changed(pilot)

    def set_proximity(self, pilot: int, mv: int) -> None:
        """Set the proximity contact's voltage."""
        self.coprocessor.pilots[pilot].proximity_mv = mv

    def restart(self, reason: int) -> None:
        """Let the coprocessor start by itself."""
        self.coprocessor.start(reason)
        self.end.attend()

    def mend(self) -> None:
        """Let nothing be wrong any more."""
        self.coprocessor.faults = Faults()
        self.end.noise.damage = "none"
        self.end.attend()

    def state(self, pilot: int) -> dict[str, Any]:
        """Return what is true now."""
        its = self.coprocessor.pilots[pilot]
        return {
            "state": self.circuits[pilot].state,
            "duty_e4": its.duty_e4,
            "flags": its.flags,
            "taken": its.taken,
            "starts": self.coprocessor.starts,
            "frames_sent": self.coprocessor.frames_sent,
            "bytes_sent": self.end.bytes_sent,
            "bytes_heard": self.end.bytes_heard,
            "damaged": self.coprocessor.receiver.damaged,
            "changed_ns": self.changed_ns,
        }

    def _changed(self, pilot: int) -> None:
        self.changed_ns = time.monotonic_ns()
        self._feel(pilot)
        self.end.attend()

    def _driven(self, pilot: int, _duty_e4: int) -> None:
        self._feel(pilot)

    def _feel(self, pilot: int) -> None:
        duty_e4 = self.coprocessor.pilots[pilot].duty_e4
        self.coprocessor.feel(pilot, *self.circuits[pilot].peaks_mv(duty_e4), self.end.now_ms())
