"""The one-time code in the QR code, as OCPP 2.1 block C25 defines it."""

import hashlib
import hmac
import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.web_payment import WebPayments, qr_url, totp, valid_until_utc_ms

SECRET = "secure!Charging!"
AT = 1_718_611_200_000
TEMPLATE = "https://pay.example/{chargingstationid}/{evse}?totp={totp}&v={version}"


def test_the_published_test_vector() -> None:
    assert totp(SECRET, 30, 12, AT) == "akF3c7qY2uiu"


def test_a_code_lives_as_long_as_its_validity_and_not_a_millisecond_longer() -> None:
    assert valid_until_utc_ms(AT, 30) == AT + 30_000
    assert valid_until_utc_ms(AT + 29_999, 30) == AT + 30_000
    assert totp(SECRET, 30, 12, AT + 29_999) == totp(SECRET, 30, 12, AT)
    assert totp(SECRET, 30, 12, AT + 30_000) != totp(SECRET, 30, 12, AT)


def test_another_secret_gives_another_code() -> None:
    assert totp("another", 30, 12, AT) != totp(SECRET, 30, 12, AT)


def test_the_url_names_station_evse_code_and_version() -> None:
    url = qr_url(TEMPLATE, "chu-003", 2, SECRET, 30, 12, AT)
    assert url == "https://pay.example/chu-003/2?totp=akF3c7qY2uiu&v=v1"


@pytest.mark.parametrize("name", ["{chargingStationId}", "{CHARGINGSTATIONID}", "{ChargingStationID}"])
def test_template_variables_are_case_insensitive(name: str) -> None:
    assert qr_url(f"https://x/{name}", "chu-003", 1, SECRET, 30, 12, AT) == "https://x/chu-003"


def test_a_station_id_with_reserved_characters_cannot_change_the_url() -> None:
    assert qr_url("https://x/{chargingstationid}?a", "楚/3?b&c", 1, SECRET, 30, 12, AT) == (
        "https://x/%E6%A5%9A%2F3%3Fb%26c?a"
    )


def test_an_unknown_variable_stays_visible() -> None:
    assert qr_url("https://x/{station}", "chu-003", 1, SECRET, 30, 12, AT) == "https://x/{station}"


def test_a_value_that_looks_like_a_variable_is_not_filled_again() -> None:
    assert unquote(qr_url("{chargingstationid}", "{totp}", 1, SECRET, 30, 12, AT)) == "{totp}"


def test_the_secret_is_not_in_the_repr() -> None:
    assert SECRET not in repr(WebPayments(True, TEMPLATE, 30, 12, SECRET))


@given(st.text(), st.integers(6, 3600), st.integers(6, 32), st.integers(0, 4_000_000_000_000))
def test_any_code_is_of_the_length_asked_for_and_safe_in_a_url(
    secret: str, validity_s: int, length: int, utc_ms: int
) -> None:
    code = totp(secret, validity_s, length, utc_ms)
    assert len(code) == length
    assert set(code) <= set(string.ascii_letters + string.digits)
    until = valid_until_utc_ms(utc_ms, validity_s)
    assert utc_ms < until <= utc_ms + validity_s * 1000
    assert totp(secret, validity_s, length, until - 1) == code


@given(st.integers(0, 4_000_000_000_000))
def test_the_last_nibble_of_the_digest_says_where_the_code_begins(utc_ms: int) -> None:
    message = (utc_ms // 30_000).to_bytes(8, "big")
    digest = hmac.digest(SECRET.encode(), message, hashlib.sha256)
    letters = string.digits + string.ascii_lowercase + string.ascii_uppercase
    begin = int(digest.hex()[-1], 16)
    assert totp(SECRET, 30, 32, utc_ms) == "".join(
        letters[byte % 62] for byte in (digest * 2)[begin : begin + 32]
    )
