"""The interlock of one EVSE, pure: samples and lease messages in, commands out.

Safety is a predicate recomputed after every event. The contactor may be closed only while the lease stands,
the vehicle asks for energy (state C), the connector is locked, PWM is offered, and no fault stands. It opens
without waiting when the vehicle leaves C, at an emergency stop and at any fault; when only the permission
ends, the pilot is taken back first and the vehicle given time to ramp down (IEC 61851-1, Table A.6, 10.2).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from firmware.interlock.pilot import PLUGGED_IN, PilotState

MIRROR_MS = 1_000
"""The mirror contact must have followed the coil within this time."""
RAMP_MS = 6_000
"""PWM withdrawn and the vehicle still in C: open under load after this (IEC 61851-1, Table A.6)."""
DUTY_GAP_MS = 5_000
"""Between two changes of the offered current (IEC 61851-1, A.5.4)."""
DIODE_MS = 50
DIODE_LOW_MV = -10_000
LOCK_MS = 500
LOCK_TRIES = 3
STEADY_E4 = 10_000

DutyFor = Callable[[int], int]

LATCHING = frozenset({"ContactorWelded", "ContactorFailedToClose", "ConnectorLockFailure", "DiodeFault"})


@dataclass(frozen=True, slots=True)
class Sampled:
    """All inputs of one EVSE, read together. Times are the kernel's monotonic milliseconds."""

    at_ms: int
    high_mv: int
    low_mv: int
    mirror_open: bool
    locked: bool
    emergency_stop: bool


@dataclass(frozen=True, slots=True)
class Granted:
    at_ms: int
    seq: int
    limit_ma: int
    for_ms: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    at_ms: int
    seq: int


@dataclass(frozen=True, slots=True)
class LockOrdered:
    at_ms: int
    seq: int
    locked: bool


@dataclass(frozen=True, slots=True)
class ClearOrdered:
    at_ms: int
    seq: int


@dataclass(frozen=True, slots=True)
class AgentConnected:
    """A new connection counts its sequence numbers from the start."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class BoardFailed:
    """Inputs are void and outputs at their safe values until the next `Sampled`."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class TimePassed:
    at_ms: int


