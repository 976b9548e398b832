"""The OCMF payload: exact text, numbers without floats, a chain that breaks when anything changes."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyocmf import OCMF

from firmware.core.settings import MeterIdentity
from firmware.core.units import Stamp
from firmware.core.usage_record import Chain, Content, kilowatt_hours, payload, time_text
from firmware.signing.seal import Sealer
from tests.ledger.samples import KnownKey
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


@pytest.mark.parametrize(
    ("trust", "status", "error"),
    [("synchronised", "S", ""), ("informative", "I", ""), ("unsynchronised", "U", "t")],
)
def test_time_by_an_unsynchronised_clock_is_flagged(trust: str, status: str, error: str) -> None:
    (reading,) = json.loads(text_of(at=replace(AT, trust=trust)))["RD"]
    assert (reading["TM"][-1], reading["EF"], reading["ST"]) == (status, error, "G")


def test_the_driver_is_named_by_the_kind_of_token() -> None:
    fields = json.loads(text_of(id_token="04A2B3C4", token_type="ISO14443"))
    assert {name: fields[name] for name in ("IS", "IL", "IF", "IT", "ID")} == {
        "IS": True, "IL": "HEARSAY", "IF": ["OCPP_RS"], "IT": "ISO14443", "ID": "04A2B3C4",
    }  # fmt: skip


def test_the_tariff_is_one_that_a_driver_can_read() -> None:
    fields = json.loads(text_of())
    assert (fields["TT"], fields["UI"]) == ("flat: energy 1 CNY/kWh", "flat")


def test_a_record_is_the_same_bytes_in_every_encoding() -> None:
    text = text_of(id_token="司机 🚗")
    assert text.isascii()
    assert json.loads(text)["ID"] == "司机 🚗"


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert json.loads(text_of(id_token="a\ud800b"))["ID"] == "a\ufffdb"


NASTY = st.text(st.characters() | st.sampled_from('|\n\r\u2028\u0085\x00"\\\ud800\u202e<&]>🚗'), max_size=60)
KEY = KnownKey()
SEAL = Sealer(KEY).seal


@given(
    token=NASTY,
    token_type=st.sampled_from(["DirectPayment", "ISO14443", "eMAID", "KeyCode", "NoAuthorization", "VIN"])
    | NASTY,
    transaction_id=NASTY,
    tariff_id=NASTY,
    station_id=NASTY,
    names=st.tuples(NASTY, NASTY, NASTY),
    flag=NASTY,
)
@example("+8613800000000", "Central", "t", "t", "s", ("", "", ""), "f")
def test_any_text_in_any_field_is_one_line_that_judges_take(
    token: str,
    token_type: str,
    transaction_id: str,
    tariff_id: str,
    station_id: str,
    names: tuple[str, str, str],
    flag: str,
) -> None:
    station = replace(settings(), station_id=station_id, vendor=names[0], model=names[1])
    said = content(id_token=token, token_type=token_type, transaction_id=transaction_id, flags=(flag,))
    tariff = replace(flat_tariff(), tariff_id=tariff_id)
    text = SEAL(payload(Chain(41, "ab" * 32), station, MeterIdentity(*names, 1), tariff, said))
    assert text.splitlines() == [text]
    assert text.count("|") == 2
    record = OCMF.from_string(text, strict=True)
    assert record.verify_signature(KEY.public_key_der.hex())
    assert record.payload.model_extra is not None
    assert record.payload.model_extra["UT"] == transaction_id.replace("\ud800", "\ufffd")
    assert Decimal("16384.0001") == record.payload.RD[0].RV


@given(
    import_dwh=st.integers(0, 10**12),
    cost_e4=st.integers(0, 10**12),
    times=st.tuples(st.integers(0, 10**10), st.integers(0, 10**10)),
    at=st.builds(
        Stamp,
        st.integers(0, 10**12),
        st.integers(0, 4_102_444_800_000),
        st.sampled_from(["synchronised", "informative", "unsynchronised"]),
        st.integers(-720, 840),
    ),
)
def test_any_number_keeps_all_its_digits(
    import_dwh: int, cost_e4: int, times: tuple[int, int], at: Stamp
) -> None:
    text = text_of(import_dwh=import_dwh, cost_e4=cost_e4, charging_ms=times[0], idle_ms=times[1], at=at)
    record = OCMF.from_string(SEAL(text), strict=True)
    (reading,) = record.payload.RD
    assert reading.RV is not None
    assert import_dwh == reading.RV * 10_000
    assert round(reading.timestamp.timestamp() * 1000) == at.utc_ms
    extra = record.payload.model_extra or {}
    assert (Decimal(extra["UC"]) * 10_000, extra["UD"], extra["UW"]) == (cost_e4, *times)
