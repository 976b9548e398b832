"""One EVSE's hardware with the vehicle at it: its parts, and how their facts flow."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim.board.contactor import HOLDS_E4, Contactor
from sim.board.defects import Defects
from sim.board.lock import Lock, LockKind
from sim.board.mains import NO_VOLTS, Mains, Volts
from sim.board.marks import Marks
from sim.board.meter_faults import MeterFaults
from sim.board.pilot import STEADY_HIGH_E4, STEADY_LOW_E4, PilotState, offered_a, peaks_mv, seen_state
from sim.board.residual_device import ResidualDevice
from sim.board.terminals import Pins, Terminals
from sim.board.timeline import Timeline
from sim.board.vehicle import Vehicle


@dataclass(frozen=True)
class Wiring:
    """How an EVSE is built. ``economiser``: its coil is driven by a PWM channel in place of an output.

    ``holster``: a cable of its own hangs in a holster, and that is what the lock holds.
    """

    lock: LockKind = "motor"
    holster: bool = False
    economiser: bool = False


PLAIN = Wiring()


class Evse:
    """Number ``number`` on the board. ``import_wh`` is the true register of its meter, never quantised.

    `settle` after anything has changed: parts, then the vehicle, then what the station sees.
    """

    def __init__(
        self,
        number: int,
        vehicle: Vehicle,
        timeline: Timeline,
        pins: Pins,
        mains: Mains,
        *,
        wiring: Wiring,
        start_wh: float,
    ) -> None:
        self.number = number
        self.vehicle = vehicle
        self.wiring = wiring
        self.marks = Marks()
        self.defects = Defects(self.settle)
        self.meter = MeterFaults(self.defects)
        self.contactor = Contactor(self._contactor_moved, self.defects)
        self.lock = Lock(wiring.lock, self._lock_moved, self.defects)
        self.residual_device = ResidualDevice(self._residual_device_moved, self.defects)
        self.temperature_mc = 25_000
        self.cable_a = 32
        self._noise_mv: int | None = None
        self._mains = mains
        self._start_wh = start_wh
        self._duty_e4 = STEADY_HIGH_E4
        self._commanded = False
        self._was_closed = False
        self._ventilated = False
        self._timeline = timeline
        self._pilot: PilotState = "A"
        self._drawing = False
        self._timer: asyncio.TimerHandle | None = None
        self.terminals = Terminals(self, pins)
        self.update()

    @property
    def pilot_mv(self) -> tuple[int, int]:
        """The pilot's highest and lowest voltage as the station sees them."""
        high_mv, low_mv = peaks_mv(self._pilot, self._duty_e4, self.defects)
        return high_mv if self._noise_mv is None else self._noise_mv, low_mv

    @property
    def import_wh(self) -> float:
        return self._start_wh + self.vehicle.drawn_wh

    def phase_power_w(self) -> Volts:
        """Return the power of each phase; a single-phase vehicle uses L1."""
        return self.vehicle.phase_power_w(self._supply())

    def change(self, do: Callable[[Vehicle], None]) -> None:
        """Let something happen to the vehicle now."""
        self.update()
        do(self.vehicle)
        self.update()

    def disturb_pilot(self, mv: int, for_s: float) -> None:
        """Show the station a wrong peak for a moment, then what is true."""
        self._noise_mv = mv
        self.update()
        asyncio.get_running_loop().call_later(for_s, self._calm_pilot)

    def settle(self) -> None:
        """A defect came or went: every part takes it in."""
        for part in (self.contactor, self.lock, self.residual_device):
            part.settle()
        self.update()

    def update(self) -> None:
        """Let the vehicle live up to this moment, then tell it and the pins what is true now."""
        self.vehicle.advance(self._timeline.billing_ms())
        line_is_sound = seen_state(self.vehicle.state, self.defects) == self.vehicle.state
        self.vehicle.supply(offered_a(self._duty_e4) if line_is_sound else 0.0, self._supply())
        self._mark_changes()
        self.terminals.show()
        self._arm()

    def state(self) -> dict[str, Any]:
        """Return what is true now, for the control socket."""
        self.update()
        vehicle = self.vehicle
        return {
            "pilot": "F" if self._duty_e4 == STEADY_LOW_E4 else self._pilot,
            "plugged": vehicle.plugged,
            "ready": vehicle.ready,
            "full": vehicle.full,
            "asleep": vehicle.asleep,
            "stubborn": vehicle.stubborn,
            "ventilation": vehicle.ventilation,
            "overdraw": vehicle.overdraw,
            "contactor_closed": self.contactor.closed,
            "lock": "locked" if self.lock.locked else "released",
            "duty_e4": self._duty_e4,
            "limit_a": offered_a(self._duty_e4),
            "watts": vehicle.power_w,
            "import_wh": self.import_wh,
            "cable_a": self.cable_a,
            "temperature_mc": self.temperature_mc,
            "residual_tripped": self.residual_device.tripped,
            "ventilated": self._ventilated,
            "defects": self.defects.names(),
            "marks": dict(self.marks.ns),
            "now_ns": time.monotonic_ns(),
        }

    def _calm_pilot(self) -> None:
        self._noise_mv = None
        self.update()

    # -- what the station drives, through its terminals ----------------------------------------------------

    def drive_coil(self, duty_e4: int) -> None:
        """Set the contactor coil's current in 1/10000."""
        commanded = duty_e4 >= HOLDS_E4
        if commanded != self._commanded:
            self._commanded = commanded
            self.marks.set("commanded_closed" if commanded else "commanded_open")
        self.contactor.drive(duty_e4)

    def set_pilot(self, duty_e4: int) -> None:
        """Set the pilot's duty in 1/10000."""
        self.update()
        self._duty_e4 = duty_e4
        if duty_e4 == STEADY_LOW_E4:
            self.vehicle.wake()
        self.update()

    def test_residual_device(self, on: bool) -> None:
        """Begin or end the residual current device's test."""
        if on:
            self.marks.set("residual_tested")
        self.residual_device.test(on)

    def ventilate(self, on: bool) -> None:
        """Switch the fan of the place."""
        self._ventilated = on

    # -- what the parts say --------------------------------------------------------------------------------

    def _contactor_moved(self) -> None:
        if self.contactor.closed != self._was_closed:
            self._was_closed = self.contactor.closed
            self.marks.set("contactor_closed" if self._was_closed else "contactor_opened")
        self.update()

    def _lock_moved(self) -> None:
        self.marks.set("lock_locked" if self.lock.locked else "lock_released")
        self.terminals.show()

    def _residual_device_moved(self) -> None:
        if self.residual_device.tripped and "leak" in self.defects:
            self.marks.set("leaked")
        self.terminals.show()

    def _supply(self) -> Volts:
        """The voltages behind the contactor."""
        return self._mains.volts if self.contactor.closed else NO_VOLTS

    def _mark_changes(self) -> None:
        pilot = seen_state(self.vehicle.state, self.defects)
        if self._pilot in "CD" and pilot not in "CD":
            self.marks.set("left_c")
        self._pilot = pilot
        if self.vehicle.drawing != self._drawing:
            self._drawing = self.vehicle.drawing
            self.marks.set("power_on" if self._drawing else "power_off")

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ms = self.vehicle.next_change_ms()
        if due_ms != float("inf"):
            self._timer = self._timeline.call_at(due_ms + 1, self.update)
