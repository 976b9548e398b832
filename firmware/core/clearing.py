"""Clearing latched faults: who may end which, and what a backend is answered.

Nothing here takes a fault away. The interlock is asked to; its next report says what it has forgotten, and a
fault whose cause still stands is back in the same report.
"""

from firmware.core.effects import AnswerCall, ClearInterlockFaults
from firmware.core.events import ClearRequested
from firmware.core.faults import cleared_by, latched, worst_first
from firmware.core.state import Evse
from firmware.core.turn import Turn


def clear(turn: Turn, event: ClearRequested) -> None:
    """Ask the interlock to forget what the one who asks may clear, and answer a backend."""
    meant = [evse for evse in turn.evses if event.evse in (None, evse.evse)]
    refusal = _refusal(event, meant)
    if refusal is None:
        asked = (evse.evse for evse in meant if cleared_by(evse.faults, event.by))
        turn.effects += (ClearInterlockFaults(evse, event.by) for evse in asked)
    if event.call:
        turn.effects.append(refusal or AnswerCall(event.call, "Accepted", *_left(event, meant)))


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
