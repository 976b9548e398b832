"""Several EVSEs on one supply: who may take how much, and in which order limits change.

A limit that falls is told first. The room counts as free once the pilot has offered the lower current for 5 s
— so long a vehicle may take to follow (IEC 61851-1, A.5.4) — or once the contactor is open; only then another
limit rises. So what is allowed, and what a vehicle may still draw, never add up to more than a phase carries.

Times here are those of vehicles: on a clock that runs faster than life they are as many times longer.
"""

from typing import NamedTuple

from firmware.core.settings import EvseSettings, Settings
from firmware.core.shares import LEAST_MA, Claim, fair_shares
from firmware.core.state import Evse, Hold, Phase, Queue, State
from firmware.core.transaction import blocking_faults
from firmware.core.turn import Turn

FOLLOW_MS = 5_000
SETTLE_MS = 30_000
"""What a vehicle draws says what it can use once its limit has stood for so long."""
TURN_MS = 900_000
"""When there is not enough for all, the first in the queue makes way after a quarter of an hour."""
_MARGIN_MA, _NEARLY_MA = 2_000, 1_000
_AMPERE = 1_000
PHASES = (1, 2, 3)


class _Place(NamedTuple):
    """One EVSE at this moment, with what is installed there."""

    evse: Evse
    installed: EvseSettings

    @property
    def told_ma(self) -> int:
        return self.evse.told.permit_ma or 0


def share(turn: Turn, supply_ma: int) -> None:
    """Give each EVSE that wants energy its share of what a phase of the supply carries."""
    settings = turn.station.settings
    installed = {item.evse: item for item in settings.evses}
    places = {evse.evse: _held(_Place(evse, installed[evse.evse]), settings, turn) for evse in turn.evses}
    wanting = [number for number, place in places.items() if _wants(turn.station, place.evse)]
    queue = _queued(turn.station.queue, wanting)
    targets = _targets(places, queue.numbers, supply_ma)
    permits = _permits(places, queue.numbers, targets, supply_ma)
    for number, place in places.items():
        turn.put(_with_share(place.evse, permits.get(number), turn.now.mono_ms))
    waiting = any(targets[number] == 0 for number in queue.numbers)
    turn.change(turn.state._replace(queue=_turned(queue, waiting, turn.now.mono_ms)))


def _wants(state: State, evse: Evse) -> bool:
    transaction = evse.transaction
    energised = transaction is not None and transaction.phase is Phase.ENERGISED
    return energised and evse.interlock is not None and not state.storage_failed and not blocking_faults(evse)


# the queue


def _queued(queue: Queue, wanting: list[int]) -> Queue:
    """Keep the order of those that still want energy; newcomers stand at the end."""
    staying = tuple(number for number in queue.numbers if number in wanting)
    return queue._replace(numbers=staying + tuple(number for number in wanting if number not in staying))


def _turned(queue: Queue, waiting: bool, now_ms: int) -> Queue:
    if not waiting:
        return queue._replace(since_ms=now_ms)
    if now_ms - queue.since_ms < TURN_MS:
        return queue
    return Queue(queue.numbers[1:] + queue.numbers[:1], now_ms)


# what each may still be drawing


def _held(place: _Place, settings: Settings, turn: Turn) -> _Place:
    evse, now_ms = place.evse, turn.now.mono_ms
    hold, level_ma = evse.hold, _level_ma(place)
    if level_ma != hold.level_ma:
        hold = hold._replace(level_ma=level_ma, since_ms=now_ms)
    since_ms = (now_ms - hold.since_ms) // settings.physics_rate
    followed = since_ms >= FOLLOW_MS if level_ma else not evse.contactor_closed
    if level_ma >= hold.committed_ma or followed:
        hold = hold._replace(committed_ma=level_ma)
    hold = hold._replace(usable_ma=_usable_ma(evse, hold, since_ms))
    return place._replace(evse=evse._replace(hold=hold))


def _level_ma(place: _Place) -> int:
    """Return the most that is allowed now: by our word, by the lease that stands, by the pilot.

    Before the interlock's first word, on a new connection too, a lease may stand that we know nothing of:
    then it is the most there is.
    """
    evse = place.evse
    if evse.interlock is None:
        return place.installed.max_current_ma
    return max(place.told_ma, evse.interlock.limit_ma, evse.interlock.offered_ma)


def _usable_ma(evse: Evse, hold: Hold, since_ms: int) -> int | None:
    """Return what the vehicle is known to use, with a margin; None while that is not known."""
    draw_ma = _draw_ma(evse)
    if hold.level_ma == 0:
        return None
    if draw_ma is None:
        return hold.usable_ma
    if hold.usable_ma is not None and draw_ma > hold.usable_ma - _NEARLY_MA:
        return None  # it takes all it was left: perhaps it wants more
    usable_ma = max(LEAST_MA, -(-(draw_ma + _MARGIN_MA) // _AMPERE) * _AMPERE)
    if since_ms < SETTLE_MS or usable_ma >= hold.level_ma:
        return hold.usable_ma
    return usable_ma if hold.usable_ma is None else min(usable_ma, hold.usable_ma)


def _draw_ma(evse: Evse) -> int | None:
    if not evse.contactor_closed:
        return 0
    current_ma = evse.reading.current_ma if evse.reading else None
    return max(current_ma, default=0) if current_ma is not None else None


# who gets how much


def _targets(places: dict[int, _Place], queue: tuple[int, ...], supply_ma: int) -> dict[int, int]:
    """Return the shares to come to, of what those that want nothing are not still holding."""
    claims = [_claim(places[number]) for number in queue]
    others = {number: place.evse.hold.committed_ma for number, place in places.items() if number not in queue}
    return fair_shares(claims, _room_ma(places, others, supply_ma))


def _claim(place: _Place) -> Claim:
    evse, most_ma = place.evse, place.installed.max_current_ma
    if evse.interlock is not None and evse.interlock.cable_ma is not None:
        most_ma = min(most_ma, evse.interlock.cable_ma)
    usable_ma = most_ma if evse.hold.usable_ma is None else evse.hold.usable_ma
    return Claim(evse.evse, most_ma, place.installed.phases, usable_ma)


def _room_ma(places: dict[int, _Place], taken: dict[int, int], supply_ma: int) -> dict[int, int]:
    loads = {
        phase: sum(ma for number, ma in taken.items() if phase in places[number].installed.phases)
        for phase in PHASES
    }
    return {phase: supply_ma - load_ma for phase, load_ma in loads.items()}


def _permits(
    places: dict[int, _Place], queue: tuple[int, ...], targets: dict[int, int], supply_ma: int
) -> dict[int, int]:
    """Return what each in the queue is permitted now: lower at once, higher as soon as there is room."""
    permits = {number: min(places[number].told_ma, targets[number]) for number in queue}
    taken = {number: place.evse.hold.committed_ma for number, place in places.items()}
    for number in queue:
        others = {other: ma for other, ma in taken.items() if other != number}
        room_ma = _room_ma(places, others, supply_ma)
        fits = all(targets[number] <= room_ma[phase] for phase in places[number].installed.phases)
        if targets[number] > permits[number] and fits:
            permits[number] = targets[number]
            taken[number] = max(taken[number], targets[number])
    return permits


def _with_share(evse: Evse, share_ma: int | None, now_ms: int) -> Evse:
    """Note a share. A vehicle that was kept waiting has not been idle of itself."""
    transaction = evse.transaction
    if evse.held_back and share_ma and transaction is not None and transaction.idle_since_ms is not None:
        evse = evse._replace(transaction=transaction._replace(idle_since_ms=now_ms))
    return evse._replace(share_ma=share_ma)
