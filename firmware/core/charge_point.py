"""The charge point: ``step(state, event) -> (state', effects)`` composes its parts and owns every decision.

Pure and synchronous. An event changes facts; facts yield entries (durable) one after another until nothing
more follows; what the surroundings should be told, less what they were told, makes the rest.
"""

from firmware.core.admission import transaction_id_for, why_not_start
from firmware.core.deadlines import receipt_ends_ms
from firmware.core.effects import (
    AnswerCall,
    AnswerStart,
    Append,
    Effect,
    WakeUplink,
)
from firmware.core.entries import (
    Entry,
    FaultCleared,
    FaultRaised,
    LimitAccepted,
    SettingStored,
    StopDecided,
    TariffRemoved,
    TariffStored,
    TransactionStarted,
)
from firmware.core.events import (
    DeadlineReached,
    Event,
    InterlockLost,
    InterlockReported,
    LinkClosed,
    LinkOpened,
    MeterSampled,
    MeterSilent,
    SettingChanged,
    StartRequested,
    StopRequested,
    StorageFailed,
    TariffsCleared,
    TariffSet,
    TransactionAnswered,
    WebPaymentStarted,
)
from firmware.core.fault_watch import standing_faults
from firmware.core.journal import apply
from firmware.core.metering import implausible
from firmware.core.presentation import outputs
from firmware.core.state import Evse, Phase, State, Transaction
from firmware.core.telling import difference
from firmware.core.transaction import next_entry, why_stop
from firmware.core.units import Stamp


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """Return the state after an event, and what is to be done, in the order in which it is to be done."""
    turn = _Turn(state, event.at)
    turn.count_time()
    turn.take_in(event)
    if not turn.storage_failed:
        for evse in turn.evses:
            turn.follow_up(evse.evse)
    turn.tell()
    return turn.state, tuple(sorted(turn.effects, key=lambda effect: effect.rank))


