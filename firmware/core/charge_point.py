"""The charge point: ``step(state, event) -> (state', effects)`` composes its parts and owns every decision.

Pure and synchronous. An event changes facts; facts yield entries (durable) one after another until nothing
more follows; what the surroundings should be told, less what they were told, makes the rest.
"""

from firmware.core import facts, meter_seal, meter_seal_events, requests
from firmware.core.effects import Effect
from firmware.core.entries import ContactorCycled, Entry, FaultCleared, FaultRaised
from firmware.core.events import Event
from firmware.core.fault_watch import standing_faults, station_faults
from firmware.core.meter_number import note_meter
from firmware.core.presentation import outputs
from firmware.core.sharing import share
from firmware.core.state import Evse, Outputs, State
from firmware.core.telling import difference
from firmware.core.transaction import next_entry, why_stop
from firmware.core.turn import Turn


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """Return the state after an event, and what is to be done, in the order in which it is to be done."""
    turn = Turn(state, event.at)
    facts.count_time(turn)
    facts.take_in(turn, event)
    requests.take_in(turn, event)
    meter_seal_events.take_in(turn, event)
    if not turn.station.storage_failed:
        _note_station_faults(turn)
        for evse in turn.evses:
            _follow_up(turn, evse.evse)
    if turn.station.settings.supply_ma is not None:
        share(turn, turn.station.settings.supply_ma)
    _tell(turn)
    return turn.state, tuple(sorted(turn.effects, key=lambda effect: effect.rank))


def _follow_up(turn: Turn, number: int) -> None:
    """Append what follows from the facts until nothing more follows."""
    note_meter(turn, number)
    _note_faults(turn, number)
    _count_closings(turn, number)
    while (entry := _next_entry(turn, turn.evse(number))) is not None:
        turn.append(entry)


def _next_entry(turn: Turn, evse: Evse) -> Entry | None:
    transaction = evse.transaction
    if transaction is None:
        return None
    stop = why_stop(turn.station, evse, transaction, turn.now) if transaction.stop is None else None
    return (
        stop
        or meter_seal.overdue(turn.station.settings, evse, turn.now)
        or next_entry(turn.station, evse, transaction, turn.now)
    )


def _note_faults(turn: Turn, number: int) -> None:
    evse = turn.evse(number)
    standing = standing_faults(evse, turn.station.settings, turn.now.mono_ms)
    if standing.keys() == evse.faults:
        return
    transaction_id = evse.transaction.start.transaction_id if evse.transaction else ""
    for name in sorted(standing.keys() - evse.faults):
        turn.append(FaultRaised(turn.now, number, name, standing[name], transaction_id))
    for name in sorted(evse.faults - standing.keys()):
        turn.append(FaultCleared(turn.now, number, name))


def _note_station_faults(turn: Turn) -> None:
    if turn.station.online and not turn.station.faults:
        return
    if not turn.station.online and turn.station.offline_since_ms is None:
        turn.change(turn.state._replace(offline_since_ms=turn.now.mono_ms))
    standing, known = station_faults(turn.station, turn.now.mono_ms), turn.station.faults
    for name in sorted(standing - known):
        turn.append(FaultRaised(turn.now, 0, name))
    for name in sorted(known - standing):
        turn.append(FaultCleared(turn.now, 0, name))


def _count_closings(turn: Turn, number: int) -> None:
    """Keep what the interlock counts over its restarts; a contactor's life is closings, not years."""
    evse = turn.evse(number)
    counted = evse.contactor.counted
    if evse.interlock is None or evse.interlock.closings == counted:
        return
    closings = evse.interlock.closings
    new = closings - counted if closings > counted else closings
    turn.append(ContactorCycled(turn.now, evse.evse, evse.contactor.cycles + new, closings))


def _tell(turn: Turn) -> None:
    for evse in turn.evses:
        wanted = outputs(turn.station, evse, turn.now)
        if wanted != evse.told:
            turn.effects += difference(evse, wanted)
            turn.put(
                evse._replace(
                    told=wanted,
                    withdrawn_ms=_withdrawn_ms(evse, wanted, turn.now.mono_ms),
                    meter_asked_ms=_meter_asked_ms(evse, wanted, turn.now.mono_ms),
                )
            )


def _withdrawn_ms(evse: Evse, wanted: Outputs, now_ms: int) -> int | None:
    if wanted.permit_ma != 0:
        return None
    return now_ms if evse.told.permit_ma != 0 else evse.withdrawn_ms


def _meter_asked_ms(evse: Evse, wanted: Outputs, now_ms: int) -> int | None:
    return evse.meter_asked_ms if wanted.meter_order == evse.told.meter_order else now_ms
