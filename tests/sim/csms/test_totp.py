"""One-time codes: the published test vector, and which intervals count."""

import hmac
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.csms import totp

SECRET = "secure!Charging!"
AT = 1_718_611_200


def test_the_vector_of_the_specification() -> None:
    assert totp.code_at(SECRET, AT, validity_s=30, length=12) == "akF3c7qY2uiu"


@pytest.mark.parametrize(
    ("later_s", "good"),
    [
        (0, True),
        (29, True),
        (59, True),
        (60, False),
        (-1, True),
        (-30, True),
        (-31, False),
        (90, False),
        (600, False),
        (-90, False),
    ],
)
def test_the_neighbouring_intervals_count_too(later_s: int, good: bool) -> None:
    assert totp.is_current("akF3c7qY2uiu", SECRET, AT + later_s, validity_s=30, length=12) is good


@pytest.mark.parametrize("forged", ["", "akF3c7qY2uiv", "AKF3C7QY2UIU", "akF3c7qY2ui", "akF3c7qY2uiu0", "码"])
def test_a_forged_code_is_refused(forged: str) -> None:
    assert not totp.is_current(forged, SECRET, AT, validity_s=30, length=12)


def test_another_secret_gives_another_code() -> None:
    assert not totp.is_current("akF3c7qY2uiu", "another", AT, validity_s=30, length=12)


@given(st.integers(0, 2**40), st.integers(6, 32))
def test_each_character_is_that_of_its_byte(interval: int, length: int) -> None:
    digest = hmac.new(SECRET.encode(), interval.to_bytes(8, "big"), "sha256").digest()
    ring = (digest + digest)[digest[31] % 16 :]
    alphabet = string.digits + string.ascii_lowercase + string.ascii_uppercase
    expected = "".join(alphabet[byte % 62] for byte in ring[:length])
    assert totp.code_at(SECRET, interval * 30, validity_s=30, length=length) == expected
