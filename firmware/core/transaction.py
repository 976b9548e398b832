"""One EVSE's transaction: when it ends and why, and the entries that take it a step further.

Each function looks at facts and returns entries; `journal.apply` alone changes state by them.
"""

from dataclasses import replace

from firmware.core import limits, meter_seal, pricing
from firmware.core.entries import (
    ChargingBegan,
    ChargingState,
    Entry,
    ReadingKind,
    StopDecided,
    TransactionEnded,
    UsageRecorded,
    VehicleConnected,
)
from firmware.core.events import MeterReading
from firmware.core.faults import CATALOGUE, worst_first
from firmware.core.meter_number import number_for_records
from firmware.core.metering import as_of, charging_state, due_cut
from firmware.core.plausibility import step_dwh
from firmware.core.pricing import Cost
from firmware.core.record_flags import OF_FAULT, record_flags, safe_since_ms
from firmware.core.settings import EvseSettings, MeterIdentity
from firmware.core.state import STUCK, Evse, Mark, Phase, State, Transaction
from firmware.core.units import Stamp
from firmware.core.usage_record import Content, payload

_STOPPED_REASON = {
    "TimeLimitReached": "TimeLimitReached",
    "EnergyLimitReached": "EnergyLimitReached",
    "CostLimitReached": "LocalOutOfCredit",  # OCPP 2.1 has no cost-limit value for stoppedReason
}


def blocking_faults(evse: Evse) -> list[str]:
    """Return the standing faults that forbid charging, the worst first."""
    return worst_first(name for name in evse.faults if CATALOGUE[name].blocks) if evse.faults else []


def why_stop(state: State, evse: Evse, transaction: Transaction, now: Stamp) -> StopDecided | None:
    """Return the decision to end a transaction that has reason to, or None."""
    reason = (
        _fault_reason(evse)
        or _seal_reason(state, evse)
        or _limit_reason(evse, transaction, now.mono_ms)
        or _vehicle_reason(state, evse, transaction, now.mono_ms)
    )
    if reason is None:
        return None
    stopped_reason, trigger, fault = reason
    return StopDecided(now, evse.evse, transaction.start.transaction_id, stopped_reason, trigger, fault)


def _fault_reason(evse: Evse) -> tuple[str, str, str] | None:
    faults = blocking_faults(evse)
    if not faults:
        return None
    if "EmergencyStop" in faults:
        return "EmergencyStop", "AbnormalCondition", "EmergencyStop"
    return "Other", "AbnormalCondition", faults[0]


def _seal_reason(state: State, evse: Evse) -> tuple[str, str, str] | None:
    missing = meter_seal.stops(state.settings, evse)
    return ("Other", "AbnormalCondition", meter_seal.FAULT) if missing else None


def _limit_reason(evse: Evse, transaction: Transaction, now_ms: int) -> tuple[str, str, str] | None:
    limit = transaction.limit
    if transaction.mark is None and limit is not None and limits.is_nothing(limit):
        return "LocalOutOfCredit", "CostLimitReached", ""
    trigger = limits.reached(transaction, evse, now_ms)
    return (_STOPPED_REASON[trigger], trigger, "") if trigger else None


def _vehicle_reason(
    state: State, evse: Evse, transaction: Transaction, now_ms: int
) -> tuple[str, str, str] | None:
    if transaction.phase in (Phase.STARTING, Phase.AWAITING_VEHICLE):
        waited = now_ms - transaction.since_ms >= state.settings.connection_timeout_ms
        return ("Timeout", "EVConnectTimeout", "") if waited else None
    if evse.interlock is not None and evse.interlock.pilot == "A":
        return "EVDisconnected", "EVCommunicationLost", ""
    waits = evse.held_back or meter_seal.awaited(state.settings, evse)
    idle_since = None if waits else transaction.idle_since_ms
    if idle_since is not None and now_ms - idle_since >= state.settings.vehicle_full_ms:
        return "StoppedByEV", "ChargingStateChanged", ""
    return None


def next_entry(state: State, evse: Evse, transaction: Transaction, now: Stamp) -> Entry | None:
    """Return the entry that takes the transaction one step further, or None when it must wait."""
    match transaction.phase:
        case Phase.AWAITING_VEHICLE if evse.plugged_in:
            return VehicleConnected(now, *_numbered(state, evse, transaction))
        case Phase.CONNECTED:
            return _begin_record(state, evse, transaction)
        case Phase.ENERGISED:
            return _energised(state, evse, transaction, now)
        case Phase.STOPPING:
            return _closing(state, evse, transaction, now)
    return None


def _numbered(state: State, evse: Evse, transaction: Transaction) -> tuple[int, str, int, bool]:
    """Return what every entry of a transaction carries: EVSE, id, sequence number, offline."""
    return evse.evse, transaction.start.transaction_id, transaction.next_seq, not state.online


def _begin_record(state: State, evse: Evse, transaction: Transaction) -> Entry | None:
    """The begin record needs a reading that was taken with the vehicle plugged in."""
    reading = evse.reading
    if reading is None or reading.at.mono_ms < transaction.since_ms or evse.meter_silent:
        return None
    return _record(state, evse, transaction, "B", "SignedDataReceived", reading)


