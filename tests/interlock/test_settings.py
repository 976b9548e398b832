"""The interlock's settings: what is left out has its default, and every mistake is told with its path."""

import json
from typing import Any

import pytest

from firmware.interlock.json_object import SettingsError
from firmware.interlock.model import Derating, Rules
from firmware.interlock.settings import Divider, EvseSettings, parse

DIVIDER = {"supply_mv": 3_300, "pull_up_ohm": 330}


def text(*evses: Any, **changed: Any) -> str:
    table = {"socket": "/run/i.sock", "board": {"backend": "remote", "address": "/run/b.sock"}}
    return json.dumps({**table, "evses": list(evses), **changed})


def evse(**changed: Any) -> dict[str, Any]:
    return {"id": 1, "rules": {"max_current_ma": 32_000}, **changed}


def rules(**changed: Any) -> dict[str, Any]:
    return evse(rules={"max_current_ma": 32_000, **changed})


def test_what_is_left_out_is_as_the_rules_have_it() -> None:
    settings = parse(text(evse()))
    assert settings.evses == (EvseSettings(1, Rules(32_000)),)
    assert (settings.socket, settings.board["address"]) == ("/run/i.sock", "/run/b.sock")


def test_everything_that_can_be_said_is_taken() -> None:
    said = rules(
        phases=1,
        lock="solenoid",
        lock_holds="holster",
        release_on=["PowerFailing", "EmergencyStop"],
        proximity="gbt",
        residual_current=True,
        ventilation=True,
        economiser=True,
        reclose_ms=500,
        derating={"from_mc": 50_000, "stop_mc": 70_000, "resume_mc": 60_000},
        voltage_mv=[200_000, 250_000],
    )
    (taken,) = parse(text({**said, "hold_e4": 3_000, "proximity_divider": DIVIDER})).evses
    assert taken == EvseSettings(
        1,
        Rules(
            max_current_ma=32_000,
            phases=1,
            lock="solenoid",
            lock_holds="holster",
            release_on=frozenset({"PowerFailing", "EmergencyStop"}),
            proximity="gbt",
            residual_current=True,
            ventilation=True,
            economiser=True,
            reclose_ms=500,
            derating=Derating(50_000, 70_000, 60_000),
            voltage_mv=(200_000, 250_000),
        ),
        3_000,
        Divider(3_300, 330),
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{", "settings: no JSON: "),
        ("7", "settings: 7 is no object"),
        ("{}", "settings: evses: missing"),
        (text(), "settings: evses: empty, at least one is needed"),
        (text(evses=3), "settings: evses: 3 is no list"),
        (text(evse(), speed=3), "settings: speed: unknown key"),
        (text(evse(), socket=3), "settings: socket: 3 is no text"),
        (text(evse(), board={}), "settings: board.backend: missing"),
        (text(7), "settings: evses[0]: 7 is no object"),
        (text({"id": 1}), "settings: evses[0].rules: missing"),
        (text(evse(), {"rules": {"max_current_ma": 6_000}}), "settings: evses[1].id: missing"),
        (text(evse(id=256)), "settings: evses[0].id: 256 is outside 1 to 255"),
        (text(evse(id=True)), "settings: evses[0].id: True is no integer"),
        (text(evse(), evse()), "settings: evses: id 1 is there twice"),
        (text(evse(colour="red")), "settings: evses[0].colour: unknown key"),
        (text(evse(hold_e4=0)), "settings: evses[0].hold_e4: 0 is outside 1 to 10000"),
        (text(evse(rules={})), "settings: evses[0].rules.max_current_ma: missing"),
        (text(rules(max_current_ma=-1)), "evses[0].rules.max_current_ma: -1 is outside 6000 to 80000"),
        (text(rules(phases=2)), "settings: evses[0].rules.phases: 2 is none of 1, 3"),
        (text(rules(lock="rope")), "evses[0].rules.lock: 'rope' is none of motor, solenoid, none"),
        (text(rules(release_on=["Rain"])), "rules.release_on: 'Rain' is none of EmergencyStop, PowerFailing"),
        (text(rules(ventilation=1)), "evses[0].rules.ventilation: 1 is not true or false"),
        (text(rules(wings=2)), "settings: evses[0].rules.wings: unknown key"),
        (text(rules(proximity="iec")), "evses[0].proximity_divider: missing, rules.proximity needs it"),
        (
            text({**rules(proximity="iec"), "proximity_divider": {"supply_mv": 3_300}}),
            "settings: evses[0].proximity_divider.pull_up_ohm: missing",
        ),
        (
            text(rules(derating={"from_mc": 80_000})),
            "evses[0].rules.derating.stop_mc: must be above from_mc and resume_mc",
        ),
        (text(rules(voltage_mv=[250_000, 200_000])), "rules.voltage_mv: [250000, 200000] is no pair"),
    ],
)
def test_a_mistake_is_told_with_its_path(said: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse(said)
    assert str(error.value).startswith("settings: ")
    assert told in str(error.value)
