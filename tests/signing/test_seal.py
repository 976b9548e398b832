"""OCMF seals: what we sealed holds, here and with a third party's tool; anything else does not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyocmf import OCMF

from firmware.signing.seal import Sealer, signature_holds
from tests.ledger.samples import KnownKey, Recorder

KEY = KnownKey()
SEALED = Recorder().texts("tx-1", minutes=2)

PAYLOADS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="|\r\n"), min_size=1)


@given(PAYLOADS)
def test_a_seal_holds_and_keeps_the_payload_byte_for_byte(payload: str) -> None:
    sealed = Sealer(KEY).seal(payload)
    assert sealed.split("|")[:2] == ["OCMF", payload]
    assert signature_holds(sealed, KEY.public_key_der)


def test_another_keys_seal_does_not_hold() -> None:
    assert not signature_holds(SEALED[0], KnownKey(2).public_key_der)


@given(st.integers(0, len(SEALED[1].encode()) - 1), st.integers(1, 255))
def test_no_single_byte_can_change_unseen(position: int, change: int) -> None:
    spoilt = bytearray(SEALED[1].encode())
    spoilt[position] ^= change
    assert not signature_holds(spoilt.decode(errors="surrogateescape"), KEY.public_key_der)


@pytest.mark.parametrize(
    "text",
    ["", "OCMF", "OCMF||", "OCMF|{}|{}", "OCMF|{}|null", 'OCMF|{}|{"SA":"ECDSA-secp256r1-SHA256","SD":"0"}'],
)
def test_what_is_no_sealed_text_does_not_hold(text: str) -> None:
    assert not signature_holds(text, KEY.public_key_der)


@pytest.mark.parametrize("payload", ["", "a|b", "two\nlines", "cr\r"])
def test_a_payload_that_would_break_the_format_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match="one line of text"):
        Sealer(KEY).seal(payload)


def test_junk_is_no_key() -> None:
    junk = random.Random(7)
    for length in (0, 1, 32, 91):
        with pytest.raises(ValueError, match="not a"):
            signature_holds(SEALED[0], junk.randbytes(length))


def test_pyocmf_verifies_every_record_and_the_pair() -> None:
    key = KEY.public_key_der.hex()
    records = [OCMF.from_string(text, strict=True) for text in SEALED]
    assert all(record.verify(key) for record in records)
    assert records[0].verify(key, other=records[-1])
    assert records[-1].verify(key)
