"""What can go wrong at the board, in which phases of a charge it shows, as what, and who ends it."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["idle", "paid", "waiting", "charging", "paused", "stopping", "receipt"]
ClearedBy = Literal["itself", "unplugging", "backend", "engineer"]

PHASES: dict[Phase, str] = {
    "idle": "nobody is there",
    "paid": "paid, awaiting the vehicle",
    "waiting": "plugged in, the vehicle is not ready",
    "charging": "charging",
    "paused": "the vehicle stopped asking",
    "stopping": "stopped by phone, the vehicle goes on: the ramp",
    "receipt": "settled, the plug still in",
}
PLUGGED: frozenset[Phase] = frozenset({"waiting", "charging", "paused", "stopping", "receipt"})
OFFERED: frozenset[Phase] = frozenset({"waiting", "charging", "paused"})
ALWAYS: frozenset[Phase] = frozenset(PHASES)
CLOSED: frozenset[Phase] = frozenset({"charging", "stopping"})

Act = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One fault. ``faults`` are the names the backend is told; none for what is no fault but must open.

    ``shows`` are the phases in which it shows without further ado; in all others it must show at the latest
    in the next charge. ``limit_ms`` is from its cause to the coil's command, on a busy host, or from its
    ``mark``. ``consequences`` may be told too. ``unmeasured_wh`` may flow that no meter told of in time: it
    is not billed.
    """

    name: str
    breaks: tuple[Act, ...]
    mends: tuple[Act, ...]
    faults: frozenset[str]
    cleared_by: ClearedBy
    limit_ms: int
    shows: frozenset[Phase] = ALWAYS
    mark: str | None = None
    consequences: frozenset[str] = frozenset()
    unmeasured_wh: float = 0.0
    keeps_locked: bool = False
    phases: tuple[Phase, ...] = field(default=tuple(PHASES))


INPUT_MS = 100
"""An input is seen at the next look, 5 ms; the rest is for a host that has much else to do."""

WATCHDOG_MS = 1_500
VOLTAGE_MS = 6_000
TEMPERATURE_MS = 6_000


def _case(name: str, breaks: str, mends: str, faults: str, by: ClearedBy, limit_ms: int, **more: Any) -> Case:
    return Case(name, _acts(breaks), _acts(mends), frozenset(faults.split()), by, limit_ms, **more)


def _acts(text: str) -> tuple[Act, ...]:
    """Read e.g. ``weld_contactor; set_load watts=7000``."""
    acts = (act.split() for act in text.split(";"))
    return tuple((name, dict(map(_argument, pairs))) for name, *pairs in acts)


def _argument(text: str) -> tuple[str, Any]:
    key, value = text.split("=")
    return key, json.loads(value)


