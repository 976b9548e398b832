"""What an auditor should know of a record: the flags that are sealed into it (docs/OCMF.md, UF)."""

from firmware.core.entries import ReadingKind
from firmware.core.events import MeterReading
from firmware.core.meter_watch import Flag
from firmware.core.plausibility import is_coarse
from firmware.core.settings import EvseSettings
from firmware.core.state import Evse, Transaction

OF_FAULT: dict[str, Flag] = {
    "MeterSilent": "silent",
    "MeterImplausible": "implausible",
    "MeterFrozen": "frozen",
    "MeterExchanged": "exchanged",
    "MeterRolledOver": "rolled-over",
    "EnergyWhileOpen": "energy-while-open",
}
"""The faults of a meter's readings. Where one stands, no further reading is waited for."""


def record_flags(
    evse: Evse, transaction: Transaction, kind: ReadingKind, reading: MeterReading, settings: EvseSettings
) -> tuple[str, ...]:
    """Return the flags of the next record, in order of the alphabet."""
    flags = set(evse.meter.flags)
    if is_coarse(reading, settings):
        flags.add("coarse-register")
    if transaction.meter_record.missed_begin:
        flags.add("meter-seal-missing")
    if kind == "E" and transaction.stop is not None:
        if transaction.stop.fault in OF_FAULT:
            flags.add(OF_FAULT[transaction.stop.fault])
        if reading.at.mono_ms < safe_since_ms(evse, transaction):
            flags.add("last-believed")
    return tuple(sorted(flags))


def safe_since_ms(evse: Evse, transaction: Transaction) -> int:
    """Return since when no energy has flowed: a reading that was asked for then ends a transaction."""
    if evse.open_since_ms is not None:
        return evse.open_since_ms
    return transaction.stop.at.mono_ms if transaction.stop else 0
