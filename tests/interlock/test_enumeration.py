"""The walk through all states: it keeps what it promises, and it finds bugs that are planted for it.

The whole walk is ``make enumerate``; here the smaller slices are walked, and every planted bug is looked for.
"""

import contextlib
from itertools import count

import pytest

from drivers.control_pilot import duty_e4
from firmware.interlock import core
from firmware.interlock.model import (
    Commands,
    Event,
    Granted,
    Sampled,
    Stage,
    State,
)
from tests.interlock.enumeration import (
    LATER_MS,
    SLICES,
    UNUSED,
    Slice,
    StepFunction,
    canonical,
    walk,
)

BY_NAME = {piece.name: piece for piece in SLICES}
LATCHED = BY_NAME["latched faults and who may clear them"]
WAY = BY_NAME["the way to energy: pilot, diode, mirror contact, emergency stop"]
RESIDUAL = BY_NAME["residual current, with its test"]
LOCK = BY_NAME["the lock under every order"]
SMALL = (LATCHED,)


@pytest.mark.parametrize("piece", SMALL, ids=lambda piece: piece.name)
def test_every_promise_is_kept_in_every_state(piece: Slice) -> None:
    found = walk(piece)
    assert found.broken == {}
    assert found.states > 1_000


def test_a_time_limit_that_the_walk_leaves_out_is_one_that_nobody_reads() -> None:
    """Else two states that the walk takes for one would differ in what they do."""
    tried = dict.fromkeys(UNUSED, 0)
    for state, event in steps(WAY, 4_000) + steps(LATCHED, 1_000):
        for name, unused in UNUSED.items():
            if unused(state):
                running = state._replace(timers=state.timers._replace(**{name: LATER_MS}))
                passed = state._replace(timers=state.timers._replace(**{name: 0}))
                assert canonical(core.step(running, event, duty_e4)) == canonical(
                    core.step(passed, event, duty_e4)
                ), (name, state, event)
                tried[name] += 1
    assert min(tried.values()) > 10


def steps(piece: Slice, most: int) -> list[tuple[State, Event]]:
    """Return each 41st of the first steps of a walk."""
    taken: list[tuple[State, Event]] = []
    passing = count()

    class EnoughError(Exception):
        pass

    def taking(state: State, event: Event, duty_for: core.DutyFor) -> State:
        if next(passing) % 41 == 0:
            taken.append((state, event))
        if len(taken) >= most:
            raise EnoughError
        return core.step(state, event, duty_for)

    with contextlib.suppress(EnoughError):
        walk(piece, taking)
    return taken


# bugs, each as somebody might write it: what goes into the core or comes out of it is not as it should be


def blind_to_the_emergency_stop(state: State, event: Event, duty_for: core.DutyFor) -> State:
    heard = event._replace(emergency_stop=False) if isinstance(event, Sampled) else event
    after = core.step(state, heard, duty_for)
    return after._replace(seen=event) if isinstance(event, Sampled) else after


def waits_one_sample_before_it_opens(state: State, event: Event, duty_for: core.DutyFor) -> State:
    after = core.step(state, event, duty_for)
    late = state.commands.closed and not after.commands.closed and not state.faults
    return after._replace(commands=state.commands, stage=state.stage) if late else after


def closes_without_looking_for_the_diode(state: State, event: Event, duty_for: core.DutyFor) -> State:
    heard = event._replace(low_mv=-12_000) if isinstance(event, Sampled) else event
    after = core.step(state, heard, duty_for)
    return after._replace(seen=event) if isinstance(event, Sampled) else after


def forgets_the_rest_between_closings(state: State, event: Event, duty_for: core.DutyFor) -> State:
    return core.step(state._replace(timers=state.timers._replace(reclose=0)), event, duty_for)


def takes_a_lease_in_a_fault(state: State, event: Event, duty_for: core.DutyFor) -> State:
    after = core.step(state, event, duty_for)
    if isinstance(event, Granted) and after.faults:
        return after.set_timers(lease=event.for_ms)._replace(limit_ma=event.limit_ma)
    return after


def lets_anybody_clear_a_weld(state: State, event: Event, duty_for: core.DutyFor) -> State:
    by_engineer = event._replace(by="engineer") if hasattr(event, "by") else event
    return core.step(state, by_engineer, duty_for)


def skips_the_self_test(state: State, event: Event, duty_for: core.DutyFor) -> State:
    if state.stage is Stage.TESTING:
        state = state._replace(stage=Stage.OFFERED, commands=Commands(duty_e4=duty_e4(state.limit_ma)))
    return core.step(state, event, duty_for)


def releases_as_soon_as_it_is_told(state: State, event: Event, duty_for: core.DutyFor) -> State:
    after = core.step(state, event, duty_for)
    if after.lock_order is False and after.seen is not None and after.seen.locked:
        return after._replace(commands=after.commands._replace(lock=-1))
    return after


BUGS: list[tuple[StepFunction, Slice, str]] = [
    (blind_to_the_emergency_stop, WAY, "no input forbids it"),
    (waits_one_sample_before_it_opens, WAY, "closed only"),
    (closes_without_looking_for_the_diode, WAY, "diode"),
    (forgets_the_rest_between_closings, WAY, "rested"),
    (takes_a_lease_in_a_fault, WAY, "a fault ends offer and lease"),
    (lets_anybody_clear_a_weld, LATCHED, "ContactorWelded is left by its own rule only"),
    (skips_the_self_test, RESIDUAL, "passed its test"),
    (releases_as_soon_as_it_is_told, LOCK, "under voltage"),
]


@pytest.mark.parametrize(("bug", "piece", "promise"), BUGS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_bug_is_found(bug: StepFunction, piece: Slice, promise: str) -> None:
    found = walk(piece, bug, most=200_000)
    assert any(promise in each for each in found.broken), f"not found in {found.states} states"
