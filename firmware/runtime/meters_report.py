"""What a running agent knows of its meters, for an engineer who cannot read them: a line has one owner."""

from typing import Any

from firmware.core.state import Evse, State


def meters_report(state: State, now_ms: int) -> dict[str, Any]:
    """Return ``{"meters": [{"evse": 1, "why": "", "serial": "…", "reading": {…}}]}``.

    ``why`` says why there is no valid reading now; ``reading`` is the last believed one, None before the
    first. In it ``age_ms`` is how old it is, and what was not read is None, never zero.
    """
    return {"meters": [_meter(evse, state, now_ms) for evse in state.evses]}


def _meter(evse: Evse, state: State, now_ms: int) -> dict[str, Any]:
    reading, doubt = evse.reading, evse.meter.doubt
    identity = next(each.meter for each in state.settings.evses if each.evse == evse.evse)
    return {
        "evse": evse.evse,
        "why": evse.meter_silent or (doubt.why if doubt is not None and doubt.distrusted else ""),
        "serial": evse.meter.told,
        "reading": reading
        and {
            "age_ms": now_ms - reading.at.mono_ms,
            "import_dwh": reading.import_dwh,
            "resolution_dwh": reading.resolution_dwh or identity.resolution_dwh,
            "power_w": reading.power_w,
            "voltage_mv": reading.voltage_mv,
            "current_ma": reading.current_ma,
        },
    }
