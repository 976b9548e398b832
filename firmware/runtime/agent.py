"""The agent's shell: one queue of events, one consumer, effects carried out in their order.

``step`` decides; this carries out: make safe, append to the ledger, act and show, wake the uplink.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from firmware.core.charge_point import step
from firmware.core.customer_view import CustomerView
from firmware.core.deadlines import next_deadline_ms
from firmware.core.effects import (
    AnswerCall,
    AnswerStart,
    Append,
    BeginMeterRecord,
    ClearInterlockFaults,
    Effect,
    EndMeterRecord,
    PaceMeter,
    Permit,
    ReleaseLock,
    ReportStatus,
    SecureLock,
    Show,
    WakeUplink,
    Withdraw,
)
from firmware.core.entries import Entry, UsageRecorded
from firmware.core.events import DeadlineReached, Event, MeterSampled, StorageFailed
from firmware.core.state import State
from firmware.core.units import Stamp
from firmware.runtime.interlock_client import InterlockClient
from firmware.runtime.meter_poll import MeterPoll
from firmware.runtime.meter_records import MeterRecords
from hal.clock import Clock

log = logging.getLogger(__name__)


_STORAGE_RETRY_S = 30.0


class StorageError(Exception):
    """The ledger could not take entries, or a record could not be sealed; none of them was stored."""


class Storage(Protocol):
    """Where entries become durable, all or none. Raises StorageError."""

    def append_all(self, entries: Sequence[Entry]) -> None: ...


class Backend(Protocol):
    """The uplink, as far as effects reach it."""

    def wake(self) -> None: ...
    def answer_start(self, effect: AnswerStart) -> None: ...
    def answer_call(self, effect: AnswerCall) -> None: ...
    def report_status(self, effect: ReportStatus) -> None: ...


class Agent:
    """Feeds events to the core one at a time and carries its effects out.

    ``seal`` turns an OCMF payload into its sealed text, or raises StorageError. ``failed`` is set to the
    exception that ended it.
    """

    def __init__(
        self,
        state: State,
        *,
        clock: Clock,
        stamp: Callable[[], Stamp],
        storage: Storage,
        seal: Callable[[str], str],
        show: Callable[[CustomerView], None],
    ) -> None:
        self.state = state
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._clock = clock
        self._stamp = stamp
        self._storage = storage
        self._seal = seal
        self._show = show
        self._events: deque[Event] = deque()
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None

    def connect(
        self,
        interlock: InterlockClient,
        meters: dict[int, MeterPoll],
        backend: Backend,
        records: dict[int, MeterRecords],
    ) -> None:
        """Give the agent what itself posts events to it; ``records``: of the EVSEs whose meter signs."""
        self._interlock = interlock
        self._meters = meters
        self._backend = backend
        self._records = records

    def post(self, event: Event) -> None:
        """Queue an event; it is consumed in its turn, never inside the caller."""
        self._events.append(event)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._drain)

    def _drain(self) -> None:
        self._scheduled = False
        while self._events and not self.failed.done():
            try:
                self._consume(self._events.popleft())
            except Exception as error:  # noqa: BLE001 - whatever it is: make safe, then let the supervisor restart
                for evse in self.state.evses:
                    self._interlock.withdraw(evse.evse)
                self._fail(error)
                return
        self._arm_timer()

    def _consume(self, event: Event) -> None:
        if isinstance(event, MeterSampled):
            self._interlock.measured(event.evse, event.reading)
        state, effects = step(self.state, event)
        for effect in effects:
            if isinstance(effect, Withdraw):
                self._carry_out(effect)
        try:
            entries = [self._sealed(effect.entry) for effect in effects if isinstance(effect, Append)]
            if entries:
                self._storage.append_all(entries)
        except StorageError as error:
            # Nothing that depended on the entries has happened: the old state still holds.
            log.error("ledger.failed", extra={"why": str(error)})
            self._events.appendleft(StorageFailed(self._stamp(), str(error)))
            asyncio.get_running_loop().call_later(_STORAGE_RETRY_S, self._fail, error)
            return
        self.state = state
        for effect in effects:
            if not isinstance(effect, Withdraw | Append):
                self._carry_out(effect)
        _log_entries(entries)

    def _fail(self, error: Exception) -> None:
        """End the agent; the supervisor starts it again, and it takes up what the ledger kept."""
        if not self.failed.done():
            self.failed.set_exception(error)

    def _sealed(self, entry: Entry) -> Entry:
        if isinstance(entry, UsageRecorded):
            return replace(entry, ocmf=self._seal(entry.payload), payload="")
        return entry

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Withdraw() | Permit() | ReleaseLock() | SecureLock() | ClearInterlockFaults():
                self._tell_interlock(effect)
            case PaceMeter():
                self._meters[effect.evse].pace(register_only=effect.pace == "register")
            case BeginMeterRecord():
                self._records[effect.evse].begin(effect.transaction_id)
            case EndMeterRecord():
                self._records[effect.evse].end(effect.transaction_id)
            case Show():
                self._show(effect.view)
            case AnswerStart():
                self._backend.answer_start(effect)
            case AnswerCall():
                self._backend.answer_call(effect)
            case ReportStatus():
                self._backend.report_status(effect)
            case WakeUplink():
                self._backend.wake()

    def _tell_interlock(
        self, effect: Withdraw | Permit | ReleaseLock | SecureLock | ClearInterlockFaults
    ) -> None:
        match effect:
            case Withdraw():
                self._interlock.withdraw(effect.evse)
            case Permit():
                self._interlock.permit(effect.evse, effect.limit_ma)
            case ReleaseLock() | SecureLock():
                self._interlock.set_lock(effect.evse, released=isinstance(effect, ReleaseLock))
            case ClearInterlockFaults():
                self._interlock.clear_faults(effect.evse, effect.by)

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_ms = next_deadline_ms(self.state, self._stamp())
        if deadline_ms is not None:
            wait_s = self._clock.seconds_until(deadline_ms)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._deadline)

    def _deadline(self) -> None:
        self.post(DeadlineReached(self._stamp()))


def _log_entries(entries: Sequence[Entry]) -> None:
    for entry in entries:
        log.info(
            f"entry.{type(entry).__name__}",
            extra={name: getattr(entry, name) for name in _LOGGED if hasattr(entry, name)},
        )


_LOGGED = (
    "evse",
    "transaction_id",
    "seq_no",
    "kind",
    "trigger",
    "stopped_reason",
    "fault",
    "serial",
    "because",
    "detail",
    "number",
)