class _Turn:
    """One step in the making: the state so far and the effects collected."""

    def __init__(self, state: State, now: Stamp) -> None:
        self._state = state
        self._evses = {evse.evse: evse for evse in state.evses}
        self._stale = False
        self.now = now
        self.effects: list[Effect] = []

    @property
    def storage_failed(self) -> bool:
        return self._state.storage_failed

    @property
    def state(self) -> State:
        """The state so far. ``_state`` may be behind in its EVSEs; what only reads the rest takes that."""
        if self._stale:
            self._state, self._stale = self._state._replace(evses=self.evses), False
        return self._state

    def change(self, state: State) -> None:
        self._state, self._stale = state, False
        self._evses = {evse.evse: evse for evse in state.evses}

    def append(self, entry: Entry) -> None:
        self.change(apply(self.state, entry))
        self.effects += (Append(entry), WakeUplink())

    @property
    def evses(self) -> tuple[Evse, ...]:
        return tuple(self._evses.values())

    def put(self, evse: Evse) -> None:
        self._evses[evse.evse] = evse
        self._stale = True

    # durations

    def count_time(self) -> None:
        """Count the time since the last event as charging or idle, by what was true in between.

        After a restart nobody knows yet: the interlock's first word decides (`_caught_up`).
        """
        for evse in self.evses:
            transaction = evse.transaction
            known = evse.interlock is not None or evse.interlock_lost
            if transaction is not None and transaction.began and known:
                self.put(evse._replace(transaction=_counted(evse, transaction, self.now.mono_ms)))

    # facts

    def take_in(self, event: Event) -> None:
        match event:
            case MeterSampled():
                self._take_reading(event)
            case InterlockReported():
                self._take_interlock(event)
            case MeterSilent():
                self.put(self._evses[event.evse]._replace(meter_silent=event.why))
            case InterlockLost():
                for evse in self.evses:
                    self.put(_without_interlock(evse, self.now.mono_ms))
            case StorageFailed():
                self.change(self.state._replace(storage_failed=True))
            case DeadlineReached():
                self._expire()
            case _:
                self._take_backend(event)

    def _take_backend(self, event: Event) -> None:
        match event:
            case LinkOpened() | LinkClosed():
                self.change(self.state._replace(online=isinstance(event, LinkOpened)))
            case StartRequested():
                self._start(event)
            case StopRequested():
                self._stop(event)
            case TransactionAnswered():
                self._answered(event)
            case TariffSet() | TariffsCleared():
                self._tariff(event)
            case SettingChanged():
                self.append(SettingStored(event.component, event.variable, event.value))
                self.effects.append(AnswerCall(event.call, "Accepted"))
            case WebPaymentStarted():
                self._web_payment(event)

    def _take_reading(self, event: MeterSampled) -> None:
        evse, reading = self._evses[event.evse], event.reading
        settings = next(item for item in self._state.settings.evses if item.evse == event.evse)
        why = implausible(evse, reading, settings.max_power_w, settings.meter.resolution_dwh)
        if why and evse.transaction is not None:
            self.put(evse._replace(meter_silent="", meter_implausible=why))
            return
        power_w = evse.power_w if reading.power_w is None else reading.power_w
        self.put(evse._replace(reading=reading, power_w=power_w, meter_silent="", meter_implausible=""))

    def _take_interlock(self, event: InterlockReported) -> None:
        evse, now_ms = _caught_up(self._evses[event.evse], event), event.at.mono_ms
        was_closed = evse.contactor_closed
        opened_ms = evse.open_since_ms if evse.open_since_ms is not None else now_ms
        evse = evse._replace(
            interlock=event,
            interlock_lost=False,
            open_since_ms=None if event.contactor_closed else opened_ms,
        )
        transaction = evse.transaction
        if transaction is not None and was_closed != event.contactor_closed:
            idle_since = None if event.contactor_closed else now_ms
            evse = evse._replace(transaction=transaction._replace(idle_since_ms=idle_since))
        if evse.receipt is not None and event.pilot == "A" and evse.receipt.unplugged_at_ms is None:
            evse = evse._replace(receipt=evse.receipt._replace(unplugged_at_ms=now_ms))
        self.put(evse)

    def _expire(self) -> None:
        for evse in self.evses:
            paying, receipt = evse.paying_until_ms, evse.receipt
            if paying is not None and paying <= self.now.mono_ms:
                paying = None
            if receipt is not None and receipt_ends_ms(self._state, receipt) <= self.now.mono_ms:
                receipt = None
            self.put(evse._replace(paying_until_ms=paying, receipt=receipt))

    # the backend's wishes

    def _start(self, event: StartRequested) -> None:
        evse = self._evse_for(event)
        refusal = why_not_start(self._state, evse)
        if evse is None or evse.tariff is None or refusal is not None:
            code, why = refusal or ("UnknownEvse", f"this station has no EVSE {event.evse}")
            self.effects.append(AnswerStart(event.call, accepted=False, reason_code=code, why=why))
            return
        transaction_id = transaction_id_for(self._state, event)
        self.append(
            TransactionStarted(
                event.at,
                evse.evse,
                transaction_id,
                0,
                not self._state.online,
                event.remote_start_id,
                event.id_token,
                event.token_type,
                evse.tariff,
            )
        )
        self.effects.append(AnswerStart(event.call, accepted=True, transaction_id=transaction_id))

    def _evse_for(self, event: StartRequested) -> Evse | None:
        """Return the EVSE meant; without a number, the first that could start."""
        if event.evse is not None:
            return next((evse for evse in self.evses if evse.evse == event.evse), None)
        free = (evse for evse in self.evses if why_not_start(self._state, evse) is None)
        return next(free, self.state.evses[0])

    def _stop(self, event: StopRequested) -> None:
        evse = self._evse_of(event.transaction_id)
        if evse is None or evse.transaction is None:
            why = f"no transaction {event.transaction_id} is running here"
            self.effects.append(AnswerCall(event.call, "Rejected", "UnknownTx", why))
            return
        if evse.transaction.stop is None:
            self.append(StopDecided(self.now, evse.evse, event.transaction_id, "Remote", "RemoteStop", ""))
        self.effects.append(AnswerCall(event.call, "Accepted"))

    def _evse_of(self, transaction_id: str) -> Evse | None:
        running = (evse for evse in self.evses if evse.transaction is not None)
        return next(
            (evse for evse in running if evse.transaction.start.transaction_id == transaction_id),  # type: ignore[union-attr]
            None,
        )

    def _answered(self, event: TransactionAnswered) -> None:
        evse = self._evse_of(event.transaction_id)
        if evse is None or evse.transaction is None:
            self._settle(event)
            return
        transaction = evse.transaction
        if not event.token_accepted and transaction.stop is None:
            self.append(
                StopDecided(self.now, evse.evse, event.transaction_id, "DeAuthorized", "Deauthorized", "")
            )
        elif event.limit is not None and event.limit != transaction.limit:
            offline = not self._state.online
            self.append(
                LimitAccepted(
                    self.now, evse.evse, event.transaction_id, transaction.next_seq, offline, event.limit
                )
            )

    def _settle(self, event: TransactionAnswered) -> None:
        """The backend answered an end: settled when it names no sum of its own, or the same."""
        for evse in self.evses:
            receipt = evse.receipt
            if receipt is None or receipt.ended.transaction_id != event.transaction_id:
                continue
            same = event.total_cost_e4 in (None, receipt.ended.cost.total_minor * 100)
            if same and event.seq_no == receipt.ended.seq_no:
                self.put(evse._replace(receipt=receipt._replace(settled=True)))

    def _tariff(self, event: TariffSet | TariffsCleared) -> None:
        if isinstance(event, TariffsCleared):
            self._clear_tariffs(event)
            return
        currency = self._state.settings.tariff.currency
        if event.tariff.currency != currency:
            why = f"this station sells in {currency}, not {event.tariff.currency}"
            self.effects.append(AnswerCall(event.call, "Rejected", "InvalidValue", why))
            return
        self.append(TariffStored(event.evse, event.tariff))
        self.effects.append(AnswerCall(event.call, "Accepted"))

    def _clear_tariffs(self, event: TariffsCleared) -> None:
        """Take backend tariffs back; the site file's own tariff is then in force again."""
        cleared = [
            evse.evse
            for evse in self.evses
            if event.evse in (None, 0, evse.evse)
            and evse.tariff is not None
            and evse.tariff != self._state.settings.tariff
            and (not event.tariff_ids or evse.tariff.tariff_id in event.tariff_ids)
        ]
        for number in cleared:
            self.append(TariffRemoved(number))
        self.effects.append(AnswerCall(event.call, "Accepted" if cleared else "NoTariff"))

    def _web_payment(self, event: WebPaymentStarted) -> None:
        until = self.now.mono_ms + event.timeout_s * 1000 if event.timeout_s > 0 else None
        for evse in self.evses:
            if event.evse in (0, evse.evse):
                self.put(evse._replace(paying_until_ms=until))

    # decisions

    def follow_up(self, number: int) -> None:
        """Append what follows from the facts until nothing more follows."""
        self._note_faults(number)
        while (entry := self._next_entry(self._evses[number])) is not None:
            self.append(entry)

    def _next_entry(self, evse: Evse) -> Entry | None:
        transaction = evse.transaction
        if transaction is None:
            return None
        stop = why_stop(self._state, evse, transaction, self.now) if transaction.stop is None else None
        return stop or next_entry(self._state, evse, transaction, self.now)

    def _note_faults(self, number: int) -> None:
        evse = self._evses[number]
        standing = standing_faults(evse)
        transaction_id = evse.transaction.start.transaction_id if evse.transaction else ""
        for name in sorted(standing.keys() - evse.faults):
            self.append(FaultRaised(self.now, number, name, standing[name], transaction_id))
        for name in sorted(evse.faults - standing.keys()):
            self.append(FaultCleared(self.now, number, name))

    # what the surroundings are told

    def tell(self) -> None:
        for evse in self.evses:
            wanted = outputs(self._state, evse, self.now)
            if wanted != evse.told:
                self.effects += difference(evse, wanted)
                self.put(evse._replace(told=wanted))


