"""How ledger entries change the state: the one fold that a running station and a rebooting one share."""

from collections.abc import Iterable
from dataclasses import replace

from firmware.core import meter_seal
from firmware.core.entries import (
    ChargingBegan,
    ContactorCycled,
    Entry,
    FaultCleared,
    FaultRaised,
    KeyRotated,
    LimitAccepted,
    MeterAccepted,
    SettingStored,
    StopDecided,
    TariffRemoved,
    TariffStored,
    TransactionEnded,
    TransactionStarted,
    UsageRecorded,
    VehicleConnected,
)
from firmware.core.limits import exact_cost
from firmware.core.meter_watch import Flag, MeterWatch
from firmware.core.pricing import prices_at
from firmware.core.settings import Settings
from firmware.core.state import Contactor, Evse, Mark, Phase, Receipt, Recorded, State, Transaction
from firmware.core.tariff import local_time
from firmware.core.usage_record import Chain

DIRECT_PAYMENT = "DirectPayment"
"""The token type of a payment made on the pay page: what was bought comes with the backend's answer."""


def initial(settings: Settings) -> State:
    """Return the state of a station that has never charged."""
    evses = tuple(Evse(evse.evse, tariff=settings.tariff) for evse in settings.evses)
    return State(settings, settings.web_payments, evses)


def restore(settings: Settings, entries: Iterable[Entry]) -> State:
    """Return the state after a reboot from what the ledger kept."""
    state = initial(settings)
    for entry in entries:
        state = apply(state, entry)
    return state


def with_evse(state: State, evse: Evse) -> State:
    """Return the state with one EVSE replaced."""
    return state._replace(evses=tuple(evse if old.evse == evse.evse else old for old in state.evses))


def apply(state: State, entry: Entry) -> State:
    """Return the state after a durable fact. Entries of an EVSE that no longer exists change nothing."""
    match entry:
        case SettingStored():
            return _store_setting(state, entry)
        case TariffStored() | TariffRemoved():
            return _store_tariff(state, entry)
        case UsageRecorded():
            state = state._replace(chain=chained(state.chain, entry))
        case KeyRotated():
            return state._replace(chain=chained(state.chain, entry))
        case FaultRaised(evse=0):
            return state._replace(faults=state.faults | {entry.fault})
        case FaultCleared(evse=0):
            return state._replace(faults=state.faults - {entry.fault})
    evse = next((evse for evse in state.evses if evse.evse == entry.evse), None)
    return state if evse is None else with_evse(state, _apply_to_evse(evse, entry))


def chained(chain: Chain, record: UsageRecorded | KeyRotated) -> Chain:
    """Return the chain with a record on it. A ledger may replay only the last of each kind."""
    if isinstance(record, KeyRotated):
        followed = chain.follow(record.ocmf.split("|")[1])
        return replace(followed, number=chain.number, rotations=record.number)
    return replace(chain.follow(record.payload or record.ocmf.split("|")[1]), number=record.number)


def _apply_to_evse(evse: Evse, entry: Entry) -> Evse:
    match entry:
        case FaultRaised():
            return evse._replace(faults=evse.faults | {entry.fault})
        case FaultCleared():
            return evse._replace(faults=evse.faults - {entry.fault})
        case ContactorCycled():
            return evse._replace(contactor=Contactor(entry.cycles, entry.counted))
        case TransactionStarted():
            return evse._replace(transaction=_started(entry), receipt=None, paying_until_ms=None)
        case TransactionEnded():
            attempt_only = entry.import_begin_dwh is None
            return evse._replace(transaction=None, receipt=None if attempt_only else Receipt(entry))
        case MeterAccepted():
            return _with_meter(evse, entry)
        case UsageRecorded():
            evse = evse._replace(
                recorded=Recorded(entry.at.mono_ms, entry.import_dwh),
                meter=evse.meter._replace(flags=frozenset()),
            )
    evse = meter_seal.apply(evse, entry)
    if evse.transaction is None:
        return evse  # the last record of an ended transaction, replayed for the chain alone
    return evse._replace(transaction=_apply_to_transaction(evse.transaction, entry))


def _with_meter(evse: Evse, entry: MeterAccepted) -> Evse:
    """What was read before binds the new register by nothing; its first record says that it is new."""
    flags: frozenset[Flag] = frozenset() if entry.because == "first" else frozenset({entry.because})
    watch = MeterWatch(told=evse.meter.told, flags=flags)
    return evse._replace(accepted=entry, meter=watch, reading=None, power_w=None, recorded=None)


