"""The interlock of one EVSE, pure: samples and lease messages in, commands out.

Facts are taken in, then faults, lock and stage follow from them, in this order, after every event. When the
contactor is closed is decided by `sequence.TABLE`, which faults stand by `faults.RULES`, and by nothing else.
"""

from collections.abc import Callable
from typing import Literal

from firmware.interlock import faults, supply, times
from firmware.interlock.faults import LATCHING
from firmware.interlock.lock import with_lock
from firmware.interlock.model import (
    STEADY_E4,
    WAKE_E4,
    AgentConnected,
    BoardFailed,
    ClearOrdered,
    Commands,
    Event,
    Granted,
    LockOrdered,
    MeterMeasured,
    Permission,
    Recalled,
    Sampled,
    Stage,
    State,
    Told,
    Withdrawn,
)
from firmware.interlock.offer import cable_ma, derated_ma, offer_ma
from firmware.interlock.pilot import PilotState, classify
from firmware.interlock.sequence import commanded, next_stage

DutyFor = Callable[[int], int]


def step(state: State, event: Event, duty_for: DutyFor) -> State:
    """Return the state after an event; its ``commands`` are what the outputs are to be from now on.

    ``duty_for`` gives the duty in 1/10000 that offers a current in mA (`drivers.control_pilot.duty_e4`).
    """
    state = _taken_in(state._replace(now_ms=max(state.now_ms, event.at_ms)), event)
    seen = state.seen
    if seen is None:
        return state._replace(stage=Stage.EMPTY, commands=Commands(), offered_ma=0)
    state = _with_faults(_watched(state, seen), seen)
    state = _with_stage(with_lock(state, seen), seen)
    return _with_commands(state, duty_for)


def next_deadline_ms(state: State) -> int | None:
    """Return when the next time limit passes, if nothing happens before."""
    if state.seen is None:
        return None
    return min((due_ms for due_ms in state.timers if due_ms > state.now_ms), default=None)


def notes(state: State) -> frozenset[str]:
    """Return what goes on that is no fault, by the names of `lease.NOTES`."""
    cable, derated = cable_ma(state), state.derated_ma
    facts = {
        "TemperatureDerating": derated is not None and derated < state.rules.max_current_ma,
        "CableLimit": cable is not None and cable < state.rules.max_current_ma,
        "VentilationMissing": state.pilot.state == "D" and not state.rules.ventilation,
        "SelfTesting": state.stage is Stage.TESTING,
        "WakingVehicle": state.stage is Stage.WAKING,
    }
    return frozenset(name for name, holds in facts.items() if holds)


# facts


def _taken_in(state: State, event: Event) -> State:
    match event:
        case Sampled():
            return _sampled(state, event)
        case BoardFailed():
            return _without_board(state)
        case AgentConnected():
            return state._replace(seq=0)
        case _ if event.seq <= state.seq:
            return state  # late or twice: harmless
    return _told(state._replace(seq=event.seq), event)


def _told(state: State, event: Told) -> State:
    match event:
        case Granted():
            return _granted(state, event)
        case Withdrawn():
            return _left_by_unplugging(state.set_timers(lease=0)._replace(permission="none"))
        case LockOrdered():
            return state._replace(lock_order=event.locked, lock_tries=0)
        case ClearOrdered():
            return _cleared(state, event.by)
        case MeterMeasured():
            return _measured(state, event)
        case Recalled():
            return _faulted(state, state.faults | (event.faults & LATCHING))


def _sampled(state: State, sample: Sampled) -> State:
    before = state.seen
    if before is None:
        state = _found(state)
    elif before.mirror_open != sample.mirror_open:
        state = _moved(state, sample)
    return _with_pilot(state._replace(seen=sample), sample)


def _found(state: State) -> State:
    """The first sample after a start or a lost board: a contactor that was let go may still be falling."""
    falling = {"mirror": times.MIRROR_MS, "armature": times.ARMATURE_MS, "settle": times.SETTLE_MS}
    timers = state.timers._replace(residual=0, proximity=0, temperature=0)
    return state._replace(timers=timers).set_timers(**falling, reclose=state.rules.reclose_ms)


