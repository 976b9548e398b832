"""The record that a signing meter keeps of a charge beside ours: when it is begun and ended, and what if not.

It is begun once our begin record is stored and before energy may flow, and ended once our end record is
stored; what it signed goes out with the transaction's end. The meter is waited for so long and no longer:
our own seal bills. What comes too late is kept all the same (docs/SELF_SIGNING_METERS.md).
"""

from typing import Any

from firmware.core.entries import Entry, MeterRecordBegan, MeterSealKept, MeterSealMissing
from firmware.core.meter_record import MeterOrder
from firmware.core.settings import Settings
from firmware.core.state import Evse, Phase, Transaction
from firmware.core.units import Stamp

FAULT = "MeterSealMissing"


def order(settings: Settings, evse: Evse) -> MeterOrder | None:
    """Return what this EVSE's meter should be told to do now; None when it does not sign, or has done it."""
    transaction = evse.transaction
    if transaction is None or transaction.mark is None or not settings.evse(evse.evse).meter_signs:
        return None
    record, number = transaction.meter_record, transaction.start.transaction_id
    if transaction.phase is Phase.ENERGISED and record.begun is None:
        return MeterOrder("begin", number)
    if _is_over(transaction) and record.begun is not False and record.ended is None:
        return MeterOrder("end", number)
    return None


def _is_over(transaction: Transaction) -> bool:
    """Whether our own end record is stored."""
    return (
        transaction.phase is Phase.STOPPING
        and transaction.mark is not None
        and transaction.mark.state == "Idle"
    )


def deadline_ms(settings: Settings, evse: Evse) -> int | None:
    """Return until when the meter is waited for, None while nothing is asked of it."""
    if evse.told.meter_order is None or evse.told.meter_order != order(settings, evse):
        return None
    return None if evse.meter_asked_ms is None else evse.meter_asked_ms + settings.meter_seal_ms


def overdue(settings: Settings, evse: Evse, now: Stamp) -> MeterSealMissing | None:
    """Return the entry that goes on without the meter once it has been waited for long enough."""
    until_ms, wanted = deadline_ms(settings, evse), evse.told.meter_order
    if until_ms is None or wanted is None or now.mono_ms < until_ms:
        return None
    why = f"no answer in {settings.meter_seal_ms} ms"
    return MeterSealMissing(now, evse.evse, wanted.transaction_id, wanted.do == "end", why)


def awaited(settings: Settings, evse: Evse) -> bool:
    """Whether the charge must not go a step further before the meter has begun, or ended, its record."""
    return order(settings, evse) is not None


def stops(settings: Settings, evse: Evse) -> bool:
    """Whether the charge may not be: the site wants the meter's seal, and the meter did not begin one."""
    transaction = evse.transaction
    missing = transaction is not None and transaction.meter_record.begun is False
    return missing and settings.evse(evse.evse).meter_seal_required


def apply(evse: Evse, entry: Entry) -> Evse:
    """Take an entry of the meter's record in; those of a charge that is over only say how the meter is."""
    match entry:
        case MeterRecordBegan():
            evse = _waited(evse, entry.at.mono_ms)
            return _with_record(evse, entry.transaction_id, begun=True, begin_seal=entry.seal)
        case MeterSealKept(when="left-over"):
            return evse
        case MeterSealKept():
            evse = evse._replace(seal_trouble="")
            return _with_record(evse, entry.transaction_id, ended=True, end_seal=entry.seal)
        case MeterSealMissing(at_end=True):
            return _with_record(evse._replace(seal_trouble=entry.why), entry.transaction_id, ended=False)
        case MeterSealMissing():
            evse = _waited(evse, entry.at.mono_ms)
            evse = evse._replace(seal_trouble=entry.why)
            return _with_record(evse, entry.transaction_id, begun=False, missed_begin=True)
    return evse


def _waited(evse: Evse, now_ms: int) -> Evse:
    """The wait for the meter was not the vehicle's: it is idle from now on only."""
    transaction = evse.transaction
    if transaction is None or transaction.began or transaction.idle_since_ms is None:
        return evse
    return evse._replace(transaction=transaction._replace(idle_since_ms=now_ms))


def _with_record(evse: Evse, transaction_id: str, **changes: Any) -> Evse:
    transaction = evse.transaction
    if transaction is None or transaction.start.transaction_id != transaction_id:
        return evse
    record = transaction.meter_record._replace(**changes)
    return evse._replace(transaction=transaction._replace(meter_record=record))