Event = (
    Sampled | Granted | Withdrawn | LockOrdered | ClearOrdered | AgentConnected | BoardFailed | TimePassed
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Commands:
    """What the outputs are to be. ``lock`` is the motor's direction: 1 locks, -1 releases, 0 stands."""

    closed: bool = False
    duty_e4: int = STEADY_E4
    lock: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    limit_ma: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """One EVSE. ``*_ms`` are when something began; ``lock_order`` is the agent's wish, None before one."""

    max_current_ma: int
    now_ms: int = 0
    seen: Sampled | None = None
    pilot: PilotState = field(default_factory=PilotState)
    commands: Commands = field(default_factory=Commands)
    lease: Lease | None = None
    seq: int = 0
    lock_order: bool | None = None
    lock_tries: int = 0
    lock_until_ms: int = 0
    duty_changed_ms: int = -DUTY_GAP_MS
    switched_ms: int = 0
    withdrawn_ms: int = 0
    diode_bad_ms: int | None = None
    faults: frozenset[str] = frozenset()
    opened_at_ms: int = 0
    closed_at_ms: int = 0

    @property
    def closed(self) -> bool:
        """Whether energy may be on: by command, or by what the mirror contact says."""
        return self.commands.closed or (self.seen is not None and not self.seen.mirror_open)

    @property
    def leased_ma(self) -> int:
        """The current that the lease allows now, 0 without one."""
        return self.lease.limit_ma if self.lease is not None and self.now_ms < self.lease.until_ms else 0


def step(state: State, event: Event, duty_for: DutyFor) -> State:
    """Return the state after an event; its ``commands`` are what the outputs are to be from now on.

    ``duty_for`` gives the duty in 1/10000 that offers a current in mA (`drivers.control_pilot.duty_e4`).
    """
    state = _taken_in(replace(state, now_ms=max(state.now_ms, event.at_ms)), event)
    if state.seen is None:
        return replace(state, commands=Commands())
    state = _with_faults(state)
    state = _with_lock(state)
    state = _with_duty(state, duty_for)
    return _with_contactor(state)


# facts


def _taken_in(state: State, event: Event) -> State:
    match event:
        case Sampled():
            return _sampled(state, event)
        case BoardFailed():
            return _without_board(state)
        case AgentConnected():
            return replace(state, seq=0)
        case TimePassed():
            return _waited(state)
    if event.seq <= state.seq:
        return state  # late or twice: harmless
    state = replace(state, seq=event.seq)
    match event:
        case Granted():
            return _granted(state, event)
        case Withdrawn():
            return replace(state, lease=None)
        case LockOrdered():
            return replace(state, lock_order=event.locked, lock_tries=0)
        case ClearOrdered():
            return replace(state, faults=state.faults - LATCHING, lock_tries=0, switched_ms=state.now_ms)
    return state


def _sampled(state: State, sample: Sampled) -> State:
    before = state.seen
    if before is not None and before.mirror_open != sample.mirror_open:
        state = _moved(state, sample)
    low_ok = state.commands.duty_e4 == STEADY_E4 or sample.low_mv <= DIODE_LOW_MV
    bad_since_ms = sample.at_ms if state.diode_bad_ms is None else state.diode_bad_ms
    return replace(
        state,
        seen=sample,
        pilot=state.pilot.sampled(sample.high_mv, sample.at_ms),
        diode_bad_ms=None if low_ok else bad_since_ms,
        faults=state.faults - {"BoardLost"},
    )


def _waited(state: State) -> State:
    """What was seen last still holds: a pilot state that has now stood long enough counts."""
    if state.seen is None:
        return state
    return replace(state, pilot=state.pilot.sampled(state.seen.high_mv, state.now_ms))


def _moved(state: State, sample: Sampled) -> State:
    """Note when the main contacts moved, by the mirror contact."""
    if sample.mirror_open:
        return replace(state, opened_at_ms=sample.at_ms)
    return replace(state, closed_at_ms=sample.at_ms)


def _without_board(state: State) -> State:
    opened_at_ms = state.now_ms if state.closed else state.opened_at_ms
    return replace(
        state,
        seen=None,
        pilot=PilotState(),
        lease=None,
        opened_at_ms=opened_at_ms,
        faults=state.faults | {"BoardLost"},
    )


def _granted(state: State, grant: Granted) -> State:
    if state.faults:
        return state  # a permission given before the fault was known does not outlive it
    limit_ma = min(grant.limit_ma, state.max_current_ma)
    return replace(state, lease=Lease(limit_ma, grant.at_ms + grant.for_ms))


# faults


def _with_faults(state: State) -> State:
    standing = (state.faults & LATCHING) | _standing(state)
    return replace(state, faults=standing, lease=None if standing else state.lease)


def _standing(state: State) -> frozenset[str]:
    """Return the faults that the inputs show now."""
    seen = state.seen
    assert seen is not None
    settled = state.now_ms - state.switched_ms >= MIRROR_MS
    faults = {
        "EmergencyStop": seen.emergency_stop,
        "PilotFault": state.pilot.state in "EF",
        "DiodeFault": _diode_failed(state),
        "ContactorWelded": settled and not state.commands.closed and not seen.mirror_open,
        "ContactorFailedToClose": settled and state.commands.closed and seen.mirror_open,
        "ConnectorLockFailure": _lock_failed(state),
    }
    return frozenset(name for name, stands in faults.items() if stands)


def _diode_failed(state: State) -> bool:
    """The vehicle's diode must cut off the negative half (IEC 61851-1, A.2.3): no vehicle has none."""
    bad_ms = state.diode_bad_ms
    return bad_ms is not None and state.pilot.state in PLUGGED_IN and state.now_ms - bad_ms >= DIODE_MS


# lock


def lock_wanted(state: State) -> bool | None:
    """Return whether the connector is to be locked; under voltage and while power is on offer it must be."""
    if state.closed or (state.leased_ma and state.pilot.state in PLUGGED_IN):
        return True
    return state.lock_order


def _with_lock(state: State) -> State:
    wanted, seen = lock_wanted(state), state.seen
    assert seen is not None
    if wanted is None or wanted == seen.locked:
        return _lock_rests(state, tries=0)
    if state.commands.lock == (1 if wanted else -1) and state.now_ms < state.lock_until_ms:
        return state
    if state.lock_tries >= LOCK_TRIES:
        return _lock_rests(state, tries=state.lock_tries)
    return replace(
        state,
        commands=replace(state.commands, lock=1 if wanted else -1),
        lock_tries=state.lock_tries + 1,
        lock_until_ms=state.now_ms + LOCK_MS,
    )


def _lock_rests(state: State, tries: int) -> State:
    return replace(state, commands=replace(state.commands, lock=0), lock_tries=tries)


def _lock_failed(state: State) -> bool:
    wanted, seen = lock_wanted(state), state.seen
    tried = state.lock_tries >= LOCK_TRIES and state.now_ms >= state.lock_until_ms
    return tried and seen is not None and wanted is not None and wanted != seen.locked


# pilot


def _with_duty(state: State, duty_for: DutyFor) -> State:
    wanted = duty_for(state.leased_ma) if _may_offer(state) else STEADY_E4
    present = state.commands.duty_e4
    if wanted == present:
        return state
    between_offers = STEADY_E4 not in (wanted, present)
    if between_offers and state.now_ms - state.duty_changed_ms < DUTY_GAP_MS:
        return state
    return replace(
        state,
        commands=replace(state.commands, duty_e4=wanted),
        duty_changed_ms=state.now_ms,
        withdrawn_ms=state.now_ms if wanted == STEADY_E4 else state.withdrawn_ms,
        diode_bad_ms=None,
    )


def _may_offer(state: State) -> bool:
    assert state.seen is not None
    plugged_in = state.pilot.state in PLUGGED_IN
    return bool(state.leased_ma) and not state.faults and plugged_in and state.seen.locked


# contactor


def _with_contactor(state: State) -> State:
    closed = _may_stay_closed(state) if state.commands.closed else _may_close(state)
    if closed == state.commands.closed:
        return state
    return replace(state, commands=replace(state.commands, closed=closed), switched_ms=state.now_ms)


def _may_close(state: State) -> bool:
    """State C only: D asks for ventilation, which this station does not have."""
    assert state.seen is not None
    offered = state.commands.duty_e4 != STEADY_E4
    ready = state.pilot.state == "C" and state.seen.locked and state.seen.mirror_open
    rested = state.now_ms - state.switched_ms >= MIRROR_MS or state.switched_ms == 0
    return _may_offer(state) and offered and ready and rested


def _may_stay_closed(state: State) -> bool:
    assert state.seen is not None
    if state.faults or state.pilot.state != "C" or not state.seen.locked:
        return False
    ramping = state.commands.duty_e4 == STEADY_E4
    return not ramping or state.now_ms - state.withdrawn_ms < RAMP_MS


# time


def next_deadline_ms(state: State) -> int | None:
    """Return when the next time limit passes, if nothing happens before."""
    if state.seen is None:
        return None
    limits = [
        state.pilot.due_ms(),
        state.lease.until_ms if state.lease else None,
        state.switched_ms + MIRROR_MS,
        state.lock_until_ms,
        state.duty_changed_ms + DUTY_GAP_MS,
        state.withdrawn_ms + RAMP_MS if state.commands.closed else None,
        None if state.diode_bad_ms is None else state.diode_bad_ms + DIODE_MS,
    ]
    return min((limit for limit in limits if limit is not None and limit > state.now_ms), default=None)
