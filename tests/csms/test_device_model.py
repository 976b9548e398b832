"""The device model: what may be set to what."""

import pytest

from firmware.core.entries import SettingStored
from firmware.csms.device_model import Key, Refusal
from firmware.csms.variables import for_station
from tests.csms.bench import site
from tests.csms.samples import DER, IDENTITY

MODEL = for_station(site("ws://127.0.0.1/ocpp"), IDENTITY, DER)
WEB = "WebPaymentsCtrlr"


@pytest.mark.parametrize(
    ("component", "variable", "value", "objection"),
    [
        (WEB, "ValidityTime", "6", ""),
        (WEB, "ValidityTime", "3600", ""),
        (WEB, "ValidityTime", "3601", "must be at most 3600"),
        (WEB, "ValidityTime", "5", "must be at least 6"),
        (WEB, "ValidityTime", "30.0", "must be an integer"),
        (WEB, "ValidityTime", "３０", "must be an integer"),
        (WEB, "ValidityTime", "", "must be an integer"),
        (WEB, "ValidityTime", "9" * 5000, "must be an integer"),
        (WEB, "Length", "33", "must be at most 32"),
        (WEB, "Enabled", "false", ""),
        (WEB, "Enabled", "0", "must be true or false"),
        (WEB, "SharedSecret", "short", "must have at least 8 characters"),
        (WEB, "SharedSecret", "x" * 256, "must have at most 255 characters"),
        (WEB, "URLTemplate", "", "must have at least 1 characters"),
        (WEB, "TOTPVersion", "v2", "this variable cannot be set"),
        ("OCPPCommCtrlr", "MessageAttempts[TransactionEvent]", "0", "must be at least 1"),
        ("OCPPCommCtrlr", "HeartbeatInterval", "60", ""),
    ],
)
def test_a_value_is_held_against_its_variable(
    component: str, variable: str, value: str, objection: str
) -> None:
    refusal = MODEL.refusal(Key(component, variable), value)
    assert (refusal.why if refusal else "") == objection


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (Key("Nobody", "Length"), "UnknownComponent"),
        (Key(WEB, "Nothing"), "UnknownVariable"),
        (Key(WEB, "Length", 1), "UnknownComponent"),
        (Key("EVSE", "Available", 2), "UnknownComponent"),
        (Key("OCPPCommCtrlr", "MessageAttempts[Other]"), "UnknownVariable"),
    ],
)
def test_what_is_not_there_is_said(key: Key, status: str) -> None:
    refusal = MODEL.read(key)
    assert isinstance(refusal, Refusal) and refusal.status == status


def test_what_the_backend_set_before_a_restart_stands() -> None:
    stored = [SettingStored(WEB, "ValidityTime", "90"), SettingStored("Gone", "Long", "ago")]
    model = for_station(site("ws://127.0.0.1/ocpp"), IDENTITY, DER, stored)
    assert model.read(Key(WEB, "ValidityTime")) == "90"


def test_every_first_value_fits_its_own_variable() -> None:
    for variable, value in MODEL.report(settable_only=False):
        if value:
            assert variable.objection(value) == "", variable.key
