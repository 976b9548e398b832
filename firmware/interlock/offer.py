"""How much current one EVSE may offer: the lease, what the cable carries, and what the temperature leaves."""

from firmware.interlock import proximity
from firmware.interlock.model import Derating, State

LEAST_MA = 6_000
"""The least that a pilot can offer (IEC 61851-1, Table A.7)."""
_MOST_GBT_MA = 63_000  # GB/T 18487.1 knows no pilot duty above this, IEC 61851-1 goes to 80 A
_STEP_MA = 1_000
_BACK_MC = 2_000  # the offer rises again only when it is so much cooler


def offer_ma(state: State) -> int:
    """Return what may be offered now in mA, 0 for nothing."""
    most_ma = _MOST_GBT_MA if state.rules.proximity == "gbt" else None
    caps = (state.leased_ma, cable_ma(state), state.derated_ma, most_ma)
    least = min(cap for cap in caps if cap is not None)
    return least if least >= LEAST_MA else 0


def cable_ma(state: State) -> int | None:
    """Return what the plugged cable carries by its proximity code; None when that is not known."""
    if state.rules.proximity == "none" or state.seen is None or state.seen.proximity_ohm is None:
        return None
    return proximity.cable_ma(state.seen.proximity_ohm, state.rules.proximity)


def derated_ma(derating: Derating, max_ma: int, temperature_mc: int, before_ma: int | None) -> int:
    """Return what the temperature leaves: a straight line in whole amperes, down to 6 A.

    It falls at once and rises only when it has become clearly cooler, so that it does not flicker.
    """
    now_ma = _on_the_line(derating, max_ma, temperature_mc)
    if before_ma is None or now_ma <= before_ma:
        return now_ma
    return max(before_ma, _on_the_line(derating, max_ma, temperature_mc + _BACK_MC))


def _on_the_line(derating: Derating, max_ma: int, temperature_mc: int) -> int:
    over_mc = max(0, temperature_mc - derating.from_mc)
    span_mc = derating.stop_mc - derating.from_mc
    left_ma = max_ma - (max_ma - LEAST_MA) * over_mc // span_mc
    return max_ma if over_mc == 0 else max(LEAST_MA, left_ma // _STEP_MA * _STEP_MA)
