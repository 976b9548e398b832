"""Clearing latched faults: who may end which, and what a backend is answered.

No fault of the interlock is taken away here. It is asked to; its next report says what it has forgotten. The
agent's own are, unless a transaction runs. One whose cause still stands is back in the same step.
"""

from firmware.core.effects import AnswerCall, ClearInterlockFaults
from firmware.core.entries import FaultCleared
from firmware.core.events import ClearRequested
from firmware.core.fault_watch import OWN_FAULTS
from firmware.core.faults import cleared_by, latched, worst_first
from firmware.core.meter_number import accept_by_engineer
from firmware.core.meter_watch import MeterWatch
from firmware.core.state import Evse
from firmware.core.turn import Turn


def clear(turn: Turn, event: ClearRequested) -> None:
    """Clear what the one who asks may clear, by the interlock's word where it is the interlock's; answer."""
    meant = [evse for evse in turn.evses if event.evse in (None, evse.evse)]
    refusal = _refusal(event, meant)
    if refusal is None:
        asked = (evse.evse for evse in meant if cleared_by(evse.faults - OWN_FAULTS, event.by))
        turn.effects += (ClearInterlockFaults(evse, event.by) for evse in asked)
        for evse in meant:
            _clear_own(turn, evse, event)
    if event.call:
        turn.effects.append(refusal or AnswerCall(event.call, "Accepted", *_left(event, meant)))


def _clear_own(turn: Turn, evse: Evse, event: ClearRequested) -> None:
    """Forget the agent's own faults and what they were concluded from; it begins to watch anew."""
    names = cleared_by(evse.faults & OWN_FAULTS, event.by)
    if not names or evse.transaction is not None:
        return
    if "MeterExchanged" in names:
        accept_by_engineer(turn, evse)
    for name in sorted(names):
        turn.append(FaultCleared(turn.now, evse.evse, name))
    evse = turn.evse(evse.evse)
    turn.put(evse._replace(meter=MeterWatch(told=evse.meter.told, flags=evse.meter.flags)))


def _refusal(event: ClearRequested, meant: list[Evse]) -> AnswerCall | None:
    def rejected(code: str, why: str) -> AnswerCall:
        return AnswerCall(event.call, "Rejected", code, why)

    if not meant:
        return rejected("UnknownEvse", f"this station has no EVSE {event.evse}")
    if any(evse.interlock is None for evse in meant):
        return rejected("InternalError", "the interlock does not answer")
    if event.by == "backend" and any(evse.transaction is not None for evse in meant):
        return rejected("TxInProgress", "a transaction is running")
    code, why = _left(event, meant)
    return (
        rejected(code, why) if why and not any(cleared_by(evse.faults, event.by) for evse in meant) else None
    )


def _left(event: ClearRequested, meant: list[Evse]) -> tuple[str, str]:
    """Return a reason code and words for the latched faults that the one who asks may not clear."""
    names = {name for evse in meant for name in latched(evse.faults) - cleared_by(evse.faults, event.by)}
    why = f"only an engineer on site may clear {', '.join(worst_first(names))}"
    return ("FaultedEvse", why) if names else ("", "")