def _moved(state: State, sample: Sampled) -> State:
    """Note when the main contacts moved, by the mirror contact."""
    if sample.mirror_open:
        return state._replace(opened_at_ms=sample.at_ms)
    return state._replace(closed_at_ms=sample.at_ms)


def _with_pilot(state: State, sample: Sampled) -> State:
    """A new state counts when it has stood for `times.STABLE_MS`; our own state F hides the vehicle's."""
    if state.commands.duty_e4 == WAKE_E4:
        return state
    pilot = state.pilot
    seen = classify(sample.high_mv, pilot.state)
    if seen == pilot.seen and (seen == pilot.state or not state.passed("pilot")):
        return state
    if seen == pilot.seen:
        return _settled(state, seen)
    return state._replace(pilot=PilotState(pilot.state, seen)).set_timers(pilot=times.STABLE_MS)


def _settled(state: State, pilot: str) -> State:
    """The pilot counts as being in another state from now on."""
    state = state._replace(pilot=PilotState(pilot, pilot))
    return _left_by_unplugging(state)._replace(lock_tries=0) if pilot == "A" else state


def _left_by_unplugging(state: State) -> State:
    """Forget what pulling the plug mends, unless the agent has still to hear of it."""
    if state.pilot.state != "A" or state.permission == "void":
        return state
    return state._replace(faults=state.faults - faults.left_by("unplugging"))


def _without_board(state: State) -> State:
    if state.closed:
        state = state._replace(opened_at_ms=state.now_ms).set_timers(settle=times.SETTLE_MS)
    state = _faulted(state, state.faults | {"BoardLost"})
    return state._replace(seen=None, pilot=PilotState(), residual_tested=False, lock_tries=0)


def _granted(state: State, grant: Granted) -> State:
    """Take a permission, unless the agent gave it without knowing yet of a fault."""
    if state.faults or state.permission == "void":
        return state._replace(permission="void")
    limit_ma = min(grant.limit_ma, state.rules.max_current_ma)
    leased = state.set_timers(lease=min(grant.for_ms, times.MAX_LEASE_MS))
    return leased._replace(limit_ma=limit_ma, permission="standing")


def _cleared(state: State, by: Literal["engineer", "backend"]) -> State:
    """Forget latched faults; one whose cause still stands is back within this very step."""
    if state.seen is None:
        return state
    return state._replace(faults=state.faults - faults.left_by(by), lock_tries=0)


def _measured(state: State, measured: MeterMeasured) -> State:
    """Keep what the meter measures; long after opening, current means that the contacts have not opened."""
    live = supply.flows(measured) and not state.commands.closed and state.passed("settle")
    return state._replace(measured=measured, live=live).set_timers(measured=times.MEASURED_MS)


# what may be wrong for a time, and no longer


def _watched(state: State, seen: Sampled) -> State:
    """Start the time limit of everything that is wrong at this moment, and stop those of what is not."""
    wrong = {
        "diode": (not faults.diode_seen(state, seen), times.DIODE_MS),
        "mirror": (seen.mirror_open == state.commands.closed, times.MIRROR_MS),
        "residual": (seen.residual_current or state.stage is Stage.TESTING, times.RESIDUAL_MS),
        "proximity": (faults.proximity_wrong(state), times.PROXIMITY_MS),
        "temperature": (faults.temperature_wrong(state, seen), times.TEMPERATURE_MS),
        "voltage": (not supply.voltages_fine(state), times.VOLTAGE_MS),
        "over_current": (not supply.current_fine(state), times.OVER_CURRENT_MS),
    }
    due = state.timers._asdict()
    changed = {
        name: state.now_ms + length_ms if is_wrong else 0
        for name, (is_wrong, length_ms) in wrong.items()
        if is_wrong != bool(due[name])
    }
    return state._replace(timers=state.timers._replace(**changed)) if changed else state


# faults


