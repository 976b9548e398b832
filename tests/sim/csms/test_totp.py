"""One-time codes: the published test vector, and which intervals count."""

import pytest

from sim.csms import totp

SECRET = "secure!Charging!"
AT = 1_718_611_200


def test_the_vector_of_the_specification() -> None:
    assert totp.code_at(SECRET, AT, validity_s=30, length=12) == "akF3c7qY2uiu"


@pytest.mark.parametrize(
    ("later_s", "good"),
    [(0, True), (29, True), (59, True), (60, False), (-1, True), (-30, True), (-31, False)],
)
def test_the_neighbouring_intervals_count_too(later_s: int, good: bool) -> None:
    assert totp.is_current("akF3c7qY2uiu", SECRET, AT + later_s, validity_s=30, length=12) is good


@pytest.mark.parametrize("forged", ["", "akF3c7qY2uiv", "AKF3C7QY2UIU", "akF3c7qY2ui", "akF3c7qY2uiu0", "码"])
def test_a_forged_code_is_refused(forged: str) -> None:
    assert not totp.is_current(forged, SECRET, AT, validity_s=30, length=12)


def test_another_secret_gives_another_code() -> None:
    assert not totp.is_current("akF3c7qY2uiu", "another", AT, validity_s=30, length=12)
