"""The catalogue is complete: whoever stands in front of the charger learns what it is and what to do."""

import pytest

from firmware.core.fault_watch import OWN_FAULTS
from firmware.core.faults import CATALOGUE, Fault, cleared_by, latched, worst_first
from firmware.interlock.faults import LEFT_BY
from firmware.interlock.lease import FAULTS


def test_the_catalogue_has_the_interlocks_faults_and_the_agents_own_and_no_other() -> None:
    assert set(CATALOGUE) == {*FAULTS, *OWN_FAULTS}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_interlock_latches_as_the_interlock_has_it(name: str) -> None:
    assert set(CATALOGUE[name].left_by) == LEFT_BY[name]


def test_of_the_agents_own_faults_those_latch_that_nobody_sees_end() -> None:
    assert latched(OWN_FAULTS) == {"MeterFrozen", "MeterExchanged", "EnergyWhileOpen"}


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_a_fault_says_what_it_is_why_and_what_to_do_in_both_languages(fault: Fault) -> None:
    pairs = [fault.title, fault.reaction, fault.remedy, *fault.causes]
    assert len(fault.causes) >= 2
    assert all(text.strip() == text and text for pair in pairs for text in pair)
    assert all(any("一" <= letter <= "鿿" for letter in zh) and en.isascii() for zh, en in pairs)
    assert 0 <= fault.severity <= 9
    assert len(fault.title[1]) <= 50


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_only_what_an_engineer_alone_may_clear_says_that_he_must_come(fault: Fault) -> None:
    on_site = fault.left_by == ("engineer",)
    assert ("由工程师清除" in fault.remedy[0]) is on_site
    assert fault.remedy[1].endswith("clear the fault on site") is on_site


MREC = {
    "ConnectorLockFailure": "CX001",  # failure to lock or unlock the connector
    "ResidualCurrent": "CX002",  # ground fault interrupter activated
    "OverTemperature": "CX003",  # high temperature inside the EVSE takes power away
    "OverVoltage": "CX005",  # the vehicle's input voltage too high
    "UnderVoltage": "CX006",  # … or too low
    "EmergencyStop": "CX008",
    "PilotFault": "CX014",  # control pilot voltage out of range
    "PowerFailing": "CX015",  # mains failure
    "ContactorWelded": "CX017",  # contactor fails to open or close, welding included
    "ContactorFailedToOpen": "CX017",
    "ContactorFailedToClose": "CX017",
    "ProximityFault": "CX023",  # proximity voltage out of range
}


def test_faults_bear_the_codes_that_operators_know_them_by() -> None:
    """ChargeX's minimum required error codes; a fault that none of them means exactly has no code.

    CX004, an over-current *protection device* that tripped, is not a vehicle that overdraws.
    """
    assert {name: fault.tech_code for name, fault in CATALOGUE.items() if fault.tech_code} == MREC


def test_who_may_clear_what() -> None:
    standing = {"ContactorWelded", "ResidualCurrent", "DiodeFault", "EmergencyStop", "FluxCapacitor"}
    assert latched(standing) == {"ContactorWelded", "ResidualCurrent", "DiodeFault"}
    assert cleared_by(standing, "backend") == {"ResidualCurrent", "DiodeFault"}
    assert cleared_by(standing, "unplugging") == {"DiodeFault"}


def test_the_worst_is_told_first() -> None:
    assert worst_first({"FluxCapacitor", "BackendUnreachable", "DoorOpen", "ContactorWelded"}) == [
        "ContactorWelded", "DoorOpen", "BackendUnreachable", "FluxCapacitor",
    ]  # fmt: skip
