"""Who charges, in OCMF's words."""

import pytest

from firmware.core.identification import identification


@pytest.mark.parametrize(
    ("token_type", "token", "kind", "level"),
    [
        ("DirectPayment", "psp-1", "CENTRAL", "TRUSTED"),
        ("Central", "c", "CENTRAL", "TRUSTED"),
        ("Local", "button", "LOCAL", "TRUSTED"),
        ("eMAID", "DETNME12345678X", "EMAID", "TRUSTED"),
        ("eMAID", "DE-TNM-E12345678-X", "UNDEFINED", "TRUSTED"),
        ("ISO14443", "04A2B3C4D5E680", "ISO14443", "HEARSAY"),
        ("ISO14443", "04A2B3C4", "ISO14443", "HEARSAY"),
        ("ISO14443", "04A2B3C4D5E68001020304", "UNDEFINED", "HEARSAY"),
        ("ISO14443", "04A2B3C4\n", "UNDEFINED", "HEARSAY"),
        ("ISO15693", "E007000012345678", "ISO15693", "HEARSAY"),
        ("MacAddress", "001A2B3C4D5E", "EVCCID", "HEARSAY"),
        ("MacAddress", "00:1A:2B:3C:4D:5E", "UNDEFINED", "HEARSAY"),
        ("VIN", "WVWZZZ1JZXW000001", "UNDEFINED", "HEARSAY"),
        ("of another OCPP", "x", "UNDEFINED", "HEARSAY"),
    ],
)
def test_a_token_has_its_type_level_and_data(token_type: str, token: str, kind: str, level: str) -> None:
    assert identification(token_type, token) == (True, level, ("OCPP_RS",), kind, token)


def test_nobody_is_assigned_where_nobody_was_asked() -> None:
    assert identification("NoAuthorization", "") == (False, "NONE", (), "NONE", "")


def test_a_key_code_stays_secret() -> None:
    assert identification("KeyCode", "1234") == (True, "TRUSTED", ("OCPP_RS",), "KEY_CODE", "")
