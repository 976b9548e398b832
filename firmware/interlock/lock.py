"""The connector lock: what is wanted of it, and the drive's tries until its feedback says so."""

from firmware.interlock.model import Sampled, State
from firmware.interlock.pilot import PLUGGED_IN
from firmware.interlock.times import LOCK_MS, LOCK_REST_MS, LOCK_TRIES


def holds_the_plug(state: State, seen: Sampled) -> bool:
    """Whether the plug cannot be pulled: locked, or a cable that is not plugged in here at all."""
    return seen.locked or state.rules.lock == "none" or state.rules.lock_holds == "holster"


def lock_wanted(state: State) -> bool | None:
    """Return whether the lock is to be closed, None to leave it as it is.

    Under voltage and while power is on offer a plug must be locked; it is released not before the contacts
    stand still. A holster lock keeps the connector until the agent lets a driver have it, and never hands
    out a connector under voltage.
    """
    if state.rules.lock == "none":
        return None
    if state.rules.lock_holds == "holster":
        away = state.pilot.state != "A"
        return None if away else True if state.closed else state.lock_order
    if state.closed or (state.leased_ma and state.pilot.state in PLUGGED_IN):
        return True
    released = state.lock_order is False or bool(state.faults & state.rules.release_on)
    if released:
        return False if state.passed("armature") else None
    return state.lock_order


def with_lock(state: State, seen: Sampled) -> State:
    """Return the state with the lock's drive as it should be now."""
    return _solenoid(state, seen) if state.rules.lock == "solenoid" else _motor(state, seen)


def _motor(state: State, seen: Sampled) -> State:
    """Drive in tries, with rests between, until the feedback says what is wanted."""
    wanted = lock_wanted(state)
    if wanted is None or wanted == seen.locked:
        return _driven(state, 0, 0)._replace(lock_tries=0)
    direction = 1 if wanted else -1
    if state.commands.lock == -direction:  # what was wanted has changed while it moves
        return _driven(state, 0, LOCK_REST_MS)._replace(lock_tries=0)
    if not state.passed("lock"):
        return state
    if state.commands.lock:
        return _driven(state, 0, LOCK_REST_MS)
    if state.lock_tries >= LOCK_TRIES:
        return state
    return _driven(state, direction, LOCK_MS)._replace(lock_tries=state.lock_tries + 1)


def _solenoid(state: State, seen: Sampled) -> State:
    """Held as long as locked is wanted; its feedback must follow in the time of all tries."""
    wanted = lock_wanted(state)
    direction = state.commands.lock if wanted is None else int(wanted)
    state = state._replace(commands=state.commands._replace(lock=direction))
    if wanted is None or wanted == seen.locked:
        return state._replace(timers=state.timers._replace(lock=0), lock_tries=0)
    if not state.timers.lock:
        return state.set_timers(lock=LOCK_MS * LOCK_TRIES)
    return state._replace(lock_tries=LOCK_TRIES if state.passed("lock") else 0)


def _driven(state: State, direction: int, for_ms: int) -> State:
    return state._replace(commands=state.commands._replace(lock=direction)).set_timers(lock=for_ms)


def lock_failed(state: State, seen: Sampled) -> bool:
    """Return whether all tries are over and the lock is not where it is wanted."""
    wanted = lock_wanted(state)
    tried = state.lock_tries >= LOCK_TRIES and state.passed("lock")
    return tried and wanted is not None and wanted != seen.locked
