"""Between the lease's messages and the core: what the agent says as events, what it is told of a state."""

from firmware.interlock.core import notes
from firmware.interlock.lease import (
    BACKEND,
    CLOSED,
    CLOSING,
    ENGINEER,
    OPEN,
    UNKNOWN,
    UNKNOWN_MC,
    ClearFaults,
    Grant,
    Measured,
    Message,
    Recall,
    SetLock,
    Status,
    Withdraw,
    fault_bits,
    fault_names,
    note_bits,
)
from firmware.interlock.model import (
    ClearOrdered,
    Event,
    Granted,
    LockOrdered,
    MeterMeasured,
    Recalled,
    State,
    Withdrawn,
)
from firmware.interlock.offer import cable_ma

_RELEASED, _LOCKED, _MOVING = 0, 1, 2


def event_of(message: Message, at_ms: int) -> Event | None:
    """Return what a message means, None for one that means nothing to an interlock."""
    match message:
        case Grant():
            return Granted(at_ms, message.seq, message.limit_ma, message.for_ms)
        case Withdraw():
            return Withdrawn(at_ms, message.seq)
        case SetLock():
            return LockOrdered(at_ms, message.seq, bool(message.locked))
        case ClearFaults(by=by) if by in (ENGINEER, BACKEND):
            return ClearOrdered(at_ms, message.seq, "engineer" if by == ENGINEER else "backend")
        case Recall():
            return Recalled(at_ms, message.seq, fault_names(message.faults))
        case Measured():
            return _measured(message, at_ms)
    return None


def _measured(message: Measured, at_ms: int) -> MeterMeasured:
    voltages_mv = _known(message.l1_mv), _known(message.l2_mv), _known(message.l3_mv)
    currents_ma = _known(message.l1_ma), _known(message.l2_ma), _known(message.l3_ma)
    return MeterMeasured(at_ms, message.seq, voltages_mv, currents_ma)


def _known(value: int) -> int | None:
    return None if value == UNKNOWN else value


def status_of(evse: int, seq: int, state: State) -> Status:
    """Return what the agent is told of a state; ``seq`` is the status's own number."""
    cable, temperature_mc = cable_ma(state), state.seen and state.seen.temperature_mc
    return Status(
        evse=evse,
        seq=seq,
        heard_seq=state.seq,
        pilot=ord(state.pilot.state),
        contactor=_contactor(state),
        lock=_lock(state),
        limit_ma=state.leased_ma,
        offered_ma=state.offered_ma,
        lease_left_ms=max(0, state.timers.lease - state.now_ms),
        cable_ma=UNKNOWN if cable is None else cable,
        temperature_mc=UNKNOWN_MC if temperature_mc is None else temperature_mc,
        closings=state.closings,
        opened_at_ms=state.opened_at_ms,
        closed_at_ms=state.closed_at_ms,
        faults=fault_bits(state.faults),
        notes=note_bits(notes(state)),
    )


def _contactor(state: State) -> int:
    """Energy may be on in either case; only with the contacts closed it is."""
    if not state.closed:
        return OPEN
    return CLOSING if state.closing else CLOSED


def _lock(state: State) -> int:
    if state.rules.lock == "none":
        return _LOCKED
    if state.rules.lock == "motor" and state.commands.lock:
        return _MOVING
    return _LOCKED if state.seen is not None and state.seen.locked else _RELEASED


def same_news(one: Status | None, other: Status) -> bool:
    """Whether two statuses say the same; their numbers and the remaining lease alone are no news."""
    return one is not None and one._replace(seq=other.seq, lease_left_ms=other.lease_left_ms) == other
