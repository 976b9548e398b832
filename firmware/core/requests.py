"""What the backend asks for and answers: starts, stops, limits, tariffs, settings."""

from dataclasses import replace

from firmware.core import limits
from firmware.core.admission import transaction_id_for, why_not_start
from firmware.core.clearing import clear
from firmware.core.effects import AnswerCall, AnswerStart
from firmware.core.entries import (
    LimitAccepted,
    SettingStored,
    StopDecided,
    TariffRemoved,
    TariffStored,
    TransactionStarted,
)
from firmware.core.events import (
    ClearRequested,
    Event,
    Limit,
    LinkClosed,
    LinkOpened,
    SettingChanged,
    StartRequested,
    StopRequested,
    TariffsCleared,
    TariffSet,
    TransactionAnswered,
    WebPaymentStarted,
)
from firmware.core.state import Evse, State, Transaction
from firmware.core.turn import Turn


def take_in(turn: Turn, event: Event) -> None:
    """Take in what the backend said or asked; other events are `facts`' business."""
    match event:
        case LinkOpened() | LinkClosed():
            turn.change(_linked(turn.state, event))
        case StartRequested():
            _start(turn, event)
        case StopRequested():
            _stop(turn, event)
        case TransactionAnswered():
            _answered(turn, event)
        case TariffSet() | TariffsCleared():
            _tariff(turn, event)
        case SettingChanged():
            turn.append(SettingStored(event.component, event.variable, event.value))
            turn.effects.append(AnswerCall(event.call, "Accepted"))
        case WebPaymentStarted():
            _web_payment(turn, event)
        case ClearRequested():
            clear(turn, event)


def _linked(state: State, event: LinkOpened | LinkClosed) -> State:
    if isinstance(event, LinkOpened):
        return state._replace(online=True, offline_since_ms=None)
    since_ms = event.at.mono_ms if state.offline_since_ms is None else state.offline_since_ms
    return state._replace(online=False, offline_since_ms=since_ms)


def _start(turn: Turn, event: StartRequested) -> None:
    evse = _evse_for(turn, event)
    refusal = why_not_start(turn.station, evse)
    if evse is None or evse.tariff is None or refusal is not None:
        code, why = refusal or ("UnknownEvse", f"this station has no EVSE {event.evse}")
        turn.effects.append(AnswerStart(event.call, accepted=False, reason_code=code, why=why))
        return
    transaction_id = transaction_id_for(turn.station, event)
    turn.append(
        TransactionStarted(
            event.at,
            evse.evse,
            transaction_id,
            0,
            not turn.station.online,
            event.remote_start_id,
            event.id_token,
            event.token_type,
            evse.tariff,
        )
    )
    turn.effects.append(AnswerStart(event.call, accepted=True, transaction_id=transaction_id))


def _evse_for(turn: Turn, event: StartRequested) -> Evse | None:
    """Return the EVSE meant; without a number, the first that could start."""
    if event.evse is not None:
        return next((evse for evse in turn.evses if evse.evse == event.evse), None)
    free = (evse for evse in turn.evses if why_not_start(turn.station, evse) is None)
    return next(free, turn.state.evses[0])


def _stop(turn: Turn, event: StopRequested) -> None:
    evse = _evse_of(turn, event.transaction_id)
    if evse is None or evse.transaction is None:
        why = f"no transaction {event.transaction_id} is running here"
        turn.effects.append(AnswerCall(event.call, "Rejected", "UnknownTx", why))
        return
    if evse.transaction.stop is None:
        turn.append(StopDecided(turn.now, evse.evse, event.transaction_id, "Remote", "RemoteStop", ""))
    turn.effects.append(AnswerCall(event.call, "Accepted"))


def _evse_of(turn: Turn, transaction_id: str) -> Evse | None:
    running = (evse for evse in turn.evses if evse.transaction is not None)
    return next(
        (evse for evse in running if evse.transaction.start.transaction_id == transaction_id),  # type: ignore[union-attr]
        None,
    )


def _answered(turn: Turn, event: TransactionAnswered) -> None:
    evse = _evse_of(turn, event.transaction_id)
    if evse is None or evse.transaction is None:
        _settle(turn, event)
        return
    transaction = evse.transaction
    limit = _not_below_records(transaction, event.limit)
    if not event.token_accepted and transaction.stop is None:
        turn.append(
            StopDecided(turn.now, evse.evse, event.transaction_id, "DeAuthorized", "Deauthorized", "")
        )
    elif limit is not None and limit not in (Limit(), transaction.limit):  # a limit of no kind is none
        offline = not turn.station.online
        turn.append(
            LimitAccepted(turn.now, evse.evse, event.transaction_id, transaction.next_seq, offline, limit)
        )


def _not_below_records(transaction: Transaction, limit: Limit | None) -> Limit | None:
    """Return a limit that takes back nothing that is sealed: a later one ends a charge, its cost stays."""
    mark = transaction.mark
    if limit is None or limit.cost_e4 is None or mark is None:
        return limit
    at_mark = transaction._replace(charging_ms=mark.charging_ms, idle_ms=mark.idle_ms)
    return replace(limit, cost_e4=max(limit.cost_e4, limits.cost_e4(at_mark, mark.import_dwh)))


def _settle(turn: Turn, event: TransactionAnswered) -> None:
    """The backend answered an end: settled when it names no sum of its own, or the same."""
    for evse in turn.evses:
        receipt = evse.receipt
        if receipt is None or receipt.ended.transaction_id != event.transaction_id:
            continue
        same = event.total_cost_e4 in (None, receipt.ended.cost.total_minor * 100)
        if same and event.seq_no == receipt.ended.seq_no:
            turn.put(evse._replace(receipt=receipt._replace(settled=True)))


def _tariff(turn: Turn, event: TariffSet | TariffsCleared) -> None:
    if isinstance(event, TariffsCleared):
        _clear_tariffs(turn, event)
        return
    currency = turn.station.settings.tariff.currency
    if event.tariff.currency != currency:
        why = f"this station sells in {currency}, not {event.tariff.currency}"
        turn.effects.append(AnswerCall(event.call, "Rejected", "InvalidValue", why))
        return
    turn.append(TariffStored(event.evse, event.tariff))
    turn.effects.append(AnswerCall(event.call, "Accepted"))


def _clear_tariffs(turn: Turn, event: TariffsCleared) -> None:
    """Take backend tariffs back; the site file's own tariff is then in force again."""
    cleared = [
        evse.evse
        for evse in turn.evses
        if event.evse in (None, 0, evse.evse)
        and evse.tariff is not None
        and evse.tariff != turn.station.settings.tariff
        and (not event.tariff_ids or evse.tariff.tariff_id in event.tariff_ids)
    ]
    for number in cleared:
        turn.append(TariffRemoved(number))
    turn.effects.append(AnswerCall(event.call, "Accepted" if cleared else "NoTariff"))


def _web_payment(turn: Turn, event: WebPaymentStarted) -> None:
    until = turn.now.mono_ms + event.timeout_s * 1000 if event.timeout_s > 0 else None
    for evse in turn.evses:
        if event.evse in (0, evse.evse):
            turn.put(evse._replace(paying_until_ms=until))
