"""From no vehicle to energy and back: IEC 61851-1, Annex A, as a literal table.

Each row says from which stage, on what, to which, and by which clause; the first row that applies is taken.
What a stage commands is a table too. docs/INTERLOCK.md is drawn from both, and the enumeration of every
reachable state (`tests/interlock/enumeration.py`) walks them.
"""

from collections.abc import Callable
from typing import NamedTuple

from firmware.interlock.faults import diode_seen
from firmware.interlock.lock import holds_the_plug
from firmware.interlock.model import STEADY_E4, WAKE_E4, Commands, Sampled, Stage, State
from firmware.interlock.offer import offer_ma
from firmware.interlock.pilot import PLUGGED_IN
from firmware.interlock.times import WAKES

Condition = Callable[[State, Sampled], bool]


# what a row waits for


def plugged_in(state: State, _seen: Sampled) -> bool:
    """A vehicle is there"""
    return state.pilot.state in PLUGGED_IN


def unplugged(state: State, _seen: Sampled) -> bool:
    """The vehicle is gone"""
    return state.pilot.state == "A"


def may_offer(state: State, seen: Sampled) -> bool:
    """A lease stands for 6 A or more, a vehicle is there and locked, no fault"""
    allowed = not state.faults and offer_ma(state) > 0
    return allowed and plugged_in(state, seen) and holds_the_plug(state, seen)


def test_due(state: State, seen: Sampled) -> bool:
    """An offer may be made, the residual current device is untested for this charge"""
    return may_offer(state, seen) and state.rules.residual_current and not state.residual_tested


def test_over(state: State, seen: Sampled) -> bool:
    """The device has tripped and come back, or no offer may be made any more"""
    return not may_offer(state, seen) or state.residual_tested


def no_offer(state: State, seen: Sampled) -> bool:
    """No offer may be made any more"""
    return not may_offer(state, seen)


def asks(state: State, _seen: Sampled) -> bool:
    """The vehicle asks for energy: C, or D where there is ventilation; settled, and in the last sample"""
    fed = "CD" if state.rules.ventilation else "C"
    return state.pilot.state in fed and state.pilot.seen in fed


def stopped_asking(state: State, seen: Sampled) -> bool:
    """The vehicle does not ask any more: one sample is enough"""
    return not asks(state, seen)


def may_close(state: State, seen: Sampled) -> bool:
    """The vehicle asks, its diode is seen, no residual current, the contactor is open and has rested"""
    rested = seen.mirror_open and state.passed("reclose") and not seen.residual_current
    offered = state.commands.duty_e4 not in (STEADY_E4, WAKE_E4) and diode_seen(state, seen)
    return may_offer(state, seen) and asks(state, seen) and offered and rested


def must_open(state: State, seen: Sampled) -> bool:
    """A fault, or the plug is not locked"""
    return bool(state.faults) or not holds_the_plug(state, seen)


def ramp_over(state: State, _seen: Sampled) -> bool:
    """The vehicle has had its time to stop"""
    return state.passed("ramp")


def sleeps(state: State, _seen: Sampled) -> bool:
    """The offer stands unanswered for long"""
    return state.pilot.state == "B" and state.passed("wake") and state.wakes < WAKES


def wake_over(state: State, seen: Sampled) -> bool:
    """The pulse has its length, or no offer may be made any more"""
    return state.passed("wake") or no_offer(state, seen)


class Row(NamedTuple):
    """One transition. ``clause`` is IEC 61851-1's where nothing else is said."""

    source: Stage
    when: Condition
    target: Stage
    clause: str


TABLE: tuple[Row, ...] = (
    Row(Stage.EMPTY, plugged_in, Stage.CONNECTED, "Table A.6, 1.1 and 1.2"),
    Row(Stage.CONNECTED, unplugged, Stage.EMPTY, "Table A.6, 2.1"),
    Row(Stage.CONNECTED, test_due, Stage.TESTING, "8.5; IEC 62955"),
    Row(Stage.CONNECTED, may_offer, Stage.OFFERED, "Table A.6, 3.1 and 3.2"),
    Row(Stage.TESTING, test_over, Stage.CONNECTED, "8.5; IEC 62955"),
    Row(Stage.OFFERED, unplugged, Stage.EMPTY, "Table A.6, 2.1"),
    Row(Stage.OFFERED, no_offer, Stage.CONNECTED, "Table A.6, 9"),
    Row(Stage.OFFERED, may_close, Stage.CLOSED, "Table A.6, 4: within 3 s"),
    Row(Stage.OFFERED, sleeps, Stage.WAKING, "practice, see times.WAKE_MS"),
    Row(Stage.CLOSED, must_open, Stage.CONNECTED, "6.3.1; at once"),
    Row(Stage.CLOSED, stopped_asking, Stage.OFFERED, "Table A.6, 2.2, 7 and 8.1: within 100 ms"),
    Row(Stage.CLOSED, no_offer, Stage.RAMPING, "Table A.6, 10.1"),
    Row(Stage.RAMPING, must_open, Stage.CONNECTED, "6.3.1; at once"),
    Row(Stage.RAMPING, stopped_asking, Stage.CONNECTED, "Table A.6, 2.2 and 8.2: within 100 ms"),
    Row(Stage.RAMPING, ramp_over, Stage.CONNECTED, "Table A.6, 10.2: under load after 6 s"),
    Row(Stage.RAMPING, may_offer, Stage.CLOSED, "Table A.6, 3.2"),
    Row(Stage.WAKING, wake_over, Stage.CONNECTED, "practice, see times.WAKE_MS"),
)

PILOT = {
    Stage.EMPTY: "steady",
    Stage.CONNECTED: "steady",
    Stage.TESTING: "steady",
    Stage.OFFERED: "PWM",
    Stage.CLOSED: "PWM",
    Stage.RAMPING: "steady",
    Stage.WAKING: "F",
}
CLOSED = frozenset({Stage.CLOSED, Stage.RAMPING})


def next_stage(state: State, seen: Sampled) -> Stage:
    """Return where the table leads from here; the present stage when no row applies."""
    for row in TABLE:
        if row.source is state.stage and row.when(state, seen):
            return row.target
    return state.stage


def commanded(state: State, duty_e4: int) -> Commands:
    """Return what the present stage commands; ``duty_e4`` is the duty of the offer."""
    closed = state.stage in CLOSED
    fixed = {"steady": STEADY_E4, "F": WAKE_E4}
    return state.commands._replace(
        closed=closed,
        economised=closed and state.rules.economiser and state.passed("economise"),
        duty_e4=fixed.get(PILOT[state.stage], duty_e4),
        residual_test=state.stage is Stage.TESTING and not state.residual_seen,
        ventilate=state.rules.ventilation and state.pilot.state == "D",
    )
