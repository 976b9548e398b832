"""Which faults stand now: a predicate over the facts, compared with what the ledger says stands."""

from firmware.core.state import Evse, State

STOP_MS = 10_000
"""A stop takes at most 6 s for the vehicle to follow and 1 s for the contactor (docs/LEASE.md)."""
OWN_FAULTS = frozenset(
    {
        "MeterSilent",
        "MeterImplausible",
        "InterlockLost",
        "LedgerFailed",
        "BackendUnreachable",
        "ChargingStopFailed",
    }
)
"""Those that the agent finds itself; all others are the interlock's."""


STUCK = frozenset({"ContactorWelded", "ContactorFailedToOpen"})
"""Faults with which a contactor stays closed, for all that anybody can do from here."""


def station_faults(state: State, now_ms: int) -> frozenset[str]:
    """Return the faults of the station as a whole that stand by the facts."""
    since_ms = state.offline_since_ms
    if since_ms is None or now_ms - since_ms < state.settings.backend_alert_ms:
        return frozenset() if since_ms is None else state.faults
    return frozenset({"BackendUnreachable"})


def standing_faults(evse: Evse, now_ms: int, physics_rate: int) -> dict[str, str]:
    """Return the faults that stand by the facts, with a detail for the engineer.

    ``physics_rate``: the contactor's time limit is that of physics, however fast the station's clock runs.

    While the interlock has not spoken (after a restart) its faults are those that stood before.
    """
    from_interlock = evse.interlock.faults if evse.interlock else evse.faults - OWN_FAULTS
    standing = dict.fromkeys(from_interlock, "")
    if evse.meter_silent:
        standing["MeterSilent"] = evse.meter_silent
    elif evse.reading is None and "MeterSilent" in evse.faults:
        standing["MeterSilent"] = ""
    if evse.meter_implausible:
        standing["MeterImplausible"] = evse.meter_implausible
    if evse.interlock_lost:
        standing["InterlockLost"] = ""
    if evse.withdrawn_ms is not None and now_ms - evse.withdrawn_ms >= STOP_MS * physics_rate:
        closed = evse.interlock is not None and evse.interlock.contactor_closed
        if closed and standing.keys().isdisjoint(STUCK):  # those say it better
            standing["ChargingStopFailed"] = ""
    return standing
