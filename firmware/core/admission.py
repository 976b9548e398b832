"""Whether a start may be, and the id it gets."""

import hashlib

from firmware.core.events import StartRequested
from firmware.core.state import Evse, State
from firmware.core.transaction import blocking_faults


def why_not_start(state: State, evse: Evse | None) -> tuple[str, str] | None:
    """Return OCPP's reason code and words for a start that cannot be, or None."""
    if evse is None:
        return "UnknownEvse", "this station has no such EVSE"
    if state.storage_failed:
        return "InternalError", "the station cannot store records"
    faults = blocking_faults(evse)
    if faults:
        return "FaultedEvse", f"out of service: {', '.join(faults)}"
    if evse.transaction is not None:
        return "TxInProgress", f"transaction {evse.transaction.start.transaction_id} is running"
    if evse.interlock is None or evse.reading is None:
        return "NotReady", "the station is starting up"
    return None


def transaction_id_for(state: State, event: StartRequested) -> str:
    """Return an id that no other start has: a hash over what is unique about this one, as a UUID."""
    unique = (
        state.settings.station_id,
        event.at.utc_ms,
        event.at.mono_ms,
        event.remote_start_id,
        event.id_token,
    )
    digest = hashlib.sha256(repr(unique).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
