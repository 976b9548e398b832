"""Which faults stand now: a predicate over the facts, compared with what the ledger says stands."""

from firmware.core.faults import latched
from firmware.core.meter_number import is_other_meter, known_number
from firmware.core.plausibility import why_frozen, why_leaking
from firmware.core.settings import EvseSettings, Settings
from firmware.core.state import STUCK, Evse, State

STOP_MS = 10_000
"""A stop takes at most 6 s for the vehicle to follow and 1 s for the contactor (docs/LEASE.md)."""
OWN_FAULTS = frozenset(
    {
        "MeterSilent",
        "MeterImplausible",
        "MeterFrozen",
        "MeterExchanged",
        "MeterRolledOver",
        "EnergyWhileOpen",
        "MeterSealMissing",
        "InterlockLost",
        "LedgerFailed",
        "BackendUnreachable",
        "ChargingStopFailed",
    }
)
"""Those that the agent finds itself; all others are the interlock's."""


def station_faults(state: State, now_ms: int) -> frozenset[str]:
    """Return the faults of the station as a whole that stand by the facts."""
    since_ms = state.offline_since_ms
    if since_ms is None or now_ms - since_ms < state.settings.backend_alert_ms:
        return frozenset() if since_ms is None else state.faults
    return frozenset({"BackendUnreachable"})


def standing_faults(evse: Evse, settings: Settings, now_ms: int) -> dict[str, str]:
    """Return the faults that stand by the facts, with a detail for the engineer.

    A stop's time limit is that of physics, however fast the station's clock runs. What latches stands until
    somebody has cleared it (`clearing`). While the interlock has not spoken (after a restart) its faults are
    those that stood before; so are the meter's before its first reading.
    """
    from_interlock = evse.interlock.faults if evse.interlock else evse.faults - OWN_FAULTS
    standing = dict.fromkeys(from_interlock, "")
    if evse.faults:
        standing |= dict.fromkeys(latched(evse.faults) & OWN_FAULTS, "")
    standing |= _meter_faults(evse, settings.evse(evse.evse))
    if evse.interlock_lost:
        standing["InterlockLost"] = ""
    if evse.withdrawn_ms is not None and now_ms - evse.withdrawn_ms >= STOP_MS * settings.physics_rate:
        closed = evse.interlock is not None and evse.interlock.contactor_closed
        if closed and standing.keys().isdisjoint(STUCK):  # those say it better
            standing["ChargingStopFailed"] = ""
    return standing


def _meter_faults(evse: Evse, settings: EvseSettings) -> dict[str, str]:
    watch, reading = evse.meter, evse.reading
    standing = {}
    if evse.meter_silent:
        standing["MeterSilent"] = evse.meter_silent
    elif reading is None:
        standing = dict.fromkeys(evse.faults & {"MeterSilent", "MeterImplausible"}, "")
    if is_other_meter(evse, settings.meter):
        known = known_number(evse, settings.meter)
        standing["MeterExchanged"] = f"meter {watch.told} answers, not {known}"
    elif watch.renewed:
        standing["MeterExchanged"] = watch.renewed
    elif watch.doubt is not None and watch.doubt.distrusted:
        standing["MeterImplausible"] = watch.doubt.why
    if watch.rolled_over and evse.transaction is not None:
        standing["MeterRolledOver"] = ""
    if evse.seal_trouble or (evse.seal_trouble is None and "MeterSealMissing" in evse.faults):
        standing["MeterSealMissing"] = evse.seal_trouble or ""
    if (
        watch.still is not None
        and reading is not None
        and (why := why_frozen(watch.still, reading, settings))
    ):
        standing["MeterFrozen"] = why
    if watch.open_from and reading is not None and (why := why_leaking(watch.open_from, reading, settings)):
        standing["EnergyWhileOpen"] = why
    return standing
