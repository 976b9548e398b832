"""What the interlock is told on its command line: all it must know of the site, so that it reads no file."""

import json
from pathlib import Path
from typing import Any

from config.board_io import io_of
from config.schema import Derating, Evse, EvseParts, Loaded
from firmware.interlock import model


def interlock_settings(loaded: Loaded) -> str:
    """Return the JSON that `firmware.interlock.settings.parse` reads."""
    evses = [_evse(evse, loaded.board.parts(evse.id)) for evse in loaded.site.evse]
    socket = str(Path(loaded.site.run_dir, "interlock.sock"))
    return json.dumps({"socket": socket, "board": io_of(loaded.board), "evses": evses})


def rules_of(evse: Evse, parts: EvseParts) -> model.Rules:
    """Return what is installed at one EVSE: what its site and its board say of it."""
    return model.Rules(
        max_current_ma=evse.max_current_a * 1_000,
        phases=evse.phases,
        lock=parts.lock,
        lock_holds=parts.lock_holds,
        release_on=frozenset(parts.release_on),
        proximity=parts.proximity.codes if parts.proximity else "none",
        residual_current=parts.residual_current,
        ventilation=parts.ventilation,
        economiser=parts.economiser,
        reclose_ms=parts.reclose_ms,
        derating=_derating(parts.derating) if parts.derating else None,
        voltage_mv=(parts.under_voltage_v * 1_000, parts.over_voltage_v * 1_000),
    )


def _derating(curve: Derating) -> model.Derating:
    return model.Derating(curve.from_c * 1_000, curve.stop_c * 1_000, curve.resume_c * 1_000)


def _evse(evse: Evse, parts: EvseParts) -> dict[str, Any]:
    rules = rules_of(evse, parts)
    divider = parts.proximity
    return {
        "id": evse.id,
        "hold_e4": parts.hold_e4,
        "proximity_divider": divider and {"supply_mv": divider.supply_mv, "pull_up_ohm": divider.pull_up_ohm},
        "rules": {
            **rules._asdict(),
            "release_on": sorted(rules.release_on),
            "derating": rules.derating and rules.derating._asdict(),
        },
    }
