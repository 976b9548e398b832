"""Facts of a moment: the screen a driver should see, and conditions with what is true instead."""

from typing import Any

import pytest

from sim.facts import Facts

BOARD = {"contactor_closed": False, "plugged": False, "lock": "locked", "pilot": "A"}


def moment(
    status: str = "Available", state: str | None = None, records: int = 0, settled: bool = False, **board: Any
) -> Facts:
    transaction = None
    if state is not None:
        energy_wh = 120.0 * max(0, records - 1)
        transaction = {"state": state, "settled": settled, "minutes": [{}] * records, "energy_wh": energy_wh}
    station = {"connectors": [{"evse": 1, "status": status}]}
    return Facts({**BOARD, **board}, station, transaction, ())


@pytest.mark.parametrize(
    ("facts", "screen", "phase"),
    [
        (moment(), "scan", "none"),
        (moment("Occupied", "Idle"), "plug-in", "started"),
        (moment("Occupied", "EVConnected", records=1, plugged=True), "waiting", "started"),
        (moment("Occupied", "Charging", 3, plugged=True, contactor_closed=True), "charging", "charging"),
        (moment("Occupied", "SuspendedEV", 4, plugged=True), "paused", "suspended"),
        (moment("Occupied", "Ended", 4, settled=True, plugged=True), "receipt", "settled"),
        (moment("Available", "Ended", 4, plugged=False), "receipt", "ended"),
        (moment("Available", "Ended", settled=True), "scan", "settled"),
        (moment("Faulted", "Ended", 4, settled=True, plugged=True), "out-of-service", "settled"),
    ],
)
def test_the_screen_follows_from_board_and_backend(facts: Facts, screen: str, phase: str) -> None:
    assert (facts.screen, facts.phase) == (screen, phase)


def test_unmet_conditions_tell_what_is_true_instead() -> None:
    facts = moment("Occupied", "Charging", 3, plugged=True, contactor_closed=True)
    assert facts.meets({"minutes": 2, "contactor": "closed", "transaction": "charging"})
    assert facts.unmet({"minutes": 5, "lock": "released", "alarm": "MeterSilent"}) == [
        "minutes should be 5 and is 2",
        "lock should be 'released' and is 'locked'",
        "alarm should be 'MeterSilent' and is none",
    ]


def test_a_settled_charge_has_ended_too() -> None:
    assert moment("Available", "Ended", 4, settled=True).meets({"transaction": "ended"})
    assert not moment("Available", "Ended", 4, settled=False).meets({"transaction": "settled"})


def test_a_time_of_day_has_come_or_not() -> None:
    facts = Facts(BOARD, {}, None, (), time="09:57")
    assert facts.meets({"time": "09:57"})
    assert facts.unmet({"time": "10:00"}) == ["time should be '10:00' and is '09:57'"]


def test_an_alarm_stands_until_it_is_cleared() -> None:
    alarms = ({"fault": "MeterSilent", "active": True}, {"fault": "EmergencyStop", "active": False})
    facts = Facts(BOARD, {}, None, alarms)
    assert facts.active_alarms == {"MeterSilent"}
