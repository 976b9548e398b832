"""What the station says of itself, one call at a time: registration, status, reports, then the outbox."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, get_args

from firmware.core.effects import ConnectorStatus
from firmware.core.entries import MeterSealKept, TransactionEntry, TransactionStarted
from firmware.core.events import Event, LinkOpened, TransactionAnswered
from firmware.core.units import Stamp
from firmware.csms.device_model import DeviceModel
from firmware.csms.link import LinkClosedError
from firmware.csms.messages import Identity, Message, Outbox, OutboxError, OutboxItem
from firmware.csms.ocpp2 import Ocpp2
from firmware.csms.rpc import OwnMessageError, Payload
from firmware.csms.session import CallRefusedError, CallTimeoutError, InvalidAnswerError, Session

log = logging.getLogger(__name__)

_PASSING_ERRORS = frozenset({"InternalError", "GenericError"})
"""Errors that may be gone on the next attempt; every other CALLERROR is about the message itself."""

_RETRY_INTERVAL_S = 30
_DAY_S = 86_400
_SILENT_CALLS = 2
_STORAGE_RETRY_S = 10
_TRANSACTION_ENTRIES = get_args(TransactionEntry)

Kept = TypeVar("Kept")


class Uplink:
    """Survives its connections: what is under way when one is lost goes out again on the next."""

    def __init__(
        self,
        identity: Identity,
        outbox: Outbox,
        settings: DeviceModel,
        post: Callable[[Event], None],
        stamp: Callable[[], Stamp],
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.registered = False
        self._identity = identity
        self._outbox = outbox
        self._settings = settings
        self._post = post
        self._stamp = stamp
        self._sleep = sleep
        self._wake = asyncio.Event()
        self._register_now = asyncio.Event()
        self._statuses: dict[int, ConnectorStatus] = {}
        self._statuses_due: set[int] = set()
        self._said: deque[Message] = deque()
        self._boot_reason = "PowerUp"
        self._attempts: tuple[int, int] = (-1, 0)
        self._unanswered = 0
        self._trouble = ""
        self._complained_of: set[str] = set()

    # -- what others have to say

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def report_status(self, evse: int, status: ConnectorStatus) -> None:
        """Keep the newest status of an EVSE and send it when it changed."""
        if self._statuses.get(evse) != status:
            self._statuses[evse] = status
            self.repeat_status(evse)

    def status(self, evse: int) -> str:
        """Return the newest status of an EVSE."""
        return self._statuses.get(evse, "Available")

    def repeat_status(self, evse: int | None) -> bool:
        """Send the newest status again; False when there is none of this EVSE."""
        wanted = set(self._statuses) if evse is None else {evse} & set(self._statuses)
        self._statuses_due |= wanted
        self._wake.set()
        return bool(wanted)

    def say(self, message: Message) -> None:
        """Send this when it is its turn; forgotten with the connection."""
        self._said.append(message)
        self._wake.set()

    def register(self) -> None:
        """Do not wait for the retry interval with the next BootNotification."""
        self._register_now.set()

    # -- the work on one connection

    async def run(self, session: Session, dialect: Ocpp2) -> None:
        """Work until the connection is lost; then the caller is cancelled, or LinkClosedError is raised."""
        self.registered = False
        self._unanswered = 0
        self._said.clear()
        await self._registration(session, dialect)
        self.registered = True
        self._trouble = ""
        log.info("csms.registered", extra={"version": dialect.version})
        self._post(LinkOpened(self._stamp(), dialect.version))
        self._statuses_due = set(self._statuses)
        while True:
            self._wake.clear()
            if not await self._one(session, dialect):
                await self._rest(session, dialect)

    async def _registration(self, session: Session, dialect: Ocpp2) -> None:
        """Send BootNotification until it is accepted; take the heartbeat interval over (0: keep ours)."""
        while True:
            self._register_now.clear()
            message = dialect.boot(self._identity, self._boot_reason)
            answer = await self._tell(session, message) or {}
            status, interval_s = answer.get("status", "no answer"), min(answer.get("interval", 0), _DAY_S)
            if status == "Accepted":
                self._boot_reason = "Unknown"  # a reconnection; 2.x has no word for it
                if interval_s > 0:
                    self._settings.put("OCPPCommCtrlr", "HeartbeatInterval", str(interval_s))
                return
            self._note_trouble(f"BootNotification: {status}")
            await self._until(self._register_now, interval_s if interval_s > 0 else _RETRY_INTERVAL_S)

    async def _one(self, session: Session, dialect: Ocpp2) -> bool:
        """Send the next message, if there is one."""
        if self._statuses_due:
            evse = min(self._statuses_due)
            self._statuses_due.discard(evse)
            await self._tell(session, dialect.status(evse, self._statuses[evse], self._stamp()))
            return True
        if self._said:
            await self._tell(session, self._said.popleft())
            return True
        item = await self._kept(self._outbox.next_unacknowledged)
        if item is None:
            return False
        await self._deliver(session, dialect, item)
        return True

    async def _rest(self, session: Session, dialect: Ocpp2) -> None:
        """Wait for something to say; a heartbeat when there was nothing for the whole interval."""
        interval_s = self._settings.integer("OCPPCommCtrlr", "HeartbeatInterval")
        if not await self._until(self._wake, interval_s):
            await self._tell(session, dialect.heartbeat())

    async def _until(self, event: asyncio.Event, seconds: float) -> bool:
        """Return whether ``event`` came within ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return True

    async def _tell(self, session: Session, message: Message) -> Payload | None:
        """Send what is not durable: it is out of date before a second try would help."""
        try:
            return await self._call(session, message)
        except (CallRefusedError, InvalidAnswerError, OwnMessageError) as error:
            self._complain(message.action, str(error))
            return None

    async def _deliver(self, session: Session, dialect: Ocpp2, item: OutboxItem) -> None:
        """Bring one entry to its end: acknowledged, parked, or left at the head for another try."""
        message = dialect.message(item)
        if message is None:
            await self._kept(partial(self._outbox.acknowledge, item.seq))
            return
        try:
            answer = await self._call(session, message, item.message_id)
        except CallRefusedError as error:
            await self._refused(item, message, error)
        except OwnMessageError as error:
            await self._park(item, message, str(error))
        except InvalidAnswerError as error:
            log.error("csms.answer_invalid", extra={"action": message.action, "why": str(error)})
            await self._acknowledge(item, self._not_started(item))
        else:
            if answer is not None:
                await self._acknowledge(item, self._answered(dialect, item, answer))

    async def _call(self, session: Session, message: Message, message_id: str = "") -> Payload | None:
        """Return the answer, None when there was none in time.

        Raises what `Session.call` raises of an answer, and LinkClosedError at a backend fallen silent:
        a fresh connection may find it awake.
        """
        try:
            answer = await session.call(message, message_id)
        except CallTimeoutError as error:
            self._unanswered += 1
            if self._unanswered >= _SILENT_CALLS:
                raise LinkClosedError(str(error)) from None
            return None
        except (CallRefusedError, InvalidAnswerError):
            self._unanswered = 0
            raise
        self._unanswered = 0
        return answer

    async def _acknowledge(self, item: OutboxItem, answered: TransactionAnswered | None) -> None:
        await self._kept(partial(self._outbox.acknowledge, item.seq))
        if answered is not None:
            self._post(answered)

    def _answered(self, dialect: Ocpp2, item: OutboxItem, answer: Payload) -> TransactionAnswered | None:
        if not isinstance(item.entry, _TRANSACTION_ENTRIES) or isinstance(item.entry, MeterSealKept):
            return None
        return dialect.answered(item.entry, answer, self._stamp())

    def _not_started(self, item: OutboxItem) -> TransactionAnswered | None:
        """A start that was refused, or whose limit cannot be read, must not run on: it is not accepted."""
        entry = item.entry
        if not isinstance(entry, TransactionStarted):
            return None
        at = self._stamp()
        return TransactionAnswered(at, entry.transaction_id, entry.seq_no, token_accepted=False)

    async def _refused(self, item: OutboxItem, message: Message, error: CallRefusedError) -> None:
        """Try again what the backend may take later; park what it never will (OCPP 2.1 MessageAttempts)."""
        seq, attempts = self._attempts
        attempts = attempts + 1 if seq == item.seq else 1
        self._attempts = (item.seq, attempts)
        allowed = self._settings.integer("OCPPCommCtrlr", "MessageAttempts[TransactionEvent]")
        if error.code not in _PASSING_ERRORS or attempts >= allowed:
            await self._park(item, message, str(error))
            return
        interval_s = self._settings.integer("OCPPCommCtrlr", "MessageAttemptInterval[TransactionEvent]")
        await self._sleep(interval_s * attempts)

    async def _park(self, item: OutboxItem, message: Message, why: str) -> None:
        log.error("csms.record_parked", extra={"seq": item.seq, "action": message.action, "why": why})
        await self._kept(partial(self._outbox.park, item.seq, why))
        answered = self._not_started(item)
        if answered is not None:
            self._post(answered)

    async def _kept(self, do: Callable[[], Kept]) -> Kept:
        """Do something with the outbox as soon as its storage lets us."""
        while True:
            try:
                return do()
            except OutboxError as error:
                self._note_trouble(str(error))
                await self._sleep(_STORAGE_RETRY_S)

    def _note_trouble(self, why: str) -> None:
        """Log what holds everything up when it is news, not each time it is met."""
        if why != self._trouble:
            log.warning("csms.held_up", extra={"why": why})
        self._trouble = why

    def _complain(self, action: str, why: str) -> None:
        """Log once that the backend does not take an action that is not durable."""
        if action not in self._complained_of:
            self._complained_of.add(action)
            log.warning("csms.message_refused", extra={"action": action, "why": why})