def _started(entry: TransactionStarted) -> Transaction:
    phase = Phase.STARTING if entry.token_type == DIRECT_PAYMENT else Phase.AWAITING_VEHICLE
    return Transaction(entry, phase, entry.at.mono_ms, entry.seq_no + 1)


def _apply_to_transaction(transaction: Transaction, entry: Entry) -> Transaction:
    match entry:
        case LimitAccepted():
            starting = transaction.phase is Phase.STARTING
            return transaction._replace(
                limit=entry.limit,
                next_seq=entry.seq_no + 1,
                phase=Phase.AWAITING_VEHICLE if starting else transaction.phase,
                since_ms=entry.at.mono_ms if starting else transaction.since_ms,
            )
        case VehicleConnected():
            return transaction._replace(
                phase=Phase.CONNECTED, since_ms=entry.at.mono_ms, next_seq=entry.seq_no + 1
            )
        case ChargingBegan():
            return transaction._replace(
                began=True,
                counted_to_ms=entry.at.mono_ms,
                idle_since_ms=None,
                next_seq=entry.seq_no + 1,
            )
        case StopDecided():
            return transaction._replace(phase=Phase.STOPPING, stop=entry)
        case UsageRecorded():
            return _recorded(transaction, entry)
    return transaction


def _recorded(transaction: Transaction, entry: UsageRecorded) -> Transaction:
    """Take a record in. On a replay its sums are the newest known; live ones are never behind them."""
    begin = entry.kind == "B"
    prices = prices_at(transaction.start.tariff, local_time(entry.at.utc_ms, entry.at.offset_min))
    at_cut = transaction._replace(charging_ms=entry.charging_ms, idle_ms=entry.idle_ms)
    cost = exact_cost(at_cut, entry.import_dwh)
    mark = Mark(
        entry.at, entry.import_dwh, entry.charging_ms, entry.idle_ms, cost, prices, entry.charging_state
    )
    return transaction._replace(
        mark=mark,
        begin_dwh=entry.import_dwh if begin else transaction.begin_dwh,
        begin_at=entry.at if begin else transaction.begin_at,
        phase=Phase.ENERGISED if begin else transaction.phase,
        since_ms=entry.at.mono_ms if begin else transaction.since_ms,
        idle_since_ms=_idle_since_ms(transaction, entry),
        charging_ms=max(transaction.charging_ms, entry.charging_ms),
        idle_ms=max(transaction.idle_ms, entry.idle_ms),
        counted_to_ms=max(transaction.counted_to_ms, entry.at.mono_ms),
        # What went out with the end record goes out in Ended, which takes the same sequence number.
        next_seq=entry.seq_no if entry.kind == "E" else entry.seq_no + 1,
    )


def _idle_since_ms(transaction: Transaction, entry: UsageRecorded) -> int | None:
    if entry.charging_state == "Charging":
        return None
    return entry.at.mono_ms if transaction.idle_since_ms is None else transaction.idle_since_ms


def _store_setting(state: State, entry: SettingStored) -> State:
    others = tuple(item for item in state.stored_settings if item[:2] != (entry.component, entry.variable))
    stored = (*others, (entry.component, entry.variable, entry.value))
    state = state._replace(stored_settings=stored)
    if entry.component != "WebPaymentsCtrlr":
        return state
    payments = state.web_payments
    match entry.variable:
        case "Enabled":
            payments = replace(payments, enabled=entry.value.lower() == "true")
        case "URLTemplate":
            payments = replace(payments, url_template=entry.value)
        case "ValidityTime":
            payments = replace(payments, validity_s=int(entry.value))
        case "Length":
            payments = replace(payments, length=int(entry.value))
        case "SharedSecret":
            payments = replace(payments, secret=entry.value)
    return state._replace(web_payments=payments)


def _store_tariff(state: State, entry: TariffStored | TariffRemoved) -> State:
    tariff = entry.tariff if isinstance(entry, TariffStored) else state.settings.tariff
    evses = (evse._replace(tariff=tariff) if entry.evse in (0, evse.evse) else evse for evse in state.evses)
    return state._replace(evses=tuple(evses))
