"""What hands can do at the board: each action, its arguments, and when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.board.arguments import Argument, Flag, Number, OneOf, RefusedError
from sim.board.defects import DEFECTS
from sim.board.proximity import OHM_OF_A

if TYPE_CHECKING:
    from sim.board.board import SimBoard
    from sim.board.evse import Evse

Do = Callable[..., None]


@dataclass(frozen=True)
class Action:
    """``do`` is called with the board, the EVSE and the declared arguments by their names."""

    do: Do
    arguments: Mapping[str, Argument] = field(default_factory=dict)


# the vehicle


def _plug_in(_board: SimBoard, evse: Evse, ready: bool) -> None:
    _refuse(evse.vehicle.plugged, "already plugged in")
    _refuse(evse.wiring.holster and evse.lock.locked, "the connector is locked in its holster")
    evse.marks.set("plugged")
    evse.change(lambda vehicle: vehicle.plug_in(ready=ready))


def _unplug(_board: SimBoard, evse: Evse) -> None:
    _require_plugged(evse)
    evse.marks.set("unplugged")
    evse.change(lambda vehicle: vehicle.unplug())


def _ready(_board: SimBoard, evse: Evse, value: bool) -> None:
    _require_plugged(evse)
    evse.change(lambda vehicle: vehicle.set_ready(value))


def _full(_board: SimBoard, evse: Evse) -> None:
    _require_plugged(evse)
    evse.change(lambda vehicle: vehicle.fill())


def _set_load(_board: SimBoard, evse: Evse, watts: float) -> None:
    evse.change(lambda vehicle: vehicle.set_max_w(float(watts)))


def _manner(name: str) -> Do:
    def behave(_board: SimBoard, evse: Evse, value: bool) -> None:
        evse.change(lambda vehicle: vehicle.behave(**{name: value}))

    return behave


def _overdraw(_board: SimBoard, evse: Evse, factor: float) -> None:
    evse.change(lambda vehicle: vehicle.behave(overdraw=None if factor == 1 else factor))


def _set_cable(_board: SimBoard, evse: Evse, amperes: int) -> None:
    _refuse(evse.vehicle.plugged, "a cable is plugged in; unplug it first")
    evse.cable_a = amperes
    evse.update()


# the charger


def _break(defect: str) -> Do:
    def do(_board: SimBoard, evse: Evse) -> None:
        _refuse(defect in evse.defects, f"it is so already: {DEFECTS[defect].explains}")
        evse.defects.add(defect)

    return do


def _mend(mends: str) -> Do:
    healed = [name for name, defect in DEFECTS.items() if defect.mends == mends]

    def do(_board: SimBoard, evse: Evse) -> None:
        present = [name for name in healed if name in evse.defects]
        _refuse(not present, f"there is nothing to mend: no {' or '.join(healed)}")
        for name in present:
            evse.defects.remove(name)

    return do


def _slow_contactor(_board: SimBoard, evse: Evse, ms: float) -> None:
    evse.contactor.opens_s = ms / 1000


def _force_lock(_board: SimBoard, evse: Evse) -> None:
    _refuse(not evse.lock.locked, "the lock is released")
    evse.lock.force()


def _set_temperature(_board: SimBoard, evse: Evse, degrees: float) -> None:
    evse.temperature_mc = round(degrees * 1000)
    evse.update()


def _noise_pilot(_board: SimBoard, evse: Evse, mv: float, ms: float) -> None:
    evse.disturb_pilot(round(mv), ms / 1000)


# the board, its supply and its meters


def _press(pressed: bool) -> Do:
    def do(board: SimBoard, _evse: Evse) -> None:
        _refuse(board.emergency_stop == pressed, f"it is {'pressed' if pressed else 'released'} already")
        board.set_emergency_stop(pressed)

    return do


def _move_door(opened: bool) -> Do:
    def do(board: SimBoard, _evse: Evse) -> None:
        _refuse(board.door_open == opened, f"the door is {'open' if opened else 'closed'} already")
        board.set_door(opened)

    return do


def _fail_mains(board: SimBoard, _evse: Evse) -> None:
    _refuse(board.mains.failed, "the mains are gone already")
    board.change_mains(lambda mains: mains.fail())


def _restore_mains(board: SimBoard, _evse: Evse) -> None:
    _refuse(not board.mains.disturbed, "the mains are as they should be")
    board.change_mains(lambda mains: mains.restore())


def _set_voltage(board: SimBoard, _evse: Evse, volts: float, phase: int | None) -> None:
    board.change_mains(lambda mains: mains.set_volts(volts, phase))


def _lose_phase(board: SimBoard, _evse: Evse, phase: int) -> None:
    _refuse(board.mains.volts[phase - 1] == 0, f"L{phase} is gone already")
    board.change_mains(lambda mains: mains.set_volts(0.0, phase))


def _meter(health: str) -> Do:
    return lambda board, evse: board.set_meter_health(evse, health)


def _delay_meter(board: SimBoard, _evse: Evse, ms: float) -> None:
    board.line.hold_s = ms / 1000


def _set_register(_board: SimBoard, evse: Evse, wh: float) -> None:
    evse.meter.set_register(wh)


def _exchange_meter(_board: SimBoard, evse: Evse, wh: float) -> None:
    evse.meter.exchange(wh)


def _hang_board(board: SimBoard, _evse: Evse) -> None:
    _refuse(board.hal.hung, "the board hangs already")
    board.hal.hang()


def _reset_board(board: SimBoard, _evse: Evse) -> None:
    board.hal.reset()


def _nothing(_board: SimBoard, _evse: Evse) -> None:
    """Only the state is wanted."""


def _require_plugged(evse: Evse) -> None:
    _refuse(not evse.vehicle.plugged, "no vehicle is plugged in")


def _refuse(senseless: bool, why: str) -> None:
    if senseless:
        raise RefusedError(why)


_PHASES = (1, 2, 3)

ACTIONS: dict[str, Action] = {
    "state": Action(_nothing),
    "plug_in": Action(_plug_in, {"ready": Flag()}),
    "unplug": Action(_unplug),
    "ready": Action(_ready, {"value": Flag()}),
    "full": Action(_full),
    "set_load": Action(_set_load, {"watts": Number(0, 100_000)}),
    "ventilation": Action(_manner("ventilation"), {"value": Flag()}),
    "stubborn": Action(_manner("stubborn"), {"value": Flag()}),
    "sleep": Action(_manner("asleep"), {"value": Flag()}),
    "overdraw": Action(_overdraw, {"factor": Number(0.1, 10)}),
    "set_cable": Action(_set_cable, {"amperes": OneOf(tuple(OHM_OF_A))}),
    "slow_contactor": Action(_slow_contactor, {"ms": Number(1, 60_000)}),
    "force_lock": Action(_force_lock),
    "set_temperature": Action(_set_temperature, {"degrees": Number(-50, 200)}),
    "noise_pilot": Action(_noise_pilot, {"mv": Number(-15_000, 15_000, 12_000), "ms": Number(0, 1_000, 2)}),
    "press_emergency_stop": Action(_press(True)),
    "release_emergency_stop": Action(_press(False)),
    "open_door": Action(_move_door(True)),
    "close_door": Action(_move_door(False)),
    "fail_mains": Action(_fail_mains),
    "restore_mains": Action(_restore_mains),
    "set_voltage": Action(_set_voltage, {"volts": Number(0, 500), "phase": OneOf(_PHASES, optional=True)}),
    "lose_phase": Action(_lose_phase, {"phase": OneOf(_PHASES, default=2)}),
    "silence_meter": Action(_meter("silent")),
    "junk_meter": Action(_meter("junk")),
    "revive_meter": Action(_meter("ok")),
    "set_register": Action(_set_register, {"wh": Number(0, 1e9)}),
    "exchange_meter": Action(_exchange_meter, {"wh": Number(0, 1e9, 0)}),
    "delay_meter": Action(_delay_meter, {"ms": Number(0, 60_000)}),
    "hang_board": Action(_hang_board),
    "reset_board": Action(_reset_board),
    **{defect.breaks: Action(_break(name)) for name, defect in DEFECTS.items()},
    **{defect.mends: Action(_mend(defect.mends)) for defect in DEFECTS.values()},
}
"""What can be done. ``delay_meter``, ``slow_contactor`` and ``noise_pilot`` take real milliseconds;
``noise_pilot`` shows the station one bad sample of ``mv``. ``set_voltage`` without ``phase`` sets all three.
A hung board answers again after ``reset_board``. `DEFECTS` explains what breaks and mends.
"""
