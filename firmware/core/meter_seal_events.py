"""What a signing meter says of its own record, kept as entries; nothing that it signed is ever dropped."""

from typing import Literal

from firmware.core.entries import MeterRecordBegan, MeterSealKept, MeterSealMissing
from firmware.core.events import Event, MeterRecordOpened, MeterSealed, MeterSealFailed
from firmware.core.meter_seal import order
from firmware.core.turn import Turn


def take_in(turn: Turn, event: Event) -> None:
    """Keep what came of the meter's record."""
    match event:
        case MeterRecordOpened():
            for seal in event.left_over:
                _append(turn, MeterSealKept(event.at, event.evse, event.transaction_id, "left-over", seal))
            _append(turn, MeterRecordBegan(event.at, event.evse, event.transaction_id, event.seal))
        case MeterSealed():
            when: Literal["end", "late"] = "end" if _is_awaited(turn, event) else "late"
            _append(turn, MeterSealKept(event.at, event.evse, event.transaction_id, when, event.seal))
        case MeterSealFailed() if _is_awaited(turn, event):
            missing = MeterSealMissing(event.at, event.evse, event.transaction_id, event.at_end, event.why)
            _append(turn, missing)


def _append(turn: Turn, entry: MeterRecordBegan | MeterSealKept | MeterSealMissing) -> None:
    if not turn.station.storage_failed:
        turn.append(entry)


def _is_awaited(turn: Turn, event: MeterSealed | MeterSealFailed) -> bool:
    wanted = order(turn.station.settings, turn.evse(event.evse))
    return wanted is not None and wanted.transaction_id == event.transaction_id
