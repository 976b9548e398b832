"""Between the core's words and the lease's: readings as `Measured`, a `Status` as `InterlockReported`."""

from typing import Literal

from firmware.core.events import InterlockReported, MeterReading, Pilot
from firmware.core.units import Stamp
from firmware.interlock.lease import CLOSING, UNKNOWN, UNKNOWN_MC, Measured, Status, fault_names, note_names

_LOCKS: tuple[Literal["released", "locked", "moving"], ...] = ("released", "locked", "moving")
_PHASES = 3


def measured(evse: int, seq: int, reading: MeterReading) -> Measured:
    """Return what a meter measures, L1 to L3; a phase that it does not measure is `UNKNOWN`.

    A current that flows back counts by its size: it flows.
    """
    return Measured(evse, seq, *_three(reading.voltage_mv), *_three(reading.current_ma))


def _three(values: tuple[int, ...] | None) -> tuple[int, int, int]:
    known = [min(abs(value), UNKNOWN - 1) for value in values or ()][:_PHASES]
    l1, l2, l3 = known + [UNKNOWN] * (_PHASES - len(known))
    return l1, l2, l3


def report(at: Stamp, status: Status) -> InterlockReported:
    """Return what a status says, in the core's words."""
    pilot: Pilot = chr(status.pilot)  # type: ignore[assignment]
    return InterlockReported(
        at,
        status.evse,
        pilot,
        contactor_closed=status.contactor != 0,
        lock=_LOCKS[status.lock],
        limit_ma=status.limit_ma,
        faults=fault_names(status.faults),
        opened_at_ms=status.opened_at_ms,
        closed_at_ms=status.closed_at_ms,
        offered_ma=status.offered_ma,
        cable_ma=None if status.cable_ma == UNKNOWN else status.cable_ma,
        temperature_mc=None if status.temperature_mc == UNKNOWN_MC else status.temperature_mc,
        closings=status.closings,
        notes=note_names(status.notes),
        closing=status.contactor == CLOSING,
    )
