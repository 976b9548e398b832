"""Numbers as people read them."""

from zoneinfo import ZoneInfo

import pytest

from sim.page.words import kwh, local_time, milliseconds, money, stamp_ms


def test_money_has_its_sign_or_its_code() -> None:
    assert (money("3.4200", "CNY"), money("3.42", "CHF")) == ("¥3.4200", "3.42 CHF")


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (38.4, "38 ms"), (1240.0, "1.24 s")])
def test_a_wait(value: float | None, text: str) -> None:
    assert milliseconds(value) == text


def test_stamps_are_shown_in_the_chargers_hours() -> None:
    at = stamp_ms("2026-06-01T10:00:00.000+08:00")
    assert at == stamp_ms("2026-06-01T02:00:00") == stamp_ms("2026-06-01T02:00:00Z")
    assert f"{local_time(at, ZoneInfo('Asia/Shanghai')):%H:%M}" == "10:00"


def test_energy() -> None:
    assert (kwh(7200), kwh(None), kwh(7204, 2)) == ("7.200", "–", "7.20")
