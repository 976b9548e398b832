"""The catalogue is complete: whoever stands in front of the charger learns what it is and what to do."""

import pytest

from firmware.core.faults import CATALOGUE, Fault
from firmware.interlock.core import LATCHING
from firmware.interlock.lease import FAULTS


def test_every_fault_of_the_interlock_is_in_the_catalogue_and_latches_as_it_says() -> None:
    assert set(FAULTS) <= set(CATALOGUE)
    assert {name for name in LATCHING if CATALOGUE[name].latching} == LATCHING


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_a_fault_says_what_it_is_why_and_what_to_do_in_both_languages(fault: Fault) -> None:
    texts = [*fault.title, *fault.remedy, *(text for cause in fault.causes for text in cause)]
    assert fault.causes
    assert all(text.strip() == text and text for text in texts)
    assert any("一" <= letter <= "鿿" for letter in fault.title[0])
    assert fault.title[1].isascii()
    assert 0 <= fault.severity <= 9
    assert len(fault.title[1]) <= 500


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("ConnectorLockFailure", "CX001"),
        ("ResidualCurrent", "CX002"),
        ("EmergencyStop", "CX008"),
        ("PilotFault", "CX014"),
        ("ContactorWelded", "CX017"),
        ("ContactorFailedToClose", "CX017"),
    ],
)
def test_a_fault_bears_the_code_that_operators_know_it_by(fault: str, code: str) -> None:
    """CharIN's minimum required error codes; a fault that none of them means exactly has no code."""
    assert CATALOGUE[fault].tech_code == code


def test_only_those_faults_have_such_a_code() -> None:
    coded = {name for name, fault in CATALOGUE.items() if fault.tech_code}
    assert coded == {
        "ConnectorLockFailure",
        "ResidualCurrent",
        "EmergencyStop",
        "PilotFault",
        "ContactorWelded",
        "ContactorFailedToClose",
    }