CASES: dict[str, Case] = {
    case.name: case
    for case in (
        _case("emergency-stop", "press_emergency_stop", "release_emergency_stop", "EmergencyStop", "itself",
              INPUT_MS, mark="estop_pressed"),
        _case("door-open", "open_door", "close_door", "DoorOpen", "itself", INPUT_MS, mark="door_opened"),
        _case("mains-fail", "fail_mains", "restore_mains", "PowerFailing", "itself", INPUT_MS,
              mark="mains_failed"),
        _case("residual-current", "leak", "mend_leak", "ResidualCurrent", "backend", INPUT_MS, mark="leaked"),
        _case("residual-device-stuck", "stick_residual_device", "mend_residual_device", "ResidualCurrent",
              "backend", INPUT_MS),
        _case("residual-device-dead", "break_residual_device", "mend_residual_device",
              "ResidualCurrentSelfTestFailed", "engineer", INPUT_MS, shows=frozenset()),
        _case("contactor-welded", "weld_contactor; stubborn value=true",
              "stubborn value=false; unweld_contactor", "ContactorWelded", "engineer", INPUT_MS,
              shows=frozenset(), keeps_locked=True, unmeasured_wh=20_000,
              consequences=frozenset({"ContactorFailedToOpen", "ChargingStopFailed"})),
        _case("welded-no-current", "weld_contactor", "unweld_contactor", "ContactorFailedToOpen", "engineer",
              INPUT_MS, shows=frozenset(), keeps_locked=True, unmeasured_wh=20_000,
              consequences=frozenset({"ContactorWelded", "ChargingStopFailed"})),
        _case("contactor-hangs", "hang_contactor", "free_contactor", "ContactorFailedToOpen", "engineer",
              INPUT_MS, shows=frozenset(), keeps_locked=True,
              consequences=frozenset({"ChargingStopFailed"})),
        _case("coil-broken", "break_coil", "mend_coil", "ContactorFailedToClose", "backend", 1_500,
              shows=frozenset({"charging", "stopping"})),
        _case("mirror-stuck-open", "stick_mirror_open", "free_mirror", "ContactorFailedToClose", "backend",
              1_500, shows=frozenset({"charging", "stopping"})),
        _case("mirror-stuck-closed", "stick_mirror_closed", "free_mirror", "ContactorFailedToOpen",
              "engineer", 1_500, shows=ALWAYS - CLOSED,
              consequences=frozenset({"ChargingStopFailed"})),
        _case("lock-jammed", "jam_lock", "free_lock", "ConnectorLockFailure", "backend", INPUT_MS,
              shows=frozenset()),
        _case("lock-feedback-stuck", "stick_lock_feedback", "free_lock_feedback", "ConnectorLockFailure",
              "backend", INPUT_MS, shows=frozenset()),
        _case("bolt-forced", "force_lock", "state", "", "itself", INPUT_MS, shows=frozenset({"charging"}),
              phases=("waiting", "charging", "paused", "stopping"), consequences=frozenset(
                  {"ConnectorLockFailure"})),
        _case("diode-broken", "break_diode", "mend_diode", "DiodeFault", "unplugging", 200, shows=OFFERED),
        _case("pilot-shorted", "short_pilot", "mend_pilot", "PilotFault", "itself", INPUT_MS),
        _case("pilot-torn", "tear_pilot", "mend_pilot", "PilotFault", "itself", INPUT_MS),
        _case("ventilation-asked", "ventilation value=true", "ventilation value=false", "", "itself",
              INPUT_MS, phases=("charging",)),
        _case("proximity-open", "break_proximity", "mend_proximity", "ProximityFault", "itself", 1_000,
              shows=PLUGGED),
        _case("proximity-shorted", "short_proximity", "mend_proximity", "ProximityFault", "itself", 1_000,
              shows=PLUGGED),
        _case("over-temperature", "set_temperature degrees=85", "set_temperature degrees=25",
              "OverTemperature", "itself", 2_500),
        _case("thermometer-broken", "break_thermometer", "mend_thermometer", "TemperatureSensorFault",
              "itself", TEMPERATURE_MS),
        _case("over-voltage", "set_voltage volts=275", "restore_mains", "OverVoltage", "itself", VOLTAGE_MS),
        _case("under-voltage", "set_voltage volts=170", "restore_mains", "UnderVoltage", "itself",
              VOLTAGE_MS),
        _case("phase-loss", "lose_phase", "restore_mains", "PhaseLoss", "itself", VOLTAGE_MS),
        _case("over-current", "overdraw factor=1.5", "overdraw factor=1", "OverCurrent", "itself", 14_000,
              shows=frozenset({"charging"}), phases=("idle", "paid", "waiting", "charging", "paused")),
        _case("meter-silent", "silence_meter", "revive_meter", "MeterSilent", "itself", 14_000,
              unmeasured_wh=20_000),
        _case("meter-junk", "junk_meter", "revive_meter", "MeterSilent", "itself", 14_000,
              unmeasured_wh=20_000),
        _case("meter-frozen", "freeze_meter", "mend_meter", "MeterFrozen", "backend", 14_000,
              shows=frozenset({"charging"}), unmeasured_wh=20_000),
        _case("meter-exchanged", "exchange_meter wh=5000", "state", "MeterImplausible MeterExchanged",
              "engineer", 14_000, unmeasured_wh=20_000,
              # not in the ramp: there the new register, just below the old one, passes it meanwhile
              phases=("idle", "paid", "waiting", "charging", "paused", "receipt")),
        _case("board-hung", "hang_board", "reset_board", "BoardLost", "itself", WATCHDOG_MS,
              unmeasured_wh=150),
        _case("board-reset", "reset_board", "state", "BoardLost", "itself", INPUT_MS),
    )
}  # fmt: skip

QUICK = {
    "emergency-stop": ("charging",),
    "residual-current": ("charging",),
    "contactor-welded": ("charging",),
    "phase-loss": ("charging",),
    "meter-silent": ("charging",),
    "meter-exchanged": ("charging",),
}
"""What `make test` runs; `make torture` runs all."""
