"""Which faults stand now: a predicate over the facts, compared with what the ledger says stands."""

from firmware.core.state import Evse

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


def standing_faults(evse: Evse) -> dict[str, str]:
    """Return the faults that stand by the facts, with a detail for the engineer.

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
    return standing
