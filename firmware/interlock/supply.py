"""What the agent's meter says of the supply and the vehicle's current; nothing when it has fallen silent."""

from firmware.interlock.model import MeterMeasured, Sampled, State

FLOWING_MA = 500
"""Current on any phase above this is a load, not noise."""
_PHASE_GONE_MV = 100_000
_PERCENT, _EXTRA_MA = 110, 1_000  # a meter's and a vehicle's tolerance


def flows(measured: MeterMeasured) -> bool:
    """Return whether current flows on any phase."""
    return any(current is not None and current >= FLOWING_MA for current in measured.current_ma)


def _voltages(state: State) -> list[int]:
    """Return the voltages that are known and fresh, of the phases that are installed."""
    if state.measured is None or state.passed("measured"):
        return []
    return [mv for mv in state.measured.voltage_mv[: state.rules.phases] if mv is not None]


def voltages_fine(state: State) -> bool:
    """Return whether every known voltage is inside its band."""
    least, most = state.rules.voltage_mv
    return all(least <= mv <= most for mv in _voltages(state))


def over_voltage(state: State, _seen: Sampled) -> bool:
    return state.passed("voltage") and any(mv > state.rules.voltage_mv[1] for mv in _voltages(state))


def phase_loss(state: State, _seen: Sampled) -> bool:
    """Some phases are gone, not all."""
    known = _voltages(state)
    gone = [mv for mv in known if mv < _PHASE_GONE_MV]
    return state.passed("voltage") and 0 < len(gone) < len(known)


def under_voltage(state: State, seen: Sampled) -> bool:
    low = any(mv < state.rules.voltage_mv[0] for mv in _voltages(state))
    return state.passed("voltage") and low and not phase_loss(state, seen)


def current_fine(state: State) -> bool:
    """Return whether the vehicle keeps to what it is offered, as far as the meter says."""
    if (
        state.measured is None
        or state.passed("measured")
        or not state.commands.closed
        or not state.offered_ma
    ):
        return True
    most_ma = state.offered_ma * _PERCENT // 100 + _EXTRA_MA
    return all(ma is None or ma <= most_ma for ma in state.measured.current_ma)


def over_current(state: State, _seen: Sampled) -> bool:
    return not current_fine(state) and state.passed("over_current")
