"""One step in the making: the state so far and the effects collected. It lives no longer than the step."""

from firmware.core.effects import Append, Effect, WakeUplink
from firmware.core.entries import Entry
from firmware.core.journal import apply
from firmware.core.state import Evse, State
from firmware.core.units import Stamp


class Turn:
    """The state as it changes within one step. EVSEs change most; they are put back together at the end."""

    def __init__(self, state: State, now: Stamp) -> None:
        self.now = now
        self.effects: list[Effect] = []
        self._evses: dict[int, Evse] = {}
        self._stale = False
        self.change(state)

    def change(self, state: State) -> None:
        """Take a whole new state."""
        self._state, self._stale = state, False
        self._evses = {evse.evse: evse for evse in state.evses}

    def put(self, evse: Evse) -> None:
        """Take an EVSE's new state."""
        self._evses[evse.evse] = evse
        self._stale = True

    def append(self, entry: Entry) -> None:
        """Have an entry stored, and its change made."""
        self.change(apply(self.state, entry))
        self.effects += (Append(entry), WakeUplink())

    @property
    def station(self) -> State:
        """The state for all but its EVSEs, which may be behind."""
        return self._state

    @property
    def state(self) -> State:
        """The whole state so far."""
        if self._stale:
            self._state, self._stale = self._state._replace(evses=self.evses), False
        return self._state

    @property
    def evses(self) -> tuple[Evse, ...]:
        return tuple(self._evses.values())

    def evse(self, number: int) -> Evse:
        return self._evses[number]