def _energised(state: State, evse: Evse, transaction: Transaction, now: Stamp) -> Entry | None:
    if evse.charging and not transaction.began and evse.interlock is not None:
        return ChargingBegan(now, *_numbered(state, evse, transaction))
    reading = evse.reading
    if reading is None or transaction.mark is None or reading.at.mono_ms <= transaction.mark.at.mono_ms:
        return None
    transaction = as_of(transaction, evse, reading.at.mono_ms)
    cut = due_cut(transaction, evse, reading, state.settings.record_every_ms)
    return _record(state, evse, transaction, *cut, reading) if cut else None


def _closing(state: State, evse: Evse, transaction: Transaction, now: Stamp) -> Entry | None:
    """End with a reading taken after the contactor opened; without a meter, with the last believed one."""
    stop, mark = transaction.stop, transaction.mark
    stuck = not evse.faults.isdisjoint(STUCK)
    if stop is None or (evse.contactor_closed and not stuck):
        return None
    if mark is None:
        return _ended(state, evse, transaction, now, None)
    if mark.state == "Idle":
        if meter_seal.awaited(state.settings, evse):
            return None
        return _ended(state, evse, transaction, now, mark.import_dwh)
    final = evse.reading is not None and evse.reading.at.mono_ms >= safe_since_ms(evse, transaction)
    if final or not evse.faults.isdisjoint(OF_FAULT):
        return _record(state, evse, transaction, "E", stop.trigger, _last_reading(evse, transaction, mark))
    return None


def _last_reading(evse: Evse, transaction: Transaction, mark: Mark) -> MeterReading:
    """Return the last reading that may be billed; what an open contactor let through is not the vehicle's."""
    reading, open_from = evse.reading, evse.meter.open_from
    if transaction.stop is not None and transaction.stop.fault == "EnergyWhileOpen":
        reading = open_from
    if reading is None or reading.at.mono_ms < mark.at.mono_ms:
        return MeterReading(mark.at, mark.import_dwh)
    return reading


def _record(
    state: State,
    evse: Evse,
    transaction: Transaction,
    kind: ReadingKind,
    trigger: str,
    reading: MeterReading,
) -> UsageRecorded:
    settings = state.settings.evse(evse.evse)
    begin_dwh = reading.import_dwh if transaction.begin_dwh is None else transaction.begin_dwh
    cost_e4 = limits.cost_e4(transaction, reading.import_dwh)
    content = Content(
        kind=kind,
        at=reading.at,
        evse=evse.evse,
        transaction_id=transaction.start.transaction_id,
        id_token=transaction.start.id_token,
        token_type=transaction.start.token_type,
        import_dwh=reading.import_dwh,
        begin_dwh=begin_dwh,
        charging_ms=transaction.charging_ms,
        idle_ms=transaction.idle_ms,
        cost_e4=cost_e4,
        flags=record_flags(evse, transaction, kind, reading, settings),
    )
    meter = _meter_of(evse, reading, settings)
    return UsageRecorded(
        reading.at,
        *_numbered(state, evse, transaction),
        kind=kind,
        trigger=trigger,
        charging_state=_state_after(kind, evse),
        number=state.chain.number + 1,
        import_dwh=reading.import_dwh,
        energy_dwh=reading.import_dwh - begin_dwh,
        charging_ms=transaction.charging_ms,
        idle_ms=transaction.idle_ms,
        cost_e4=cost_e4,
        power_w=evse.power_w,
        payload=payload(state.chain, state.settings, meter, transaction.start.tariff, content),
    )


def _meter_of(evse: Evse, reading: MeterReading, settings: EvseSettings) -> MeterIdentity:
    """Return the meter as it is at this reading: its own number, and the step that its register has now."""
    return replace(
        settings.meter,
        serial=number_for_records(evse, settings.meter),
        resolution_dwh=step_dwh(reading, settings),
    )


def _state_after(kind: ReadingKind, evse: Evse) -> ChargingState:
    if kind == "E":
        return "Idle"
    return "EVConnected" if kind == "B" else charging_state(evse)


def _ended(
    state: State, evse: Evse, transaction: Transaction, now: Stamp, import_end_dwh: int | None
) -> TransactionEnded:
    stop, mark = transaction.stop, transaction.mark
    assert stop is not None
    energy_dwh = 0 if import_end_dwh is None else limits.energy_dwh(transaction, import_end_dwh)
    cost = mark.cost if mark else Cost()
    cap_e4 = transaction.limit.cost_e4 if transaction.limit else None
    return TransactionEnded(
        now,
        *_numbered(state, evse, transaction),
        stopped_reason=stop.stopped_reason,
        trigger=stop.trigger,
        fault=stop.fault,
        cost=pricing.summary(
            transaction.start.tariff,
            cost,
            energy_dwh,
            transaction.charging_ms if mark else 0,
            transaction.idle_ms if mark else 0,
            cap_e4,
        ),
        import_begin_dwh=transaction.begin_dwh,
        import_end_dwh=import_end_dwh,
        meter_begin_seal=transaction.meter_record.begin_seal,
        meter_end_seal=transaction.meter_record.end_seal,
    )
