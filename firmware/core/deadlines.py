"""When the core wants to be woken though nothing has happened."""

from collections.abc import Iterable

from firmware.core import limits, meter_seal
from firmware.core.state import Evse, Phase, Receipt, State, Transaction
from firmware.core.units import Stamp
from firmware.core.web_payment import valid_until_utc_ms

_NEVER = 1 << 62


def receipt_ends_ms(state: State, receipt: Receipt) -> int:
    """Return when a receipt leaves the display; never while the vehicle is still plugged in."""
    return _NEVER if receipt.unplugged_at_ms is None else receipt.unplugged_at_ms + state.settings.receipt_ms


def next_deadline_ms(state: State, now: Stamp) -> int | None:
    """Return the monotonic time at which the core wants a `DeadlineReached`, or None."""
    deadlines = [deadline for evse in state.evses for deadline in _deadlines(state, evse, now)]
    return min((deadline for deadline in deadlines if deadline < _NEVER), default=None)


def _deadlines(state: State, evse: Evse, now: Stamp) -> Iterable[int]:
    transaction = evse.transaction
    if transaction is not None:
        yield from _transaction_deadlines(state, evse, transaction)
    if evse.receipt is not None:
        yield receipt_ends_ms(state, evse.receipt)
    if evse.paying_until_ms is not None:
        yield evse.paying_until_ms
    if evse.told.view is not None and evse.told.view.qr_url is not None:
        until_utc_ms = valid_until_utc_ms(now.utc_ms, state.web_payments.validity_s)
        yield now.mono_ms + until_utc_ms - now.utc_ms


def _transaction_deadlines(state: State, evse: Evse, transaction: Transaction) -> Iterable[int]:
    if transaction.phase in (Phase.STARTING, Phase.AWAITING_VEHICLE):
        yield transaction.since_ms + state.settings.connection_timeout_ms
    if (meter_ms := meter_seal.deadline_ms(state.settings, evse)) is not None:
        yield meter_ms
    if transaction.phase is not Phase.ENERGISED:
        return
    waits = evse.held_back or meter_seal.awaited(state.settings, evse)
    if transaction.idle_since_ms is not None and not waits:
        yield transaction.idle_since_ms + state.settings.vehicle_full_ms
    if transaction.began:
        counted = transaction.counted_to_ms
        remaining = limits.remaining_ms(transaction, evse, counted)
        if remaining is not None:
            yield counted + max(1, remaining)
