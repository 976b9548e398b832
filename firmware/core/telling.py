"""What changed between what the surroundings should be told and what they were told, as effects."""

from firmware.core.effects import (
    BeginMeterRecord,
    Effect,
    EndMeterRecord,
    PaceMeter,
    Permit,
    ReleaseLock,
    ReportStatus,
    SecureLock,
    Show,
    Withdraw,
)
from firmware.core.state import Evse, Outputs


def difference(evse: Evse, wanted: Outputs) -> list[Effect]:
    """Return the effects that bring an EVSE's surroundings from what they were told to ``wanted``."""
    told, number = evse.told, evse.evse
    effects: list[Effect] = []
    if wanted.permit_ma not in (None, told.permit_ma):
        effects.append(
            Permit(number, wanted.permit_ma) if wanted.permit_ma else Withdraw(number, _because(evse))
        )
    if wanted.lock_released is not None and wanted.lock_released != told.lock_released:
        effects.append(ReleaseLock(number) if wanted.lock_released else SecureLock(number))
    if wanted.register_pace != told.register_pace:
        effects.append(PaceMeter(number, "register" if wanted.register_pace else "full"))
    if wanted.meter_order is not None and wanted.meter_order != told.meter_order:
        do = BeginMeterRecord if wanted.meter_order.do == "begin" else EndMeterRecord
        effects.append(do(number, wanted.meter_order.transaction_id))
    if wanted.view is not None and wanted.view != told.view:
        effects.append(Show(wanted.view))
    if wanted.status is not None and wanted.status != told.status:
        effects.append(ReportStatus(number, wanted.status))
    return effects


def _because(evse: Evse) -> str:
    if evse.transaction is None or evse.transaction.stop is None:
        return "no permission stands"
    return evse.transaction.stop.fault or evse.transaction.stop.stopped_reason
