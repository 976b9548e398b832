"""The interlock's loop: samples in, commands out, then tell. It waits for inputs and deadlines only."""

import select
import time
from collections.abc import Callable
from typing import Any

from firmware.interlock import core
from firmware.interlock.agent_port import AgentPort
from firmware.interlock.json_object import SettingsError
from firmware.interlock.lease import Message, Status
from firmware.interlock.log import log
from firmware.interlock.messages import event_of, same_news, status_of
from firmware.interlock.model import AgentConnected, BoardFailed, Commands, Event, State
from firmware.interlock.settings import EvseSettings, Settings
from firmware.interlock.sign_of_life import SignOfLife
from firmware.interlock.vigil import BEAT_MS, Vigil
from firmware.interlock.wiring import DUTY_FOR, Devices, devices_of, heartbeat_of
from hal.backends import UnknownBackendError, open_board
from hal.ports import Board, BoardLostError

_REPORT_MS = 1_000
_REOPEN_MS = 1_000


def now_ms() -> int:
    """Return the kernel's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Outlet:
    """One EVSE's state, what its outputs were told, and what the agent was told."""

    def __init__(self, settings: EvseSettings) -> None:
        self.settings = settings
        self.state = State(settings.rules)
        self.devices: Devices | None = None
        self.applied: Commands | None = None
        self.told: Status | None = None
        self.told_ms = 0
        self.seq = 0


class Interlock:
    """The loop over all EVSEs of one board; ``open_io`` opens it, as `hal.backends.open_board` does."""

    def __init__(
        self, settings: Settings, agent: AgentPort, open_io: Callable[[dict[str, Any]], Board] = open_board
    ) -> None:
        self._io = settings.board
        self._agent = agent
        self._open_io = open_io
        self._board: Board | None = None
        self._vigil: Vigil | None = None
        self._sign_of_life = SignOfLife()
        self._reopen_ms = 0
        self._outlets = {evse.number: Outlet(evse) for evse in settings.evses}
        self.ending = False

    def run(self) -> None:
        """Work until ``ending`` is set; then open everything.

        Raises SettingsError when the board has not what the settings name, or there is no such kind of board.
        """
        try:
            while not self.ending:
                self.turn()
        finally:
            self._make_safe()

    def turn(self) -> None:
        """Wait until something may have changed or falls due, and do all that follows from it.

        Inputs come first: what the board says is acted on before anybody is listened to.
        """
        self._open_board()
        readable = self._wait()
        self._sample()
        if self._agent.connection is not None and self._agent.connection.fileno() in readable:
            for message in self._agent.receive():
                self._heard(message)
        if self._agent.listener.fileno() in readable and self._agent.accept():
            self._greet()
        for outlet in self._outlets.values():
            self._tell(outlet)
        self._show_life()
        self._sign_of_life.give(now_ms())

    def _wait(self) -> list[int]:
        watched = [source.fileno() for source in (self._agent.listener, self._agent.connection) if source]
        if self._board is not None:
            watched.append(self._board.fileno())
        readable, _, _ = select.select(watched, [], [], self._wait_ms() / 1000)
        return readable

    def _wait_ms(self) -> int:
        """Return how long nothing falls due, 0 if something has since the last step."""
        now = now_ms()
        due = [core.next_deadline_ms(outlet.state) for outlet in self._outlets.values()]
        due.append(self._vigil.due_ms if self._vigil is not None and self._board is not None else None)
        return max(0, min((due_ms - now for due_ms in due if due_ms is not None), default=BEAT_MS))

    # board

    def _open_board(self) -> None:
        """Open the board if it is not open and it is time to try; arm its watchdog then, never before."""
        if self._board is not None or now_ms() < self._reopen_ms:
            return
        self._reopen_ms = now_ms() + _REOPEN_MS
        try:
            self._board = self._open_io(self._io)
            for outlet in self._outlets.values():
                outlet.devices, outlet.applied = devices_of(self._board, outlet.settings), None
            if self._vigil is not None:
                self._vigil.end()  # the lost board's; not fed since, so that what hangs there is made safe
            self._vigil = Vigil(self._board.watchdog(), heartbeat_of(self._board))
        except BoardLostError as error:
            self._lose_board(str(error))
        except UnknownBackendError as error:
            raise SettingsError(f"settings: {error}") from error

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

    def _show_life(self) -> None:
        """Feed what watches over this process, if every EVSE's inputs were read and acted on in time."""
        seen = [outlet.state.seen for outlet in self._outlets.values()]
        if self._board is None or self._vigil is None or None in seen:
            return
        try:
            self._vigil.beat(now_ms(), min(sample.at_ms for sample in seen if sample is not None))
        except BoardLostError as error:
            self._lose_board(str(error))

    def _lose_board(self, why: str) -> None:
        if self._board is not None:
            self._board.close()
            self._board = None
        if any("BoardLost" not in outlet.state.faults for outlet in self._outlets.values()):
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
        log(event, evse=outlet.settings.number, pilot=state.pilot.state, faults=sorted(state.faults))

    def _make_safe(self) -> None:
        """Open, and take the pilot back; closing the board does the same by the hal's own rule.

        The watchdog is disarmed when that was done and asked for: it stays armed over a failure.
        """
        if self._board is None:
            return
        safe = True
        for outlet in self._outlets.values():
            try:
                if outlet.devices is not None:
                    outlet.devices.apply(None, Commands())
            except BoardLostError as error:
                safe = False
                log("board.lost", why=str(error))
        if self.ending and safe and self._vigil is not None:
            self._vigil.end()
        self._board.close()

    # agent

    def _greet(self) -> None:
        """A new agent counts its messages from the start, and hears everything."""
        for outlet in self._outlets.values():
            self._step(outlet, AgentConnected(now_ms()))
            outlet.told = None

    def _heard(self, message: Message) -> None:
        outlet, event = self._outlets.get(message.evse), event_of(message, now_ms())
        if outlet is not None and event is not None:
            self._step(outlet, event)

    def _tell(self, outlet: Outlet) -> None:
        """Report what changed at once, and everything at least once a second."""
        now = now_ms()
        status = status_of(outlet.settings.number, outlet.seq + 1, outlet.state)
        if same_news(outlet.told, status) and now - outlet.told_ms < _REPORT_MS:
            return
        outlet.told, outlet.told_ms, outlet.seq = status, now, outlet.seq + 1
        self._agent.send(status)
