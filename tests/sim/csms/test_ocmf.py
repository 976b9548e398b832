"""Reading records: what one must have, and that nothing in a text can do more than be refused."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from sim.csms.ocmf import PublicKey, UnreadableKeyError, UnreadableRecordError, read_record

from .station_script import Sealer

READING = {"TM": "2026-06-01T10:00:00,000+0800 S", "TX": "B", "RV": "1234.5678!", "ST": "G"}
COSTS = {"UB": "1234.5678!", "UC": "0.0000", "UU": "CNY", "UD": 0, "UW": 0}
FIELDS = {"UT": "t-1", "UI": "tariff", "UV": "v", **COSTS, "UM": 7}


def sealed() -> tuple[Sealer, str]:
    sealer = Sealer("chu-003")
    return sealer, sealer.seal(FIELDS, READING)


def test_a_record_reads_as_it_was_written() -> None:
    record = read_record(sealed()[1])
    assert (record.page, record.kind, record.clock, record.state) == (1, "B", "S", "G")
    assert record.register_dwh == record.begin_dwh == 12_345_678
    assert record.at.isoformat() == "2026-06-01T10:00:00+08:00"
    assert (record.connector, record.transaction, record.previous) == ("chu-003*1", "t-1", "")


def test_a_seal_holds_for_this_text_and_this_key_only() -> None:
    sealer, text = sealed()
    key = PublicKey.from_ocpp(sealer.public_key)
    assert key.hex == sealer.public_key_hex
    assert key.has_sealed(read_record(text))
    assert not key.has_sealed(read_record(text.replace("CNY", "EUR")))
    assert not PublicKey.from_ocpp(Sealer("other").public_key).has_sealed(read_record(text))


@pytest.mark.parametrize("key", ["", "no base64", "b2NhOmJhc2UxNjphc24xOnp6"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(UnreadableKeyError):
        PublicKey.from_ocpp(key)


def test_a_key_of_another_curve_is_refused() -> None:
    sealer = Sealer("chu-003", ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(UnreadableKeyError, match="secp256r1"):
        PublicKey.from_ocpp(sealer.public_key)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"UC"', '"UCX"', "UC is missing"),
        ('"PG":"T1"', '"PG":"F1"', "not of the transaction context"),
        ('"PG":"T1"', '"PG":1', "startswith"),
        ('"TX":"B"', '"TX":["B"]', "is no text"),
        ("1234.5678,", "Infinity,", "cannot convert Infinity"),
        ("1234.5678,", "NaN,", "more than 4 decimals"),
        ("2026-06-01T10", "soon", "does not match format"),
        ("ECDSA-secp256r1", "RSA-2048", "the seal's algorithm is RSA-2048-SHA256"),
        ("OCMF|", "OCMF|OCMF|", "it is not OCMF|payload|signature"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, named: str) -> None:
    text = sealed()[1]
    assert old in text
    with pytest.raises(UnreadableRecordError) as refused:
        read_record(text.replace(old, new, 1))
    assert named in str(refused.value)


junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(key=st.sampled_from(["PG", "CI", "UH", "RD", *FIELDS]), value=junk)
def test_a_bent_payload_is_read_or_refused(key: str, value: Any) -> None:
    _, payload, seal = sealed()[1].split("|")
    bent = json.dumps(json.loads(payload) | {key: value})
    try:
        read_record(f"OCMF|{bent}|{seal}")
    except UnreadableRecordError:
        return


@given(st.text(max_size=40) | junk.map(lambda value: f"OCMF|{json.dumps(value)}|{json.dumps(value)}"))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(UnreadableRecordError):
        read_record(text)
