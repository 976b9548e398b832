"""A meter's readings taken in: each is believed as it is, or not at all; what makes them doubtful is kept.

A reading that is not believed changes neither energy nor power. What follows from doubts stands in
`fault_watch` and the fault catalogue.
"""

from firmware.core.entries import MeterAccepted
from firmware.core.events import MeterReading, MeterSampled
from firmware.core.meter_number import is_other_meter, known_number
from firmware.core.meter_watch import appeased, doubted
from firmware.core.plausibility import (
    most_dwh,
    overdue_dwh,
    rolled_over,
    stands_still,
    step_dwh,
    why_not,
    window,
)
from firmware.core.settings import EvseSettings
from firmware.core.state import STUCK, Evse
from firmware.core.turn import Turn

_LAST_RECORD_MS = 120_000
"""How long before a restart the last reading may have been later than the last record."""

_MISSED = 2
_OPEN_MS = 15_000
"""A meter may tell late of what flowed before the contactor opened."""

_ANY = 1 << 62
_UNTRUSTED = frozenset({"MeterImplausible", "MeterExchanged"})


def take_reading(turn: Turn, event: MeterSampled) -> None:
    """Believe a reading, or doubt it."""
    evse, reading = turn.evse(event.evse), event.reading
    if evse.meter_silent:
        evse = evse._replace(meter_silent="")
    settings = turn.station.settings.evse(event.evse)
    if _out_of_order(evse, event) or is_other_meter(evse, settings.meter) or _given_up(evse):
        turn.put(evse)
        return
    before = _before(evse, reading, settings)
    why = why_not(before[0], reading, before[1]) if before else ""
    if before is None or not why:
        _believe(turn, evse, event)
    elif rolled_over(before[0], reading, _within_reach(before[1], reading, settings), settings):
        _roll_over(turn, evse, event)
    else:
        _doubt(turn, evse, event, why, risen=reading.import_dwh > before[0])


def _out_of_order(evse: Evse, event: MeterSampled) -> bool:
    """Say whether a reading was asked for before the believed one, or is stamped later than it came."""
    asked_ms = event.reading.at.mono_ms
    return asked_ms > event.at.mono_ms or (evse.reading is not None and asked_ms < evse.reading.at.mono_ms)


def _given_up(evse: Evse) -> bool:
    """Say whether a transaction ends by what was believed before.

    While the vehicle ramps down, a wrong register may yet come near the right one.
    """
    return evse.began and not evse.faults.isdisjoint(_UNTRUSTED)


def _before(evse: Evse, reading: MeterReading, settings: EvseSettings) -> tuple[int, int] | None:
    """Return the register that is believed and the most that it can have risen by, None without one.

    After a restart that is the last record. Outside of a transaction nobody can say how much flowed since,
    and nobody pays for it; but a register that is lower than a record's is another one.
    """
    step, now_ms = step_dwh(reading, settings), reading.at.mono_ms
    if evse.reading is not None:
        most = most_dwh(settings, now_ms - evse.reading.at.mono_ms, step)
        return evse.reading.import_dwh, most + overdue_dwh(evse.meter.still)
    if evse.recorded is None:
        return None
    if not evse.began:
        return evse.recorded.import_dwh, _ANY
    # It falls back to the last record's time, which readings may have passed by a record's length and more.
    elapsed_ms = now_ms - evse.recorded.at_ms + _LAST_RECORD_MS
    return evse.recorded.import_dwh, most_dwh(settings, elapsed_ms, step)


def _within_reach(most: int, reading: MeterReading, settings: EvseSettings) -> int:
    """Return the bound for a register that begins again at 0: outside of charges that of two minutes."""
    return min(most, most_dwh(settings, _LAST_RECORD_MS, step_dwh(reading, settings)))


def _believe(turn: Turn, evse: Evse, event: MeterSampled) -> None:
    reading, before, watch = event.reading, evse.reading, evse.meter
    if evse.began and (before is None or event.missed >= _MISSED):
        watch = watch.flagged("gap")
    closed = evse.interlock is not None and evse.contactor_closed
    still = stands_still(watch.still, before, reading) if closed and before else None
    open_from = window(watch.open_from, reading) if _surely_open(turn, evse, reading) else None
    if still is not watch.still or open_from is not watch.open_from:
        watch = watch._replace(still=still, open_from=open_from)
    if watch.doubt is not None or watch.rolled_over:
        doubt = appeased(watch.doubt, reading.at.mono_ms)
        watch = watch._replace(doubt=doubt, renewed=watch.renewed if doubt else "", rolled_over=False)
    power_w = evse.power_w if reading.power_w is None else reading.power_w
    turn.put(evse._replace(reading=reading, power_w=power_w, meter=watch))


def _surely_open(turn: Turn, evse: Evse, reading: MeterReading) -> bool:
    since_ms = evse.open_since_ms
    if evse.interlock is None or since_ms is None or not evse.faults.isdisjoint(STUCK):
        return False
    return reading.at.mono_ms >= since_ms + _OPEN_MS * turn.station.settings.physics_rate


def _roll_over(turn: Turn, evse: Evse, event: MeterSampled) -> None:
    """A transaction ends before its register begins at 0 again; between two nothing is to be ended."""
    if evse.began:
        turn.put(evse._replace(meter=evse.meter._replace(rolled_over=True)))
        return
    turn.put(evse)
    identity = turn.station.settings.evse(evse.evse).meter
    serial = known_number(evse, identity)
    turn.append(MeterAccepted(event.at, evse.evse, identity.model, serial, "rolled-over"))
    _believe(turn, turn.evse(evse.evse), event)


def _doubt(turn: Turn, evse: Evse, event: MeterSampled, why: str, *, risen: bool) -> None:
    """Pass one wild reading over; more of them are a fault, and in the end another register."""
    reading, settings = event.reading, turn.station.settings.evse(evse.evse)
    doubt = doubted(evse.meter.doubt, reading, why, follows=_follows(evse, reading, settings))
    watch = evse.meter._replace(doubt=doubt, still=None, open_from=None)
    if evse.began:
        watch = watch.flagged("rejected")
    elif doubt.settled and evse.transaction is None:
        if risen:  # it only ran ahead: the next begin record is read anew
            turn.put(evse._replace(reading=reading, meter=watch._replace(doubt=None)))
            return
        watch = watch._replace(renewed=why)
    turn.put(evse._replace(meter=watch))


def _follows(evse: Evse, reading: MeterReading, settings: EvseSettings) -> bool:
    """Say whether a reading follows the last one that was not believed."""
    if evse.meter.doubt is None:
        return False
    candidate = evse.meter.doubt.candidate
    elapsed_ms = reading.at.mono_ms - candidate.at.mono_ms
    most = most_dwh(settings, elapsed_ms, step_dwh(reading, settings))
    return not why_not(candidate.import_dwh, reading, most)
