"""What meter, interlock, clock and ledger say, taken into the state; and the time that passed meanwhile."""

from firmware.core.deadlines import receipt_ends_ms
from firmware.core.events import (
    DeadlineReached,
    Event,
    InterlockLost,
    InterlockReported,
    MeterIdentified,
    MeterSampled,
    MeterSilent,
    StorageFailed,
)
from firmware.core.meter_number import take_number
from firmware.core.readings import take_reading
from firmware.core.state import Evse, Phase, Transaction
from firmware.core.turn import Turn


def count_time(turn: Turn) -> None:
    """Count the time since the last event as charging or idle, by what was true in between.

    After a restart nobody knows yet: the interlock's first word decides (`_caught_up`).
    """
    for evse in turn.evses:
        transaction = evse.transaction
        known = evse.interlock is not None or evse.interlock_lost
        if transaction is not None and transaction.began and known:
            turn.put(evse._replace(transaction=_counted(evse, transaction, turn.now.mono_ms)))


def take_in(turn: Turn, event: Event) -> None:
    """Take in what meter, interlock, clock or ledger said; other events are `requests`' business."""
    match event:
        case MeterSampled():
            take_reading(turn, event)
        case MeterIdentified():
            take_number(turn, event)
        case InterlockReported():
            _take_interlock(turn, event)
        case MeterSilent():
            turn.put(turn.evse(event.evse)._replace(meter_silent=event.why))
        case InterlockLost():
            for evse in turn.evses:
                turn.put(_without_interlock(evse, turn.now.mono_ms))
        case StorageFailed():
            turn.change(turn.state._replace(storage_failed=True))
        case DeadlineReached():
            _expire(turn)


def _take_interlock(turn: Turn, event: InterlockReported) -> None:
    evse, now_ms = _caught_up(turn.evse(event.evse), event), event.at.mono_ms
    was_closed = evse.contactor_closed
    opened_ms = evse.open_since_ms if evse.open_since_ms is not None else now_ms
    evse = evse._replace(
        interlock=event,
        interlock_lost=False,
        open_since_ms=None if event.contactor_closed else opened_ms,
    )
    transaction = evse.transaction
    if transaction is not None and was_closed != event.contactor_closed:
        idle_since = None if event.contactor_closed else now_ms
        evse = evse._replace(transaction=transaction._replace(idle_since_ms=idle_since))
    if evse.receipt is not None and event.pilot == "A" and evse.receipt.unplugged_at_ms is None:
        evse = evse._replace(receipt=evse.receipt._replace(unplugged_at_ms=now_ms))
    turn.put(evse)


def _expire(turn: Turn) -> None:
    for evse in turn.evses:
        paying, receipt = evse.paying_until_ms, evse.receipt
        if paying is not None and paying <= turn.now.mono_ms:
            paying = None
        if receipt is not None and receipt_ends_ms(turn.station, receipt) <= turn.now.mono_ms:
            receipt = None
        turn.put(evse._replace(paying_until_ms=paying, receipt=receipt))


def _counted(evse: Evse, transaction: Transaction, now_ms: int) -> Transaction:
    elapsed = max(0, now_ms - transaction.counted_to_ms)
    charging = evse.charging
    idle = not evse.contactor_closed and transaction.phase is Phase.ENERGISED and not evse.held_back
    return transaction._replace(
        charging_ms=transaction.charging_ms + (elapsed if charging else 0),
        idle_ms=transaction.idle_ms + (elapsed if idle else 0),
        counted_to_ms=transaction.counted_to_ms + elapsed,
    )


def _caught_up(evse: Evse, event: InterlockReported) -> Evse:
    """Count the time of a restart, once the interlock's first word says what was true in it.

    It closes only by a lease of ours: found closed, it has been closed all along and that time was charging.
    Found open, the power was cut or the vehicle paused: nobody saw it, and nobody pays for it.
    """
    transaction = evse.transaction
    if evse.interlock is not None or transaction is None or not transaction.began:
        return evse
    if event.contactor_closed:
        return evse._replace(transaction=_counted(evse, transaction, event.at.mono_ms))
    return evse._replace(transaction=transaction._replace(counted_to_ms=event.at.mono_ms))


def _without_interlock(evse: Evse, now_ms: int) -> Evse:
    """The interlock is gone, and with it every permission: the hal has put its outputs to safe."""
    opened_ms = now_ms if evse.open_since_ms is None else evse.open_since_ms
    return evse._replace(interlock=None, interlock_lost=True, open_since_ms=opened_ms)
