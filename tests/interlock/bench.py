"""One EVSE on made-up time: the interlock's core with a vehicle, a contactor and a lock motor that answer.

Time moves from one deadline of the core to the next, as the process's loop does, so a time limit that the
core forgets to announce is missed here too. What must never be is checked after every step.
"""

from typing import Any, Literal

from drivers.control_pilot import duty_e4
from firmware.interlock import core, times
from firmware.interlock.model import (
    AgentConnected,
    BoardFailed,
    ClearOrdered,
    Commands,
    Event,
    Granted,
    LockOrdered,
    MeterMeasured,
    Recalled,
    Rules,
    Sampled,
    Stage,
    State,
    Withdrawn,
)
from firmware.interlock.pilot import PLUGGED_IN
from tests.interlock.promises import broken_promises

CONTACTOR_MS = 10
LOCK_MS = 60
PILOT_MS = 1
"""A pilot that was told another duty shows it after one period."""
PILOT_MV = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000, "E": 0, "F": -12_000}
STEADY_E4 = 10_000
TRIP_MS = 20
"""The residual current device trips so long after it is told to, and comes back so long after its test."""
PLAIN = Rules(32_000)
FULL = PLAIN._replace(residual_current=True, proximity="iec", ventilation=True, economiser=True)
"""Everything that changes the way to energy."""


