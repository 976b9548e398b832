"""The OCMF payload: exact text, numbers without floats, a chain that breaks when anything changes."""

import json
from decimal import Decimal

import pytest

from firmware.core.units import Stamp
from firmware.core.usage_record import Chain, Content, kilowatt_hours, payload, time_text
from tests.support.virtual import flat_tariff, settings

AT = Stamp(5000, 1_780_277_400_123, "synchronised", 480)


def content(**changes: object) -> Content:
    values = {
        "kind": "C",
        "at": AT,
        "evse": 1,
        "transaction_id": "tx",
        "id_token": "psp-1",
        "token_type": "DirectPayment",
        "import_dwh": 163_840_001,
        "begin_dwh": 163_839_000,
        "charging_ms": 60_000,
        "idle_ms": 0,
        "cost_e4": 1001,
    }
    return Content(**(values | changes))  # type: ignore[arg-type]


def text_of(**changes: object) -> str:
    station = settings()
    return payload(Chain(41, "ab" * 32), station, station.evses[0].meter, flat_tariff(), content(**changes))


def test_registers_keep_all_their_digits() -> None:
    fields = json.loads(text_of(), parse_float=Decimal)
    assert fields["RD"][0]["RV"] == Decimal("16384.0001")
    assert '"RV":16384.0001,' in text_of()
    assert fields["UB"] == Decimal("16383.9000")


def test_the_record_carries_its_number_and_the_hash_of_the_one_before() -> None:
    fields = json.loads(text_of())
    assert (fields["PG"], fields["UH"], fields["UC"]) == ("T42", "ab" * 32, "0.1001")


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        (AT, "2026-06-01T09:30:00,123+0800 S"),
        (Stamp(0, 0, "unsynchronised", 0), "1970-01-01T00:00:00,000+0000 U"),
        (Stamp(0, 1_780_277_400_999, "informative", -210), "2026-05-31T22:00:00,999-0330 I"),
    ],
)
def test_times_say_their_offset_and_how_far_the_clock_is_trusted(stamp: Stamp, text: str) -> None:
    assert time_text(stamp) == text


def test_nothing_in_a_record_can_look_like_its_separator() -> None:
    text = text_of(id_token="a|b", transaction_id="c|d")
    assert "|" not in text
    assert json.loads(text)["ID"] == "a|b"


@pytest.mark.parametrize(("dwh", "text"), [(0, "0.0000"), (1, "0.0001"), (12_345_678, "1234.5678")])
def test_kilowatt_hours_are_written_from_integers(dwh: int, text: str) -> None:
    assert kilowatt_hours(dwh) == text
