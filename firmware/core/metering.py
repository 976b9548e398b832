"""What a reading may be believed to be, and when usage is cut into a record."""

from firmware.core.entries import ChargingState, ReadingKind
from firmware.core.events import MeterReading
from firmware.core.pricing import prices_at
from firmware.core.state import Evse, Mark, Phase, Transaction
from firmware.core.tariff import local_time

_DWH_PER_W_MS = 360_000  # 0.1 Wh is 360 W·s
_TOLERANCE = 2
_LAST_RECORD_MS = 120_000


def implausible(evse: Evse, reading: MeterReading, max_power_w: int, step_dwh: int) -> str:
    """Say why a reading cannot follow the last one that was believed, or "".

    A cumulative import register never falls, and rises by no more than the cable can carry (twice that and a
    few register steps are let pass: stamps and registers are coarse).
    """
    mark = evse.transaction.mark if evse.transaction else None
    if evse.reading is not None:
        believed_dwh, elapsed_ms = evse.reading.import_dwh, reading.at.mono_ms - evse.reading.at.mono_ms
    elif mark is not None:
        # The first reading after a restart: the last record is all that is known of what came before.
        believed_dwh = mark.import_dwh
        elapsed_ms = reading.at.mono_ms - mark.at.mono_ms + _LAST_RECORD_MS
    else:
        return ""
    moved = reading.import_dwh - believed_dwh
    if moved < 0:
        return f"import register fell from {believed_dwh} to {reading.import_dwh} dWh"
    elapsed_ms = max(0, elapsed_ms)
    if moved > _TOLERANCE * max_power_w * elapsed_ms // _DWH_PER_W_MS + 4 * step_dwh + 10:
        return f"import register rose by {moved} dWh in {elapsed_ms} ms"
    return ""


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
