"""One EVSE's hardware with the vehicle at it: pilot circuit, contactor, lock."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from sim.board.marks import Marks
from sim.board.parts import Contactor, Lock
from sim.board.timeline import Timeline
from sim.board.vehicle import PHASE_V, Vehicle, offered_a

STEADY_HIGH_E4 = 10_000
_PILOT_MV = {"A": 12_000, "B": 9_000, "C": 6_000}
_LOW_MV = -12_000


class Pins(Protocol):
    """Where inputs are made visible to the station."""

    def publish(self, kind: str, values: dict[str, Any]) -> None:
        """Set values of kind ``in`` or ``adc``; what has changed is sent at once."""


class Evse:
    """Number ``number`` on the board. ``import_wh`` is the true register of its meter, never quantised."""

    def __init__(
        self, number: int, vehicle: Vehicle, timeline: Timeline, pins: Pins, start_wh: float
    ) -> None:
        self.number = number
        self.vehicle = vehicle
        self.marks = Marks()
        self.contactor = Contactor(self._contactor_moved)
        self.lock = Lock(self._lock_moved)
        self.diode_ok = True
        self._start_wh = start_wh
        self._duty_e4 = STEADY_HIGH_E4
        self._coil = False
        self._timeline = timeline
        self._pins = pins
        self._pilot = "A"
        self._drawing = False
        self._timer: asyncio.TimerHandle | None = None
        self._outputs: dict[str, Callable[[bool], None]] = {
            self.name("contactor"): self._switch_coil,
            self.name("lock_forward"): lambda on: self.lock.drive(forward=on),
            self.name("lock_reverse"): lambda on: self.lock.drive(reverse=on),
        }
        self.publish_inputs()
        self.update()

    def name(self, part: str) -> str:
        """Return the board's name of one of this EVSE's ports."""
        return f"evse{self.number}.{part}"

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(self._outputs)

    @property
    def import_wh(self) -> float:
        return self._start_wh + self.vehicle.drawn_wh

    @property
    def power_w(self) -> float:
        return self.vehicle.power_w

    def phase_power_w(self) -> tuple[float, float, float]:
        """Return the power of each phase; a single-phase vehicle uses L1."""
        used = self.vehicle.phases
        share = self.vehicle.power_w / used
        return (share, share if used == 3 else 0.0, share if used == 3 else 0.0)

    def drive(self, output: str, on: bool) -> None:
        """Switch an output. Raises KeyError for one that this EVSE does not have."""
        self._outputs[output](on)

    def set_duty(self, duty_e4: int) -> None:
        """Set the pilot's duty in 1/10000."""
        self._duty_e4 = duty_e4
        self.update()

    def change(self, do: Callable[[Vehicle], None]) -> None:
        """Let something happen to the vehicle now."""
        self.update()
        do(self.vehicle)
        self.update()

    def update(self) -> None:
        """Let the vehicle live up to this moment, then tell it and the pins what is true now."""
        self.vehicle.advance(self._timeline.billing_ms())
        self.vehicle.supply(offered_a(self._duty_e4), contactor_closed=self.contactor.closed)
        self._mark_changes()
        self._pins.publish("adc", self._pilot_voltages())
        self._arm()

    def publish_inputs(self) -> None:
        """Publish the digital inputs."""
        inputs = {"contactor_mirror": not self.contactor.closed, "lock_feedback": self.lock.locked}
        self._pins.publish("in", {self.name(part): value for part, value in inputs.items()})

    def state(self) -> dict[str, Any]:
        """Return what is true now, for the control socket."""
        self.update()
        vehicle = self.vehicle
        return {
            "pilot": "F" if self._duty_e4 == 0 else self._pilot,
            "plugged": vehicle.plugged,
            "ready": vehicle.ready,
            "full": vehicle.full,
            "contactor_closed": self.contactor.closed,
            "lock": "locked" if self.lock.locked else "released",
            "duty_e4": self._duty_e4,
            "limit_a": offered_a(self._duty_e4),
            "watts": vehicle.power_w,
            "import_wh": self.import_wh,
            "welded": self.contactor.welded,
            "jammed": self.lock.jammed,
            "marks": dict(self.marks.ns),
            "now_ns": time.monotonic_ns(),
        }

    def _switch_coil(self, on: bool) -> None:
        if on != self._coil:
            self._coil = on
            self.marks.set("commanded_closed" if on else "commanded_open")
        self.contactor.energise(on)

    def _contactor_moved(self) -> None:
        self.marks.set("contactor_closed" if self.contactor.closed else "contactor_opened")
        self.publish_inputs()
        self.update()

    def _lock_moved(self) -> None:
        self.marks.set("lock_locked" if self.lock.locked else "lock_released")
        self.publish_inputs()

    def _mark_changes(self) -> None:
        vehicle = self.vehicle
        pilot = "A" if not vehicle.plugged else "C" if vehicle.s2_closed else "B"
        if self._pilot == "C" != pilot:
            self.marks.set("left_c")
        self._pilot = pilot
        if vehicle.drawing != self._drawing:
            self._drawing = vehicle.drawing
            self.marks.set("power_on" if self._drawing else "power_off")

    def _pilot_voltages(self) -> dict[str, int]:
        if self._duty_e4 == 0:
            high = low = _LOW_MV
        else:
            high = low = _PILOT_MV[self._pilot]
            if self._duty_e4 < STEADY_HIGH_E4:
                low = _LOW_MV if self.diode_ok or self._pilot == "A" else -high
        return {self.name("pilot_high"): high, self.name("pilot_low"): low}

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ms = self.vehicle.next_change_ms()
        if due_ms != float("inf"):
            self._timer = self._timeline.call_at(due_ms + 1, self.update)


def phase_voltages(billing_ms: int) -> tuple[float, float, float]:
    """Return the phases' voltages at a time: about 230 V, wandering by some tenths as mains do."""
    tenths = [((billing_ms // 1_000 + 7 * phase) % 13 - 6) / 10 for phase in range(3)]
    return (PHASE_V + tenths[0], PHASE_V + tenths[1], PHASE_V + tenths[2])