class Bench:
    """Actions are what people, vehicle and agent do; each is taken in at once, without time passing."""

    def __init__(self, rules: Rules = PLAIN, *, welded: bool = False) -> None:
        self.ms = 1_000_000
        self.rules = rules
        self.state = State(rules)
        self.vehicle = "A"
        self.mirror_open, self.welded = not welded, welded
        self.bolt_locked = False
        self.pressed = self.coil_broken = self.lock_jammed = self.diode_broken = False
        self.leaks = self.residual_device_broken = self.door_open = self.power_failing = False
        self.temperature_mc: int | None = 25_000
        self.cable_ohm: int | None = 220
        self.board_there = True
        self.closings = 0
        self.when_ms: dict[str, int] = {}
        self.pulses: list[int] = []
        self._tripped = False
        self._device_moves_ms: int | None = None
        self._contactor_moves_ms: int | None = None
        self._lock_moves_ms: int | None = None
        self._pilot_moves_ms: int | None = None
        self._duty_on_the_line_e4 = STEADY_E4
        self._switched_ms: int | None = None
        self._duty_before_e4 = STEADY_E4
        self._withdrawn_ms = self.ms
        self._seq = 0
        self.sample().let(2_000)

    # what is true

    @property
    def closed(self) -> bool:
        """Whether the contactor is commanded closed."""
        return self.state.commands.closed

    @property
    def duty_e4(self) -> int:
        return self.state.commands.duty_e4

    @property
    def stage(self) -> Stage:
        return self.state.stage

    @property
    def faults(self) -> set[str]:
        return set(self.state.faults)

    # time

    def let(self, ms: int) -> "Bench":
        """Let time pass; whatever moves or falls due in between happens at its time."""
        end_ms = self.ms + ms
        while True:
            moves = (
                self._contactor_moves_ms,
                self._lock_moves_ms,
                self._pilot_moves_ms,
                self._device_moves_ms,
            )
            dues = (core.next_deadline_ms(self.state), *moves)
            due_ms = min((due for due in dues if due is not None and due > self.ms), default=end_ms)
            self.ms = min(due_ms, end_ms)
            self._move_parts()
            self.sample()
            if self.ms >= end_ms:
                return self

    def sample(self) -> "Bench":
        """Let the core see what is true now."""
        if not self.board_there:
            return self
        high_mv = low_mv = PILOT_MV[self.vehicle]
        if self._duty_on_the_line_e4 < STEADY_E4:
            low_mv = -high_mv if self.diode_broken and self.vehicle in "BCD" else -12_000
        if self._duty_on_the_line_e4 == 0:
            high_mv = low_mv
        return self.see(high_mv, low_mv)

    def see(self, high_mv: int, low_mv: int = -12_000) -> "Bench":
        """Let the core see these pilot voltages."""
        plugged = self.vehicle in PLUGGED_IN
        return self.step(
            Sampled(
                self.ms,
                high_mv,
                low_mv,
                self.mirror_open,
                self.bolt_locked or self.rules.lock == "none",
                self.pressed,
                residual_current=self._tripped or self.leaks,
                door_open=self.door_open,
                power_failing=self.power_failing,
                temperature_mc=self.temperature_mc if self.rules.derating else None,
                proximity_ohm=(self.cable_ohm if plugged else 100_000)
                if self.rules.proximity != "none"
                else None,
            )
        )

    def step(self, event: Event) -> "Bench":
        """Put one event to the core and carry its commands out."""
        before = self.state
        self.state = core.step(before, event, duty_e4)
        self._assert_safe(before, event)
        self._carry_out(before.commands, self.state.commands)
        self._note(before, self.state)
        return self

    # the agent

    def grant(self, amperes: float = 16, seconds: float = 15, seq: int | None = None) -> "Bench":
        limit_ma, for_ms = round(amperes * 1000), round(seconds * 1000)
        return self.step(Granted(self.ms, self._numbered(seq), limit_ma, for_ms))

    def withdraw(self, seq: int | None = None) -> "Bench":
        return self.step(Withdrawn(self.ms, self._numbered(seq)))

    def order_lock(self) -> "Bench":
        return self.step(LockOrdered(self.ms, self._numbered(None), True))

    def order_release(self) -> "Bench":
        return self.step(LockOrdered(self.ms, self._numbered(None), False))

    def clear_faults(self, by: Literal["engineer", "backend"] = "engineer") -> "Bench":
        return self.step(ClearOrdered(self.ms, self._numbered(None), by))

    def recall(self, *names: str) -> "Bench":
        return self.step(Recalled(self.ms, self._numbered(None), frozenset(names)))

    def measure(self, volts: Any = (230, 230, 230), amperes: Any = (0, 0, 0)) -> "Bench":
        """Tell what the meter measures: volts and amperes of the three phases, None where it does not."""
        mv: Any = tuple(None if value is None else round(value * 1000) for value in volts)
        ma: Any = tuple(None if value is None else round(value * 1000) for value in amperes)
        return self.step(MeterMeasured(self.ms, self._numbered(None), mv, ma))

    def measure_for(self, seconds: int, volts: Any = (230, 230, 230), amperes: Any = (0, 0, 0)) -> "Bench":
        """Let time pass with the meter telling the same once a second, and the lease renewed."""
        for _ in range(seconds):
            if self.state.permission == "standing":
                self.grant()
            self.measure(volts, amperes).let(1_000)
        return self

    def agent_connects(self) -> "Bench":
        self._seq = 0
        return self.step(AgentConnected(self.ms))

    # vehicle, people, things

    def vehicle_goes_to(self, pilot: str) -> "Bench":
        self.vehicle = pilot
        return self.sample()

    def plug_in(self) -> "Bench":
        return self.vehicle_goes_to("B")

    def unplug(self) -> "Bench":
        return self.vehicle_goes_to("A")

    def press_emergency_stop(self) -> "Bench":
        self.pressed = True
        return self.sample()

    def release_emergency_stop(self) -> "Bench":
        self.pressed = False
        return self.sample()

    def charge(self) -> "Bench":
        """Plug in, get a lease, lock, ask for energy: the contactor closes."""
        self.plug_in().grant().let(200).vehicle_goes_to("C").let(100)
        assert self.closed
        assert not self.mirror_open
        return self

    def leak(self) -> "Bench":
        self.leaks = True
        return self.sample()

    def heat_to(self, celsius: float) -> "Bench":
        self.temperature_mc = round(celsius * 1000)
        return self.sample()

    def lose_board(self) -> "Bench":
        """The board falls silent: its outputs go to their safe values."""
        self.board_there = False
        self.step(BoardFailed(self.ms))
        self._contactor_moves_ms = self._lock_moves_ms = self._pilot_moves_ms = None
        self._device_moves_ms, self._tripped = None, False
        self.mirror_open = not (self.welded and not self.mirror_open)
        self._duty_on_the_line_e4 = STEADY_E4
        return self

    def find_board(self) -> "Bench":
        self.board_there = True
        return self.sample()

    # how parts answer

    def _numbered(self, seq: int | None) -> int:
        self._seq = max(self._seq, seq) if seq is not None else self._seq + 1
        return self._seq if seq is None else seq

    def _carry_out(self, before: Commands, now: Commands) -> None:
        if now.closed != before.closed:
            self._contactor_moves_ms = self._switched_ms = self.ms + CONTACTOR_MS
            self.closings += now.closed
        if now.residual_test != before.residual_test:
            self._device_moves_ms = self.ms + TRIP_MS
        if now.lock != before.lock:
            falls = self.rules.lock == "solenoid"  # without current its spring releases the bolt
            self._lock_moves_ms = self.ms + LOCK_MS if now.lock or falls else None
            if now.lock:
                self.pulses.append(now.lock)
        if now.duty_e4 != before.duty_e4:
            self._pilot_moves_ms = self.ms + PILOT_MS
        self._duty_before_e4 = now.duty_e4
        if now.duty_e4 == STEADY_E4 != before.duty_e4:
            self._withdrawn_ms = self.ms

    def _note(self, before: State, now: State) -> None:
        """Keep when what happened last."""
        happened = now.faults - before.faults
        if before.commands.closed and not now.commands.closed:
            happened |= {"opened"}
        if before.commands.duty_e4 != now.commands.duty_e4:
            happened |= {"offer changed"}
        self.when_ms |= dict.fromkeys(happened, self.ms)

    def _move_parts(self) -> None:
        if self._contactor_moves_ms is not None and self.ms >= self._contactor_moves_ms:
            self._contactor_moves_ms = None
            closed = self.closed and not self.coil_broken
            self.mirror_open = not (closed or (self.welded and not self.mirror_open))
        if self._lock_moves_ms is not None and self.ms >= self._lock_moves_ms:
            self._lock_moves_ms = None
            if not self.lock_jammed:
                self.bolt_locked = self.state.commands.lock == 1
        if self._device_moves_ms is not None and self.ms >= self._device_moves_ms:
            self._device_moves_ms = None
            self._tripped = self.state.commands.residual_test and not self.residual_device_broken
        if self._pilot_moves_ms is not None and self.ms >= self._pilot_moves_ms:
            self._pilot_moves_ms, self._duty_on_the_line_e4 = None, self.duty_e4

    # what must hold whatever happens

    def _assert_safe(self, before: State, event: Event) -> None:
        """The promises, and what is true of the parts themselves, which the core knows by its inputs only."""
        assert not list(broken_promises(before, event, self.state))
        if self.closed:
            self._assert_parts_may_be_under_voltage()
        if self.closed and not before.commands.closed:
            self._assert_parts_may_meet_voltage()
        if self.state.commands.lock == -1:
            assert self.mirror_open
            assert self._contactor_moves_ms is None, "contacts on their way may touch"

    def _assert_parts_may_be_under_voltage(self) -> None:
        assert self.board_there
        assert self.bolt_locked or self.rules.lock == "none" or self.rules.lock_holds == "holster"
        if self.duty_e4 == STEADY_E4:
            withdrawn_ms = self._withdrawn_ms if self._duty_before_e4 == STEADY_E4 else self.ms
            assert self.ms - withdrawn_ms < times.RAMP_MS

    def _assert_parts_may_meet_voltage(self) -> None:
        assert self._duty_on_the_line_e4 != STEADY_E4
        assert not self.diode_broken
        assert not self.leaks
        assert (
            self._switched_ms is None or self.ms - self._switched_ms >= self.rules.reclose_ms - CONTACTOR_MS
        )
