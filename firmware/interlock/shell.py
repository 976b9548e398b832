"""The interlock's loop: samples in, commands out, then tell. It waits for inputs and deadlines only."""

import select
import time
from dataclasses import dataclass, field

from firmware.interlock import core
from firmware.interlock.agent_port import AgentPort
from firmware.interlock.lease import ClearFaults, Grant, Message, SetLock, Status, Withdraw, fault_bits
from firmware.interlock.log import log
from firmware.interlock.model import (
    AgentConnected,
    BoardFailed,
    ClearOrdered,
    Commands,
    Event,
    Granted,
    LockOrdered,
    State,
    Withdrawn,
)
from firmware.interlock.settings import Settings, SettingsError
from firmware.interlock.wiring import DUTY_FOR, Devices, devices_of
from hal.backends import UnknownBackendError, open_board
from hal.ports import Board, BoardLostError

_REPORT_MS = 1_000
_REOPEN_MS = 1_000
_LONGEST_WAIT_MS = 200


def now_ms() -> int:
    """Return the kernel's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class Outlet:
    """One EVSE's state, what its outputs were told, and what the agent was told."""

    evse: int
    state: State
    applied: Commands | None = None
    told: tuple[object, ...] = ()
    told_ms: int = 0
    seq: int = 0
    devices: Devices | None = field(default=None)


class Interlock:
    """The loop over all EVSEs of one board."""

    def __init__(self, settings: Settings, agent: AgentPort) -> None:
        self._settings = settings
        self._agent = agent
        self._board: Board | None = None
        self._reopen_ms = 0
        self._outlets = {evse: Outlet(evse, State(limit)) for evse, limit in settings.evses.items()}
        self.ending = False

    def run(self) -> None:
        """Work until ``ending`` is set; then open everything.

        Raises SettingsError when the board has no such EVSE or there is no such kind of board.
        """
        try:
            while not self.ending:
                self._open_board()
                self._work(self._wait())
        finally:
            self._make_safe()

    def _wait(self) -> list[int]:
        watched = [source.fileno() for source in (self._agent.listener, self._agent.connection) if source]
        if self._board is not None:
            watched.append(self._board.fileno())
        readable, _, _ = select.select(watched, [], [], self._wait_ms() / 1000)
        return readable

    def _wait_ms(self) -> int:
        """Return how long nothing falls due, 0 if something has since the last step."""
        deadlines = (core.next_deadline_ms(outlet.state) for outlet in self._outlets.values())
        first_ms = min((due_ms for due_ms in deadlines if due_ms is not None), default=None)
        return _LONGEST_WAIT_MS if first_ms is None else max(0, min(first_ms - now_ms(), _LONGEST_WAIT_MS))

    def _work(self, readable: list[int]) -> None:
        """Inputs first: what the board says is acted on before anybody is listened to."""
        self._sample()
        if self._agent.connection is not None and self._agent.connection.fileno() in readable:
            for message in self._agent.receive():
                self._heard(message)
        if self._agent.listener.fileno() in readable and self._agent.accept():
            for outlet in self._outlets.values():
                self._step(outlet, AgentConnected(now_ms()))
                outlet.told = ()
        for outlet in self._outlets.values():
            self._tell(outlet)

    # board

    def _open_board(self) -> None:
        if self._board is not None or now_ms() < self._reopen_ms:
            return
        self._reopen_ms = now_ms() + _REOPEN_MS
        try:
            self._board = open_board(self._settings.backend, self._settings.address)
            for evse, outlet in self._outlets.items():
                outlet.devices, outlet.applied = devices_of(self._board, evse), None
        except BoardLostError as error:
            self._lose_board(str(error))
        except UnknownBackendError as error:
            raise SettingsError(f"settings: {error}") from error
        except KeyError as error:
            raise SettingsError(f"settings: evses: {error.args[0]}") from error

    def _sample(self) -> None:
        if self._board is None:
            return
        try:
            self._board.refresh()
            for outlet in self._outlets.values():
                if outlet.devices is not None:
                    self._step(outlet, outlet.devices.sample(now_ms()))
        except BoardLostError as error:
            self._lose_board(str(error))

    def _lose_board(self, why: str) -> None:
        if self._board is not None:
            self._board.close()
            self._board = None
        first = any("BoardLost" not in outlet.state.faults for outlet in self._outlets.values())
        if first:
            log("board.lost", why=why)
        for outlet in self._outlets.values():
            outlet.devices = None
            self._step(outlet, BoardFailed(now_ms()))

    def _step(self, outlet: Outlet, event: Event) -> None:
        """Put an event to the core and carry its commands out; tell only after that."""
        before = outlet.state
        outlet.state = core.step(before, event, DUTY_FOR)
        commands = outlet.state.commands
        if outlet.devices is not None and commands != outlet.applied:
            try:
                outlet.devices.apply(outlet.applied, commands)
            except BoardLostError as error:
                self._lose_board(str(error))
                return
            outlet.applied = commands
        if commands.closed != before.commands.closed:
            self._log_switched(outlet)

    def _log_switched(self, outlet: Outlet) -> None:
        state = outlet.state
        event = "contactor.closing" if state.commands.closed else "contactor.opening"
        log(event, evse=outlet.evse, pilot=state.pilot.state, faults=sorted(state.faults))

    def _make_safe(self) -> None:
        """Open, and take the pilot back; closing the board does the same by the hal's own rule."""
        for outlet in self._outlets.values():
            if outlet.devices is not None:
                try:
                    outlet.devices.apply(None, Commands())
                except BoardLostError as error:
                    log("board.lost", why=str(error))
        if self._board is not None:
            self._board.close()

    # agent

    def _heard(self, message: Message) -> None:
        if isinstance(message, Status):
            return
        outlet = self._outlets.get(message.evse)
        if outlet is None:
            return
        self._step(outlet, _event(message))

    def _tell(self, outlet: Outlet) -> None:
        """Report what changed at once, and everything at least once a second."""
        state, now = outlet.state, now_ms()
        status = _status(outlet.evse, outlet.seq + 1, state)
        changed = (
            status.pilot,
            status.contactor,
            status.lock,
            status.limit_ma,
            status.faults,
            status.opened_at_ms,
        )
        if changed == outlet.told and now - outlet.told_ms < _REPORT_MS:
            return
        outlet.told, outlet.told_ms, outlet.seq = changed, now, outlet.seq + 1
        self._agent.send(status)


def _event(message: Grant | Withdraw | SetLock | ClearFaults) -> Event:
    at_ms = now_ms()
    match message:
        case Grant():
            return Granted(at_ms, message.seq, message.limit_ma, message.for_ms)
        case Withdraw():
            return Withdrawn(at_ms, message.seq)
        case SetLock():
            return LockOrdered(at_ms, message.seq, bool(message.locked))
        case ClearFaults():
            return ClearOrdered(at_ms, message.seq)


def _status(evse: int, seq: int, state: State) -> Status:
    left_ms = state.lease.until_ms - state.now_ms if state.lease else 0
    lock = 2 if state.commands.lock else 1 if state.seen is not None and state.seen.locked else 0
    return Status(
        evse,
        seq,
        ord(state.pilot.state),
        int(state.closed),
        lock,
        state.leased_ma,
        max(0, left_ms),
        state.opened_at_ms,
        state.closed_at_ms,
        fault_bits(state.faults),
    )
