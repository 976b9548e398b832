"""The interlock's process with what a board may have built in, each part at the simulated board's own."""

import time
from pathlib import Path

import pytest

from firmware.interlock.lease import BACKEND, UNKNOWN, fault_names, note_names
from tests.interlock.process import charger

IEC = {"proximity_divider": {"supply_mv": 3_300, "pull_up_ohm": 330}}


def test_a_plain_charger_knows_of_no_cable_and_no_temperature(tmp_path: Path) -> None:
    with charger(tmp_path) as (board, _interlock, agent):
        board.do("plug_in")
        agent.grant(amperes=16)
        status = agent.until_closed()
        assert (status.cable_ma, status.temperature_mc, status.notes) == (UNKNOWN, -(2**31), 0)
        assert (status.offered_ma, status.closings) == (16_000, 1)


def test_the_cable_caps_the_offer(tmp_path: Path) -> None:
    with charger(tmp_path, rules={"proximity": "iec"}, evse=IEC) as (board, _interlock, agent):
        board.do("set_cable", amperes=20)
        board.do("plug_in")
        agent.grant(amperes=32)
        status = agent.until_closed()
        assert (status.cable_ma, status.limit_ma, status.offered_ma) == (20_000, 32_000, 20_000)
        assert note_names(status.notes) == {"CableLimit"}
        assert board.until_closed()["limit_a"] == pytest.approx(20, abs=0.1)


def test_the_residual_current_device_is_tested_and_then_believed(tmp_path: Path) -> None:
    with charger(tmp_path, rules={"residual_current": True}) as (board, _interlock, agent):
        board.do("plug_in")
        agent.grant()
        agent.until(lambda status: "SelfTesting" in note_names(status.notes))
        agent.until_closed()
        board.until_closed()
        board.do("leak")
        agent.until_fault("ResidualCurrent")
        assert not board.until_open()["contactor_closed"]


def test_a_device_that_fails_its_test_keeps_it_open(tmp_path: Path) -> None:
    with charger(tmp_path, rules={"residual_current": True}) as (board, _interlock, agent):
        board.do("break_residual_device")
        board.do("plug_in")
        agent.grant()
        assert agent.until_fault("ResidualCurrentSelfTestFailed").closings == 0


def test_heat_lowers_the_offer_and_a_broken_sensor_opens(tmp_path: Path) -> None:
    rules = {"derating": {"from_mc": 60_000, "stop_mc": 80_000, "resume_mc": 70_000}}
    with charger(tmp_path, rules=rules) as (board, _interlock, agent):
        board.do("set_temperature", degrees=70)
        board.do("plug_in")
        agent.grant(amperes=32)
        status = agent.until_closed()
        board.until_closed()
        assert (status.temperature_mc, status.offered_ma) == (70_000, 19_000)
        assert note_names(status.notes) == {"TemperatureDerating"}
        board.do("break_thermometer")
        faults = fault_names(agent.until_fault("TemperatureSensorFault").faults)
        assert faults == {"TemperatureSensorFault"}
        assert not board.until_open()["contactor_closed"]


def test_an_economised_coil_is_held(tmp_path: Path) -> None:
    with charger(tmp_path, "--economiser", rules={"economiser": True}) as (board, interlock, agent):
        board.do("plug_in")
        agent.grant()
        agent.until_closed()
        board.until_closed()
        agent.until(lambda status: status.contactor == 1)
        interlock.process.kill()
        assert not board.until_open()["contactor_closed"]


def test_a_solenoid_is_held_while_it_charges_and_let_go_after(tmp_path: Path) -> None:
    with charger(tmp_path, "--lock", "solenoid", rules={"lock": "solenoid"}) as (board, _interlock, agent):
        board.do("plug_in")
        agent.grant()
        assert agent.until_closed().lock == 1
        assert board.until_closed()["lock"] == "locked"
        agent.release()
        agent.withdraw()
        agent.until(lambda status: status.lock == 0)
        marks = board.do("state")["marks"]
        assert marks["lock_released"] > marks["contactor_opened"]


def test_a_cable_of_its_own_needs_no_lock(tmp_path: Path) -> None:
    with charger(tmp_path, rules={"lock": "none"}) as (board, _interlock, agent):
        board.do("plug_in")
        agent.grant()
        assert agent.until_closed().lock == 1


def test_ventilation_is_switched_on_for_a_vehicle_that_needs_it(tmp_path: Path) -> None:
    with charger(tmp_path, rules={"ventilation": True}) as (board, _interlock, agent):
        board.do("ventilation", value=True)
        board.do("plug_in")
        agent.grant()
        assert chr(agent.until_closed().pilot) == "D"
        assert board.until_closed()["ventilated"]


def test_the_door_opens_the_contactor(tmp_path: Path) -> None:
    with charger(tmp_path) as (board, _interlock, agent):
        board.do("plug_in")
        agent.grant()
        agent.until_closed()
        board.until_closed()
        board.do("open_door")
        agent.until_fault("DoorOpen")
        assert not board.until_open()["contactor_closed"]


def test_two_evses_have_a_state_each(tmp_path: Path) -> None:
    with charger(tmp_path, "--evses", "2", evses=(1, 2)) as (board, _interlock, agent):
        for evse in (1, 2):
            board.do("plug_in", evse=evse)
            agent.grant(amperes=8 * evse, evse=evse)
            agent.until_closed(evse)
            board.until_closed(evse)
        board.do("short_pilot", evse=1)
        status = agent.until(lambda status: status.evse == 1 and status.faults != 0)
        assert fault_names(status.faults) == {"PilotFault"}
        assert not board.until_open(1)["contactor_closed"]
        assert board.do("state", evse=2)["contactor_closed"]
        assert agent.until(lambda status: status.evse == 2).limit_ma == 16_000


# what the agent tells


def test_a_recalled_weld_is_left_by_an_engineer_alone(tmp_path: Path) -> None:
    with charger(tmp_path) as (board, _interlock, agent):
        board.do("plug_in")
        agent.recall("ContactorWelded")
        agent.until_fault("ContactorWelded")
        agent.clear(by=BACKEND)
        assert fault_names(agent.until_heard().faults) == {"ContactorWelded"}
        agent.clear()
        agent.until_sound()
        agent.grant()
        agent.until_closed()


def test_what_the_meter_measures_opens(tmp_path: Path) -> None:
    with charger(tmp_path) as (board, _interlock, agent):
        board.do("plug_in")
        agent.grant()
        agent.until_closed()
        board.until_closed()
        begin_s = time.monotonic()
        agent.measure(volts=300)
        agent.until_fault("OverVoltage")
        assert time.monotonic() - begin_s > 2.5
        assert not board.until_open()["contactor_closed"]
