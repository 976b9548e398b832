"""State → what each EVSE's surroundings should be told: permission, lock, connector status and the picture.

Recomputed after every event from the facts alone: there is no flag that somebody must remember to clear.
"""

from firmware.core import limits, meter_seal
from firmware.core.customer_view import CustomerView, Screen
from firmware.core.effects import ConnectorStatus
from firmware.core.pricing import bill_minor
from firmware.core.state import Evse, Outputs, Phase, Receipt, State, Transaction
from firmware.core.transaction import blocking_faults
from firmware.core.units import Stamp
from firmware.core.web_payment import qr_url


def outputs(state: State, evse: Evse, now: Stamp) -> Outputs:
    """Return what this EVSE's actuators, meter, backend and display should be told now."""
    phase = evse.transaction.phase if evse.transaction else None
    faults = ["LedgerFailed"] if state.storage_failed else blocking_faults(evse)
    order = meter_seal.order(state.settings, evse)
    return Outputs(
        permit_ma=_permit_ma(state, evse, faults),
        lock_released=_lock_released(evse, phase),
        register_pace=phase in (Phase.CONNECTED, Phase.STOPPING) and order is None,
        meter_order=order,
        status=_status(state, evse, faults),
        view=_view(state, evse, faults, now),
    )


def _permit_ma(state: State, evse: Evse, faults: list[str]) -> int | None:
    """Energy may flow only in a transaction whose begin record is stored, and while records can be stored.

    After a restart nothing is permitted before the interlock has said how it found things: what it says
    first tells whether energy flowed meanwhile. A lease that stands outlasts that.
    """
    transaction = evse.transaction
    if evse.interlock is None:
        return None
    if faults or transaction is None or transaction.phase is not Phase.ENERGISED:
        return 0
    if meter_seal.awaited(state.settings, evse):
        return 0
    if state.settings.supply_ma is not None:
        return evse.share_ma
    return next(item.max_current_ma for item in state.settings.evses if item.evse == evse.evse)


def _lock_released(evse: Evse, phase: Phase | None) -> bool | None:
    """The connector is free to take while a vehicle is awaited, and free to unplug when nothing runs."""
    if evse.interlock is None:
        return None
    if phase is None:
        return evse.plugged_in
    return phase is Phase.AWAITING_VEHICLE


def _status(state: State, evse: Evse, faults: list[str]) -> ConnectorStatus | None:
    if faults:
        return "Unavailable" if state.storage_failed else "Faulted"
    if evse.interlock is None or evse.reading is None:
        return None  # starting up: a start would be refused
    return "Occupied" if evse.transaction or evse.plugged_in else "Available"


def _view(state: State, evse: Evse, faults: list[str], now: Stamp) -> CustomerView:
    """Return what the driver sees."""
    if faults:
        bill = evse.receipt.ended.cost.total_minor if evse.receipt else None
        return CustomerView(
            Screen.OUT_OF_SERVICE, evse.evse, online=state.online, fault=faults[0], bill_minor=bill
        )
    if evse.transaction is not None:
        return _transaction_view(state, evse, evse.transaction, now)
    if evse.receipt is not None:
        return _receipt_view(state, evse, evse.receipt)
    return _idle_view(state, evse, now)


_SCREENS = {
    Phase.STARTING: Screen.PREPARING,
    Phase.AWAITING_VEHICLE: Screen.PLUG_IN,
    Phase.CONNECTED: Screen.WAITING,
    Phase.STOPPING: Screen.STOPPING,
}


def _transaction_view(state: State, evse: Evse, transaction: Transaction, now: Stamp) -> CustomerView:
    limit = transaction.limit
    import_dwh = evse.reading.import_dwh if evse.reading else transaction.begin_dwh
    metered = transaction.mark is not None and import_dwh is not None
    return CustomerView(
        _SCREENS.get(transaction.phase) or _energised_screen(evse, transaction),
        evse.evse,
        online=state.online,
        power_w=(evse.power_w if evse.contactor_closed else 0) if metered else None,
        energy_dwh=limits.energy_dwh(transaction, import_dwh) if metered and import_dwh is not None else None,
        cost_e4=limits.cost_e4(transaction, import_dwh) if metered and import_dwh is not None else None,
        remaining_ms=_remaining_ms(state, evse, transaction, now.mono_ms),
        elapsed_ms=transaction.used_ms if metered else None,
        paid_cost_e4=limit.cost_e4 if limit else None,
        paid_time_ms=limit.time_ms if limit else None,
        stopped_reason=transaction.stop.stopped_reason if transaction.stop else None,
        note=_note(evse) if transaction.phase is Phase.ENERGISED else None,
    )


def _note(evse: Evse) -> str | None:
    """Return the one thing that a driver should know of why it is slow, or does not begin."""
    if evse.held_back:
        return "WaitingForCurrent"
    notes = evse.interlock.notes if evse.interlock else ()
    if not notes:
        return None
    candidates = (
        ("TemperatureDerating",) if evse.contactor_closed else ("VentilationMissing", "WakingVehicle")
    )
    return next((name for name in candidates if name in notes), None)


def _energised_screen(evse: Evse, transaction: Transaction) -> Screen:
    if evse.charging:
        return Screen.CHARGING
    return Screen.PAUSED if transaction.began else Screen.WAITING


def _remaining_ms(state: State, evse: Evse, transaction: Transaction, now_ms: int) -> int | None:
    """Return the countdown on the display, in whole seconds: to plug in, or to the end of what was bought."""
    if transaction.phase is Phase.AWAITING_VEHICLE:
        left = transaction.since_ms + state.settings.connection_timeout_ms - now_ms
    elif transaction.mark is None:
        return None
    else:
        remaining = limits.remaining_ms(transaction, evse, now_ms)
        if remaining is None:
            return None
        left = remaining
    return max(0, left) // 1000 * 1000


def _receipt_view(state: State, evse: Evse, receipt: Receipt) -> CustomerView:
    ended = receipt.ended
    return CustomerView(
        Screen.RECEIPT,
        evse.evse,
        online=state.online,
        energy_dwh=ended.cost.energy_dwh,
        cost_e4=ended.cost.total_e4,
        elapsed_ms=ended.cost.charging_ms + ended.cost.idle_ms,
        bill_minor=bill_minor(ended.cost.total_e4),
        settled=receipt.settled,
        stopped_reason=ended.stopped_reason,
    )


def _idle_view(state: State, evse: Evse, now: Stamp) -> CustomerView:
    if evse.interlock is None or evse.reading is None:
        return CustomerView(Screen.STARTING_UP, evse.evse, online=state.online)
    if evse.paying_until_ms is not None:
        return CustomerView(Screen.PAYING, evse.evse, online=state.online)
    payments = state.web_payments
    url = None
    if payments.enabled and payments.secret:
        url = qr_url(
            payments.url_template,
            state.settings.station_id,
            evse.evse,
            payments.secret,
            payments.validity_s,
            payments.length,
            now.utc_ms,
        )
    return CustomerView(Screen.SCAN, evse.evse, online=state.online, qr_url=url)
