"""When usage is cut into a record, and what it came to by then."""

from firmware.core.entries import ChargingState, ReadingKind
from firmware.core.events import MeterReading
from firmware.core.pricing import prices_at
from firmware.core.state import Evse, Mark, Phase, Transaction
from firmware.core.tariff import local_time


def charging_state(evse: Evse) -> ChargingState:
    """Return what the vehicle is doing now, in OCPP's words."""
    if evse.charging:
        return "Charging"
    if evse.held_back:
        return "SuspendedEVSE"
    return "SuspendedEV" if evse.plugged_in else "EVConnected"


def as_of(transaction: Transaction, evse: Evse, at_ms: int) -> Transaction:
    """Return the transaction with its durations counted up to a reading, never back before the last record.

    A reading is stamped when it was asked for; by the time it is here, other events have counted on.
    """
    late_ms, mark = max(0, transaction.counted_to_ms - at_ms), transaction.mark
    if mark is None or not transaction.began or late_ms == 0:
        return transaction
    if evse.charging:
        return transaction._replace(charging_ms=max(mark.charging_ms, transaction.charging_ms - late_ms))
    if transaction.phase is Phase.ENERGISED:
        return transaction._replace(idle_ms=max(mark.idle_ms, transaction.idle_ms - late_ms))
    return transaction


def _price_changed(transaction: Transaction, mark: Mark, reading: MeterReading) -> bool:
    """Prices change on the minute: within the mark's own they cannot have."""
    now, then = reading.at, mark.at
    if now.utc_ms // 60_000 == then.utc_ms // 60_000 and now.offset_min == then.offset_min:
        return False
    return prices_at(transaction.start.tariff, local_time(now.utc_ms, now.offset_min)) != mark.prices


def due_cut(
    transaction: Transaction, evse: Evse, reading: MeterReading, every_ms: int
) -> tuple[ReadingKind, str] | None:
    """Say whether usage is to be cut at this reading: its OCMF reason and OCPP trigger, or None.

    Usage is cut when the vehicle pauses or resumes, when a price changes, and when another full minute (or
    ``every_ms``) has been used. The first reading at or after that moment ends the old span.
    """
    mark = transaction.mark
    if mark is None or not transaction.began:
        return None
    state = charging_state(evse)
    if state != mark.state and mark.state != "EVConnected":
        return ("S" if state != "Charging" else "C"), "ChargingStateChanged"
    if _price_changed(transaction, mark, reading):
        return "T", "TariffChanged"
    if transaction.used_ms // every_ms > (mark.charging_ms + mark.idle_ms) // every_ms:
        return "C", "MeterValuePeriodic"
    return None
