"""Which faults there are, when each stands, and what a latched one is left by: the table that decides."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from firmware.interlock import supply
from firmware.interlock.lock import lock_failed
from firmware.interlock.model import STEADY_E4, Sampled, Stage, State
from firmware.interlock.offer import cable_ma
from firmware.interlock.pilot import PLUGGED_IN

LeftBy = Literal["engineer", "backend", "unplugging"]
DIODE_LOW_MV = -10_000
_COLDEST_MC, _HOTTEST_MC = -50_000, 150_000
_ENGINEER: frozenset[LeftBy] = frozenset({"engineer"})
_REMOTE: frozenset[LeftBy] = frozenset({"engineer", "backend"})
_ANYONE: frozenset[LeftBy] = frozenset({"engineer", "backend", "unplugging"})


class FaultRule(NamedTuple):
    """``stands`` looks at the facts of now. ``left_by``: what ends it once they are fine again; empty:
    nothing is needed, it clears itself.
    """

    name: str
    stands: Callable[[State, Sampled], bool]
    left_by: frozenset[LeftBy] = frozenset()


def _wrong_mirror(state: State, seen: Sampled) -> bool:
    return seen.mirror_open == state.commands.closed and state.passed("mirror")


def _welded(state: State, _seen: Sampled) -> bool:
    return state.live


def _failed_to_open(state: State, seen: Sampled) -> bool:
    return _wrong_mirror(state, seen) and not state.commands.closed


def _failed_to_close(state: State, seen: Sampled) -> bool:
    return _wrong_mirror(state, seen) and state.commands.closed


def _pilot_fault(state: State, _seen: Sampled) -> bool:
    return state.pilot.state in "EF"


def diode_seen(state: State, seen: Sampled) -> bool:
    """Whether the vehicle's diode cuts off the negative half of the PWM (IEC 61851-1, A.2.3)."""
    return state.commands.duty_e4 == STEADY_E4 or seen.low_mv <= DIODE_LOW_MV


def _diode_fault(state: State, seen: Sampled) -> bool:
    return state.pilot.state in PLUGGED_IN and not diode_seen(state, seen) and state.passed("diode")


def _residual_current(state: State, seen: Sampled) -> bool:
    """At once under voltage; else when it stays tripped: after a test it needs time to come back."""
    if not seen.residual_current or state.stage is Stage.TESTING:
        return False
    return state.commands.closed or state.passed("residual")


def _self_test_failed(state: State, _seen: Sampled) -> bool:
    return state.stage is Stage.TESTING and state.passed("residual")


def proximity_wrong(state: State) -> bool:
    """Whether a plug is there and its cable says nothing that it could be."""
    fitted = state.rules.proximity != "none" and state.pilot.state in PLUGGED_IN
    return fitted and cable_ma(state) is None


def _proximity_fault(state: State, _seen: Sampled) -> bool:
    return proximity_wrong(state) and state.passed("proximity")


def temperature_wrong(state: State, seen: Sampled) -> bool:
    """Whether a thermometer is fitted and gives no value that could be."""
    if state.rules.derating is None:
        return False
    return seen.temperature_mc is None or not _COLDEST_MC <= seen.temperature_mc <= _HOTTEST_MC


def _temperature_sensor_fault(state: State, seen: Sampled) -> bool:
    return temperature_wrong(state, seen) and state.passed("temperature")


def _over_temperature(state: State, seen: Sampled) -> bool:
    """Hot, and after that until it has cooled down; a lost thermometer does not cool."""
    derating, hot = state.rules.derating, "OverTemperature" in state.faults
    if derating is None or seen.temperature_mc is None:
        return hot
    return seen.temperature_mc >= (derating.resume_mc if hot else derating.stop_mc)


RULES: tuple[FaultRule, ...] = (
    FaultRule("EmergencyStop", lambda _, seen: seen.emergency_stop),
    FaultRule("DoorOpen", lambda _, seen: seen.door_open),
    FaultRule("PowerFailing", lambda _, seen: seen.power_failing),
    FaultRule("ResidualCurrent", _residual_current, _REMOTE),
    FaultRule("ResidualCurrentSelfTestFailed", _self_test_failed, _ENGINEER),
    FaultRule("ContactorWelded", _welded, _ENGINEER),
    FaultRule("ContactorFailedToOpen", _failed_to_open, _ENGINEER),
    FaultRule("ContactorFailedToClose", _failed_to_close, _REMOTE),
    FaultRule("ConnectorLockFailure", lock_failed, _ANYONE),
    FaultRule("PilotFault", _pilot_fault),
    FaultRule("DiodeFault", _diode_fault, _ANYONE),
    FaultRule("ProximityFault", _proximity_fault),
    FaultRule("OverTemperature", _over_temperature),
    FaultRule("TemperatureSensorFault", _temperature_sensor_fault),
    FaultRule("OverVoltage", supply.over_voltage),
    FaultRule("UnderVoltage", supply.under_voltage),
    FaultRule("PhaseLoss", supply.phase_loss),
    FaultRule("OverCurrent", supply.over_current),
    FaultRule("BoardLost", lambda _state, _seen: False),  # raised by its event, over with the next sample
)
LATCHING = frozenset(rule.name for rule in RULES if rule.left_by)
LEFT_BY = {rule.name: rule.left_by for rule in RULES}


def standing(state: State, seen: Sampled) -> frozenset[str]:
    """Return the faults that the facts show now."""
    return frozenset(rule.name for rule in RULES if rule.stands(state, seen))


def left_by(way: LeftBy) -> frozenset[str]:
    """Return the latched faults that this ends."""
    return frozenset(name for name, ways in LEFT_BY.items() if way in ways)
