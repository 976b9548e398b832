"""What can be switched at the bench: plug, vehicle, and all that can go wrong, each with when it is on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.board.defects import DEFECTS
from sim.page.moment import Moment


@dataclass(frozen=True)
class Switch:
    """An action at the board, or of the bench, and its arguments."""

    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Toggle:
    """A control with two states: its name in either, what switches it on and off, and when it is on."""

    name: str
    off: str
    on: str
    icon: str
    switch_on: Switch
    switch_off: Switch
    is_on: Callable[[Moment], bool]
    explains: str


def _toggle(
    name: str, words: str, icon: str, actions: str, is_on: Callable[[Moment], bool], explains: str
) -> Toggle:
    """``words``: "when off | when on"; ``actions``: "switches on | switches off"; one alone serves both."""
    off, _, on = words.partition(" | ")
    switch_on, _, switch_off = actions.partition(" | ")
    first, second = Switch(switch_on), Switch(switch_off or switch_on)
    return Toggle(name, off, on or off, icon, first, second, is_on, explains)


def _defect(name: str, words: str = "", icon: str = "report_problem") -> Toggle:
    defect = DEFECTS[name]
    said = words or name.replace("_", " ").capitalize()
    actions = f"{defect.breaks} | {defect.mends}"
    return _toggle(
        name, said, icon, actions, lambda m: name in m.board.get("defects", ()), defect.explains.capitalize()
    )


def _manner(name: str, said: str, icon: str, explains: str, key: str = "") -> Toggle:
    off, on = Switch(name, {"value": False}), Switch(name)
    return Toggle(name, said, said, icon, on, off, lambda m: bool(m.board.get(key or name)), explains)


def _voltage(name: str, said: str, on: Switch, fits: Callable[[list[float]], bool], explains: str) -> Toggle:
    restore = Switch("restore_mains")

    def is_on(moment: Moment) -> bool:
        return not moment.board.get("power_failing") and fits(moment.board.get("mains_v", [230.0] * 3))

    return Toggle(name, said, said, "bolt", on, restore, is_on, explains)


PLUG = _toggle("plug", "Plug in | Unplug", "power", "plug_in | unplug",
               lambda m: bool(m.board.get("plugged")), "Into the vehicle, or out of it")  # fmt: skip
READY = _toggle("ready", "Ready", "battery_charging_full", "ready",
                lambda m: bool(m.board.get("plugged") and m.board.get("ready") and not m.board.get("full")),
                "The vehicle asks for energy")  # fmt: skip
FULL = _toggle("full", "Full", "battery_full", "full | ready",
               lambda m: bool(m.board.get("plugged") and m.board.get("full")), "It has enough")  # fmt: skip
EMERGENCY = _toggle("emergency", "Emergency stop | Release stop", "dangerous",
                    "press_emergency_stop | release_emergency_stop",
                    lambda m: bool(m.board.get("emergency_stop")), "The red mushroom")  # fmt: skip

COMMON = (
    EMERGENCY,
    _toggle("silent", "Meter silent", "voice_over_off", "silence_meter | revive_meter",
            lambda m: m.board.get("meter") == "silent", "The meter answers no more"),
    _defect("leak", "Residual current", "water_drop"),
    _defect("contactor_welded", "Weld contactor | Contactor welded", "link"),
    _toggle("mains", "Cut power | Power is cut", "flash_off", "cut_power | restore_power",
            lambda m: not m.has_power, "Mains fails: all processes die at once"),
)  # fmt: skip

SELDOM: Mapping[str, tuple[Toggle, ...]] = {
    "Vehicle": (
        _manner("stubborn", "Stubborn", "front_hand", "It goes on when the offer is taken back"),
        _manner("sleep", "Asleep", "bedtime", "It must be woken by state F or a second offer", "asleep"),
        _manner("ventilation", "Asks for ventilation", "air", "State D instead of C"),
        Toggle("overdraw", "Overdraws", "Overdraws", "speed", Switch("overdraw", {"factor": 1.5}),
               Switch("overdraw", {"factor": 1}), lambda m: m.board.get("overdraw") is not None,
               "It takes half as much again as it is offered"),
    ),
    "Supply": (
        _toggle("supply", "Mains fail", "flash_off", "fail_mains | restore_mains",
                lambda m: bool(m.board.get("power_failing")), "No voltage; the station lives on its reserve"),
        _voltage("phase", "L2 is gone", Switch("lose_phase"), lambda v: 0 in v, "One phase has no voltage"),
        _voltage("low", "170 V", Switch("set_voltage", {"volts": 170}), lambda v: 0 < min(v) < 200,
                 "Under-voltage on all phases"),
        _voltage("high", "280 V", Switch("set_voltage", {"volts": 280}), lambda v: max(v) > 260,
                 "Over-voltage on all phases"),
    ),
    "Housing and meter": (
        _toggle("door", "Door open", "door_front", "open_door | close_door",
                lambda m: bool(m.board.get("door_open")), "The housing's door"),
        Toggle("hot", "85 °C", "85 °C", "thermostat", Switch("set_temperature", {"degrees": 85}),
               Switch("set_temperature", {"degrees": 25}),
               lambda m: m.board.get("temperature_mc", 0) >= 80_000, "It is too hot to charge"),
        Toggle("warm", "70 °C", "70 °C", "thermostat", Switch("set_temperature", {"degrees": 70}),
               Switch("set_temperature", {"degrees": 25}),
               lambda m: 60_000 <= m.board.get("temperature_mc", 0) < 80_000, "Hot enough to offer less"),
        _toggle("junk", "Meter junk", "grain", "junk_meter | revive_meter",
                lambda m: m.board.get("meter") == "junk", "The meter answers with junk"),
        Toggle("hung", "Board hangs", "Board hangs", "hourglass_disabled", Switch("hang_board"),
               Switch("reset_board"), lambda m: bool(m.board.get("hung")), "It answers no more"),
    ),
    "Broken parts": tuple(_defect(name) for name in DEFECTS
                          if name not in ("leak", "contactor_welded")),
}  # fmt: skip
"""What a bench needs now and then, by what it is about."""
