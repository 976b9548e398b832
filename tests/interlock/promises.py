"""What must hold of the interlock whatever happens, said without the core's own words for it.

Each promise is looked at after every single step, in the walk through all states, in the property test with
real times, and in every scripted test.
"""

from collections.abc import Iterator

from firmware.interlock.faults import LEFT_BY
from firmware.interlock.model import ClearOrdered, Event, Stage, State

STEADY_E4 = 10_000


def broken_promises(before: State, event: Event, after: State) -> Iterator[str]:
    """Yield each promise that the step from ``before`` to ``after`` breaks."""
    if after.commands.closed:
        yield from _while_closed(after)
        if not before.commands.closed:
            yield from _when_closing(before, after)
    if after.commands.lock == -1 and _under_voltage(after):
        yield "nothing is released under voltage"
    if after.faults and (after.commands.duty_e4 != STEADY_E4 or after.leased_ma):
        yield "a fault ends offer and lease"
    for name in before.faults - after.faults:
        if LEFT_BY[name] and not _left_by_its_rule(name, event, after):
            yield f"{name} is left by its own rule only"


def _while_closed(state: State) -> Iterator[str]:
    seen, rules = state.seen, state.rules
    if seen is None:
        yield "without inputs nothing is closed"
        return
    least_mv = 1_200 if rules.ventilation else 4_200  # the lower edge of D, or of C, with its hysteresis
    if not least_mv <= seen.high_mv < 7_800:
        yield "closed only while the vehicle asks, in the very last sample"
    if state.pilot.state not in ("CD" if rules.ventilation else "C"):
        yield "closed only in a settled state C, or D with ventilation"
    if not seen.locked and rules.lock != "none" and rules.lock_holds == "plug":
        yield "closed only while locked"
    if seen.emergency_stop or seen.residual_current or seen.door_open or seen.power_failing:
        yield "closed only while no input forbids it"
    if state.faults:
        yield "closed only while no fault stands"
    ramping = state.commands.duty_e4 == STEADY_E4
    if ramping and (state.stage is not Stage.RAMPING or state.timers.ramp <= state.now_ms):
        yield "closed without an offer only while the vehicle ramps down"
    if not ramping and state.leased_ma < 6_000:
        yield "closed on an offer only under a lease"


def _when_closing(before: State, after: State) -> Iterator[str]:
    seen = after.seen
    if seen is None:
        return
    if not seen.mirror_open:
        yield "closed only from open contacts"
    if before.commands.duty_e4 in (0, STEADY_E4) or seen.low_mv > -10_000:
        yield "closed only after the diode was seen in the PWM"
    if before.timers.reclose > after.now_ms:
        yield "closed only after the contactor has rested"
    if after.rules.residual_current and not after.residual_tested:
        yield "closed only after the residual current device has passed its test"


def _under_voltage(state: State) -> bool:
    contacts_open = state.seen is not None and state.seen.mirror_open
    return state.commands.closed or state.live or not contacts_open


def _left_by_its_rule(name: str, event: Event, after: State) -> bool:
    ways = LEFT_BY[name]
    if isinstance(event, ClearOrdered):
        return event.by in ways
    return "unplugging" in ways and after.pilot.state == "A"
