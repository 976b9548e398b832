"""The interlock of one EVSE, pure: samples and lease messages in, commands out.

Safety is a predicate recomputed after every event. The contactor may be closed only while the lease stands,
the vehicle asks for energy (state C), the connector is locked, PWM is offered, and no fault stands. It opens
without waiting when the vehicle leaves C, at an emergency stop and at any fault; when only the permission
ends, the pilot is taken back first and the vehicle given time to ramp down (IEC 61851-1, Table A.6, 10.2).
"""

from collections.abc import Callable
from dataclasses import replace

from firmware.interlock.model import (
    DUTY_GAP_MS,
    STEADY_E4,
    AgentConnected,
    BoardFailed,
    ClearOrdered,
    Commands,
    Event,
    Granted,
    Lease,
    LockOrdered,
    Permission,
    Sampled,
    State,
    Withdrawn,
)
from firmware.interlock.pilot import PLUGGED_IN, PilotState

MAX_LEASE_MS = 60_000
"""No permission outlives this, whatever the agent asks for: silence opens."""
MIRROR_MS = 1_000
"""The mirror contact must have followed the coil within this time; so long a contactor also rests."""
ARMATURE_MS = 100
"""Contacts that were told otherwise halfway may still touch for this long, unseen by the mirror contact."""
RAMP_MS = 6_000
"""PWM withdrawn and the vehicle still in C: open under load after this (IEC 61851-1, Table A.6)."""
DIODE_MS = 50
DIODE_LOW_MV = -10_000
LOCK_MS = 500
LOCK_REST_MS = 250
"""Between two tries of the lock motor: a bolt under strain comes free when it is let go."""
LOCK_TRIES = 3

DutyFor = Callable[[int], int]

LATCHING = frozenset({"ContactorWelded", "ContactorFailedToClose", "ConnectorLockFailure", "DiodeFault"})


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
    if event.seq <= state.seq:
        return state  # late or twice: harmless
    state = replace(state, seq=event.seq)
    match event:
        case Granted():
            return _granted(state, event)
        case Withdrawn():
            return replace(state, lease=None, permission="none")
        case LockOrdered():
            return replace(state, lock_order=event.locked, lock_tries=0)
        case ClearOrdered():
            return _cleared(state)
    return state


def _sampled(state: State, sample: Sampled) -> State:
    before = state.seen
    if before is None:
        # a contactor that the last process or a lost board let go may still be falling
        state = replace(state, switched_ms=state.now_ms)
    elif before.mirror_open != sample.mirror_open:
        state = _moved(state, sample)
    low_ok = state.commands.duty_e4 == STEADY_E4 or sample.low_mv <= DIODE_LOW_MV
    bad_since_ms = sample.at_ms if state.diode_bad_ms is None else state.diode_bad_ms
    return replace(
        state,
        seen=sample,
        pilot=state.pilot.sampled(sample.high_mv, sample.at_ms),
        diode_bad_ms=None if low_ok else bad_since_ms,
    )


def _moved(state: State, sample: Sampled) -> State:
    """Note when the main contacts moved, by the mirror contact."""
    if sample.mirror_open:
        return replace(state, opened_at_ms=sample.at_ms)
    return replace(state, closed_at_ms=sample.at_ms)


def _without_board(state: State) -> State:
    opened_at_ms = state.now_ms if state.closed else state.opened_at_ms
    state = _faulted(state, state.faults | {"BoardLost"})
    return replace(state, seen=None, pilot=PilotState(), opened_at_ms=opened_at_ms)


def _granted(state: State, grant: Granted) -> State:
    """Take a permission, unless the agent gave it without knowing yet of a fault."""
    if state.faults or state.permission == "void":
        return replace(state, permission="void")
    limit_ma = min(grant.limit_ma, state.max_current_ma)
    until_ms = grant.at_ms + min(grant.for_ms, MAX_LEASE_MS)
    return replace(state, lease=Lease(limit_ma, until_ms), permission="standing")


def _cleared(state: State) -> State:
    """Forget the latched faults; one whose cause still stands is back within this very step."""
    if state.seen is None:
        return state
    return replace(state, faults=state.faults - LATCHING, lock_tries=0)


# faults


def _with_faults(state: State) -> State:
    """A fault that ended a permission stands until the agent has taken that permission back.

    However short it was, a charge does not go on by itself: an agent that was away must hear of it too.
    """
    kept = state.faults if state.permission == "void" else state.faults & LATCHING
    return _faulted(state, kept | _standing(state))


def _faulted(state: State, faults: frozenset[str]) -> State:
    """Let ``faults`` stand; any of them ends the lease, and voids renewals that may be under way already."""
    if not faults:
        return replace(state, faults=faults)
    permission: Permission = "none" if state.permission == "none" else "void"
    return replace(state, faults=faults, lease=None, permission=permission)


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
    """Return whether the connector is to be locked, None to leave it as it is.

    Under voltage and while power is on offer it must be; released it is not before the contacts stand still.
    """
    if state.closed or (state.leased_ma and state.pilot.state in PLUGGED_IN):
        return True
    if state.lock_order is False and state.now_ms - state.switched_ms < ARMATURE_MS:
        return None
    return state.lock_order


def _with_lock(state: State) -> State:
    """Drive the motor in tries, with rests between, until the feedback says what is wanted."""
    wanted, seen, now_ms = lock_wanted(state), state.seen, state.now_ms
    assert seen is not None
    if wanted is None or wanted == seen.locked:
        return _lock_driven(replace(state, lock_tries=0), direction=0, until_ms=now_ms)
    if now_ms < state.lock_until_ms:
        return state
    if state.commands.lock:
        return _lock_driven(state, direction=0, until_ms=now_ms + LOCK_REST_MS)
    if state.lock_tries >= LOCK_TRIES:
        return state
    state = replace(state, lock_tries=state.lock_tries + 1)
    return _lock_driven(state, direction=1 if wanted else -1, until_ms=now_ms + LOCK_MS)


def _lock_driven(state: State, direction: int, until_ms: int) -> State:
    return replace(state, commands=replace(state.commands, lock=direction), lock_until_ms=until_ms)


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
    seen = state.seen
    assert seen is not None
    offered = state.commands.duty_e4 != STEADY_E4 and seen.low_mv <= DIODE_LOW_MV  # seen on the pilot itself
    ready = state.pilot.state == "C" and seen.locked and seen.mirror_open
    rested = state.now_ms - state.switched_ms >= MIRROR_MS
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
        state.switched_ms + ARMATURE_MS,
        state.lock_until_ms,
        state.duty_changed_ms + DUTY_GAP_MS,
        state.withdrawn_ms + RAMP_MS if state.commands.closed else None,
        None if state.diode_bad_ms is None else state.diode_bad_ms + DIODE_MS,
    ]
    return min((limit for limit in limits if limit is not None and limit > state.now_ms), default=None)
