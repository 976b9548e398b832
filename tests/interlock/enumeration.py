"""Every state that the interlock's core can reach, walked through one by one: ``make enumerate``.

Time is abstracted to its limits. A time limit is off, running or passed, and one that runs may pass at any
moment, in any order with the others: that is more than physics allows, so what holds here holds for every
timing. Inputs take one value per band that the core tells apart, and any of them may change at any moment,
those that decide about energy also several at once. What is walked is `core.step` itself.

`SLICES` name what is installed and which inputs move; a charger's parts are walked in slices, since their
product would be too large and most of it the same.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from drivers.control_pilot import duty_e4
from firmware.interlock import core
from firmware.interlock.model import (
    BoardFailed,
    ClearOrdered,
    Derating,
    Event,
    Granted,
    LockOrdered,
    MeterMeasured,
    Recalled,
    Rules,
    Sampled,
    Stage,
    State,
    Timers,
    Withdrawn,
)
from tests.interlock.promises import broken_promises

NOW_MS = 1_000_000
LATER_MS = NOW_MS + 1_000_000
"""A time limit that runs: no step reaches it, it passes when the walk says so."""
HIGH_MV = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000, "E": 0, "F": -12_000}
WATCHED = frozenset(
    {"diode", "mirror", "residual", "proximity", "temperature", "voltage", "over_current", "lock"}
)
"""Time limits for which off and passed are two things."""

StepFunction = Callable[[State, Event, core.DutyFor], State]


@dataclass(frozen=True)
class Slice:
    """What is installed, and what moves. ``together`` are inputs that may change in one sample."""

    name: str
    rules: Rules
    together: dict[str, tuple[Any, ...]]
    alone: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    meter: tuple[tuple[tuple[int, int, int], tuple[int, int, int]], ...] = ()
    recalled: tuple[str, ...] = ()
    orders: tuple[bool, ...] = ()
    board_fails: bool = False


@dataclass
class Walk:
    """What a walk has found. ``broken`` maps a promise to the event that broke it first, and from where."""

    states: int = 0
    transitions: int = 0
    stages: set[Stage] = field(default_factory=set)
    closings: int = 0
    faults: set[str] = field(default_factory=set)
    broken: dict[str, tuple[State, Event]] = field(default_factory=dict)


def walk(piece: Slice, step: StepFunction = core.step, *, most: int = 5_000_000) -> Walk:
    """Walk through every state that can be reached, checking each transition; stop at the first broken one.

    Raises RuntimeError beyond ``most`` states: a walk that is cut off would prove nothing.
    """
    found = Walk()
    first = canonical(State(piece.rules))
    seen, ahead = {first}, deque([first])
    while ahead and not found.broken:
        state = ahead.popleft()
        found.stages.add(state.stage)
        found.faults |= state.faults
        for moved, event in _moves(piece, state):
            after = step(moved, event, duty_e4)
            found.transitions += 1
            found.closings += after.commands.closed and not moved.commands.closed
            for promise in broken_promises(moved, event, after):
                found.broken.setdefault(promise, (moved, event))
            reached = canonical(after)
            if reached not in seen:
                seen.add(reached)
                ahead.append(reached)
        if len(seen) > most:
            raise RuntimeError(f"{piece.name}: more than {most} states")
    found.states = len(seen)
    return found


# what can happen


def _moves(piece: Slice, state: State) -> Iterator[tuple[State, Event]]:
    """Yield the state at which something happens (time may have passed before), and what."""
    for event in _said(piece):
        yield state, event
    if state.seen is None:
        for sample in _samples(piece, _at_rest(piece)):
            yield state, sample
        return
    for sample in _samples(piece, state.seen):
        yield state, sample
    for name, due_ms in state.timers._asdict().items():
        if due_ms == LATER_MS:
            passed = {name: NOW_MS if name in WATCHED else 0}
            yield state._replace(timers=state.timers._replace(**passed)), state.seen


def _said(piece: Slice) -> Iterator[Event]:
    yield Granted(NOW_MS, 1, 16_000, 15_000)
    yield Granted(NOW_MS, 1, 5_000, 15_000)
    yield Withdrawn(NOW_MS, 1)
    yield ClearOrdered(NOW_MS, 1, "engineer")
    yield ClearOrdered(NOW_MS, 1, "backend")
    for locked in piece.orders:
        yield LockOrdered(NOW_MS, 1, locked)
    if piece.board_fails:
        yield BoardFailed(NOW_MS)
    for name in piece.recalled:
        yield Recalled(NOW_MS, 1, frozenset({name}))
    for voltage_mv, current_ma in piece.meter:
        yield MeterMeasured(NOW_MS, 1, voltage_mv, current_ma)


def _at_rest(piece: Slice) -> Sampled:
    rules = piece.rules
    return Sampled(
        NOW_MS,
        12_000,
        -12_000,
        mirror_open=True,
        locked=rules.lock == "none",
        emergency_stop=False,
        temperature_mc=25_000 if rules.derating else None,
        proximity_ohm=220 if rules.proximity != "none" else None,
    )


def _samples(piece: Slice, last: Sampled) -> Iterator[Sampled]:
    names = tuple(piece.together)
    for values in product(*piece.together.values()):
        yield _sample(last, dict(zip(names, values, strict=True)))
    for name, others in piece.alone.items():
        for value in others:
            yield _sample(last, {name: value})


def _sample(last: Sampled, changed: dict[str, Any]) -> Sampled:
    pilot = changed.pop("pilot", None)
    diode = changed.pop("diode", True)
    if pilot is not None:
        high_mv = HIGH_MV[pilot]
        changed |= {"high_mv": high_mv, "low_mv": -12_000 if diode else -abs(high_mv)}
    return last._replace(at_ms=NOW_MS, **changed)


# states that differ in nothing that matters are one


def canonical(state: State) -> State:
    """Return the state without what no decision reads: counters, times of day, time limits not in use."""
    due = state.timers._asdict()
    timers = Timers(**{name: _limit(name, due_ms, state) for name, due_ms in due.items()})
    seen = state.seen
    measured = state.measured if timers.measured else None
    return state._replace(
        now_ms=NOW_MS,
        seen=None if seen is None else seen._replace(at_ms=NOW_MS),
        timers=timers,
        limit_ma=state.limit_ma if timers.lease else 0,
        offered_ma=state.offered_ma if state.rules.derating or measured else 0,
        seq=0,
        measured=None if measured is None else measured._replace(at_ms=NOW_MS, seq=0),
        closings=0,
        opened_at_ms=0,
        closed_at_ms=0,
    )


def _limit(name: str, due_ms: int, state: State) -> int:
    if name in UNUSED and UNUSED[name](state):
        return 0
    if due_ms > state.now_ms:
        return LATER_MS
    return NOW_MS if due_ms and name in WATCHED else 0


UNUSED: dict[str, Callable[[State], bool]] = {
    "ramp": lambda state: state.stage is not Stage.RAMPING,
    "wake": lambda state: state.stage not in (Stage.OFFERED, Stage.WAKING),
    "economise": lambda state: not state.rules.economiser or not state.commands.closed,
    "pilot": lambda state: state.pilot.seen == state.pilot.state,
    "settle": lambda state: state.commands.closed,
    "reclose": lambda state: state.commands.closed,
    "duty_gap": lambda state: state.stage not in (Stage.OFFERED, Stage.CLOSED),
}
"""Time limits that are set anew before they are next looked at; `test_enumeration` tries each."""


# the slices

PLAIN = Rules(32_000)
_FINE = (230_000, 230_000, 230_000)
_NONE, _FLOWS = (0, 0, 0), (10_000, 0, 0)
_YES_NO = (True, False)

SLICES: tuple[Slice, ...] = (
    Slice(
        "the way to energy: pilot, diode, mirror contact, emergency stop",
        PLAIN._replace(lock="none"),
        {"pilot": tuple("ABC"), "diode": _YES_NO, "mirror_open": _YES_NO, "emergency_stop": _YES_NO},
    ),
    Slice(
        "the lock under every order",
        PLAIN,
        {"pilot": tuple("AC"), "mirror_open": _YES_NO, "locked": _YES_NO},
        orders=_YES_NO,
    ),
    Slice(
        "a solenoid, released at an emergency stop",
        PLAIN._replace(lock="solenoid", release_on=frozenset({"EmergencyStop"})),
        {"pilot": tuple("AC"), "emergency_stop": _YES_NO},
        {"mirror_open": _YES_NO, "locked": _YES_NO},
        orders=_YES_NO,
    ),
    Slice(
        "a holster, a coil with an economiser",
        PLAIN._replace(economiser=True, lock_holds="holster"),
        {"pilot": tuple("ABC"), "mirror_open": _YES_NO},
        {"locked": _YES_NO},
        orders=(False,),
    ),
    Slice(
        "residual current, with its test",
        PLAIN._replace(residual_current=True, lock="none"),
        {"pilot": tuple("ABC"), "mirror_open": _YES_NO, "residual_current": _YES_NO},
    ),
    Slice(
        "ventilation, waking, a torn pilot",
        PLAIN._replace(ventilation=True, lock="none"),
        {"pilot": tuple("ABCDEF")},
        {"mirror_open": _YES_NO},
    ),
    Slice(
        "the board comes and goes",
        PLAIN._replace(lock="none"),
        {"pilot": tuple("ABC"), "mirror_open": _YES_NO, "emergency_stop": _YES_NO},
        board_fails=True,
    ),
    Slice(
        "what the meter says of current: weld, over-current",
        PLAIN._replace(lock="none"),
        {"pilot": tuple("ABC")},
        {"mirror_open": _YES_NO},
        meter=((_FINE, _NONE), (_FINE, _FLOWS), (_FINE, (40_000, 0, 0))),
    ),
    Slice(
        "what the meter says of the supply: over-voltage, phase loss",
        PLAIN._replace(lock="none"),
        {"pilot": tuple("ABC")},
        meter=(
            (_FINE, _NONE),
            ((230_000, 300_000, 230_000), _NONE),
            ((230_000, 0, 230_000), _NONE),
        ),
    ),
    Slice(
        "temperature, proximity",
        PLAIN._replace(derating=Derating(), proximity="iec", lock="none"),
        {"pilot": tuple("ABC")},
        {"temperature_mc": (25_000, 75_000, 85_000, None), "proximity_ohm": (220, 30)},
    ),
    Slice(
        "door and failing power",
        PLAIN._replace(lock="none"),
        {"pilot": tuple("ABC"), "mirror_open": _YES_NO},
        {"door_open": _YES_NO, "power_failing": _YES_NO},
    ),
    Slice(
        "latched faults and who may clear them",
        PLAIN._replace(residual_current=True, lock="none"),
        {"pilot": tuple("ABC")},
        recalled=("ContactorWelded", "ResidualCurrent", "DiodeFault", "EmergencyStop"),
    ),
)


def main() -> int:
    """Walk every slice, one process a core, and print what was found; exit code 1: a promise was broken."""
    states = transitions = 0
    with ProcessPoolExecutor() as cores:
        for piece, found in zip(SLICES, cores.map(walk, SLICES), strict=True):
            states, transitions = states + found.states, transitions + found.transitions
            print(
                f"{found.states:9,} states {found.transitions:11,} transitions"
                f" {found.closings:8,} closings  {piece.name}",
                flush=True,
            )
            for promise, (state, event) in found.broken.items():
                print(f"BROKEN: {promise}\n  in {state}\n  by {event}")
                return 1
    print(f"{states:9,} states {transitions:11,} transitions; every promise was kept in each of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