def _counted(evse: Evse, transaction: Transaction, now_ms: int) -> Transaction:
    elapsed = max(0, now_ms - transaction.counted_to_ms)
    charging = evse.contactor_closed
    idle = not charging and transaction.phase is Phase.ENERGISED
    return transaction._replace(
        charging_ms=transaction.charging_ms + (elapsed if charging else 0),
        idle_ms=transaction.idle_ms + (elapsed if idle else 0),
        counted_to_ms=transaction.counted_to_ms + elapsed,
    )


def _caught_up(evse: Evse, event: InterlockReported) -> Evse:
    """Count the time of a restart, once the interlock's first word says what was true in it.

    It closes only by a lease of ours: found closed, it has been closed all along and that time was charging.
    Found open, the power was cut or the vehicle paused: nobody saw it, and nobody pays for it.
    """
    transaction = evse.transaction
    if evse.interlock is not None or transaction is None or not transaction.began:
        return evse
    if event.contactor_closed:
        return evse._replace(transaction=_counted(evse, transaction, event.at.mono_ms))
    return evse._replace(transaction=transaction._replace(counted_to_ms=event.at.mono_ms))


def _without_interlock(evse: Evse, now_ms: int) -> Evse:
    """The interlock is gone, and with it every permission: the hal has put its outputs to safe."""
    opened_ms = now_ms if evse.open_since_ms is None else evse.open_since_ms
    return evse._replace(interlock=None, interlock_lost=True, open_since_ms=opened_ms)