def _with_faults(state: State, seen: Sampled) -> State:
    """A fault that ended a permission stands until the agent has taken that permission back.

    However short it was, a charge does not go on by itself: an agent that was away must hear of it too.
    """
    kept = state.faults if state.permission == "void" else state.faults & LATCHING
    return _faulted(state, kept | faults.standing(state, seen))


def _faulted(state: State, names: frozenset[str]) -> State:
    """Let faults stand; any of them ends the lease, and voids renewals that may be under way already."""
    if not names:
        return state._replace(faults=names)
    permission: Permission = "none" if state.permission == "none" else "void"
    return state.set_timers(lease=0)._replace(faults=names, permission=permission)


# stage and commands


def _with_stage(state: State, seen: Sampled) -> State:
    """Follow the table as far as it leads at this moment; no row leads back in one step."""
    state = _with_temperature(_with_self_test(state, seen), seen)
    for _ in Stage:
        target = next_stage(state, seen)
        if target is state.stage:
            break
        state = _entered(state._replace(stage=target), state.stage)
    return state


def _entered(state: State, before: Stage) -> State:
    """Set the time limits that begin with a stage."""
    match state.stage:
        case Stage.TESTING:
            return state.set_timers(residual=times.RESIDUAL_MS)._replace(residual_seen=False)
        case Stage.CONNECTED if before is Stage.TESTING:
            return state.set_timers(residual=times.RESIDUAL_MS)  # for the device to come back
        case Stage.CONNECTED if before is not Stage.WAKING:
            return state._replace(residual_tested=False, wakes=0)
        case Stage.OFFERED:
            return state.set_timers(wake=times.WAKE_AFTER_MS)
        case Stage.WAKING:
            return state.set_timers(wake=times.WAKE_MS)._replace(wakes=state.wakes + 1)
        case Stage.RAMPING:
            return state.set_timers(ramp=times.RAMP_MS)
    return state


def _with_self_test(state: State, seen: Sampled) -> State:
    """The device must trip when it is told to, and come back afterwards."""
    if state.stage is not Stage.TESTING:
        return state
    if not state.residual_seen and seen.residual_current:
        return state._replace(residual_seen=True).set_timers(residual=times.RESIDUAL_MS)
    return state._replace(residual_tested=state.residual_seen and not seen.residual_current)


def _with_temperature(state: State, seen: Sampled) -> State:
    derating = state.rules.derating
    if derating is None or seen.temperature_mc is None:
        return state
    most_ma = state.rules.max_current_ma
    return state._replace(derated_ma=derated_ma(derating, most_ma, seen.temperature_mc, state.derated_ma))


def _with_commands(state: State, duty_for: DutyFor) -> State:
    before = state.commands
    state = state._replace(commands=commanded(state, _duty_e4(state, duty_for)))
    state = _with_offered(state, before)
    if state.commands.closed == before.closed:
        return state
    switched = {"mirror": times.MIRROR_MS, "armature": times.ARMATURE_MS, "settle": times.SETTLE_MS}
    if state.commands.closed:
        state = state.set_timers(**switched, economise=times.PULL_IN_MS)
        return state._replace(closings=state.closings + 1, live=False, wakes=times.WAKES)
    return state.set_timers(**switched, reclose=state.rules.reclose_ms)


def _duty_e4(state: State, duty_for: DutyFor) -> int:
    """Return the duty of the offer; between two offers lies `times.DUTY_GAP_MS`."""
    present = state.commands.duty_e4
    wanted = duty_for(offer_ma(state))
    changes = present not in (STEADY_E4, WAKE_E4, wanted)
    return present if changes and not state.passed("duty_gap") else wanted


def _with_offered(state: State, before: Commands) -> State:
    """Keep what the duty says, and when it changed."""
    duty = state.commands.duty_e4
    if duty in (STEADY_E4, WAKE_E4):
        return state._replace(offered_ma=0)
    if duty == before.duty_e4:
        return state
    return state._replace(offered_ma=offer_ma(state)).set_timers(duty_gap=times.DUTY_GAP_MS)
