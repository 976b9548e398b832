"""What an auditor finds: any change, gap, repetition or swap, and records that contradict each other."""

import json
import random
from collections.abc import Callable, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from firmware.ledger.verify import BadRecordError, Verdict, verify
from tests.ledger.samples import KnownKey, Recorder, rotated
from tests.support.streams import STREAMS

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, section 2.4.2
KEY = KnownKey().public_key_der


def two_charges() -> list[bytes]:
    recorder = Recorder()
    return [text.encode() for name in ("tx-1", "tx-2") for text in recorder.texts(name)]


GOOD = two_charges()


def refused(texts: Sequence[bytes], why: str, key: bytes = KEY) -> None:
    with pytest.raises(BadRecordError, match=why):
        verify(texts, key)


def test_untouched_records_hold() -> None:
    assert str(verify(GOOD, KEY)) == "10 records, 2 transactions, all seals and the chain hold"


def test_charges_of_two_evses_at_once_hold() -> None:
    recorder = Recorder()
    one, two = (recorder.charge(name, evse=evse) for name, evse in (("tx-1", 1), ("tx-2", 2)))
    texts = [
        entry.ocmf.encode() for pair in zip(one, two, strict=True) for entry in pair if hasattr(entry, "ocmf")
    ]
    assert verify(texts, KEY) == Verdict(10, 2)


def test_a_stream_that_begins_later_holds_and_says_what_could_not_be_checked() -> None:
    verdict = verify(GOOD[5:], KEY)
    assert verdict.notes == ("begins at T6: what came before it is not here to check",)


def test_a_running_transaction_holds_if_the_ledger_says_that_it_runs() -> None:
    refused(GOOD[:8], "record 8: transaction tx-2 has no end record after T8")
    assert verify(GOOD[:8], KEY, frozenset({"tx-2"})).notes == ("transaction tx-2 is still open",)


@given(st.data())
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(GOOD) - 1))
    spoilt = bytearray(GOOD[which])
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= data.draw(st.integers(1, 255))
    refused([*GOOD[:which], bytes(spoilt), *GOOD[which + 1 :]], f"^record {which + 1}: ")


@pytest.mark.parametrize("which", range(len(GOOD)))
def test_any_removed_record_is_found(which: int) -> None:
    refused(GOOD[:which] + GOOD[which + 1 :], "record is missing|no begin record|no end record")


@given(st.integers(0, len(GOOD) - 1), st.integers(0, len(GOOD)))
def test_any_repeated_record_is_found(which: int, where: int) -> None:
    refused([*GOOD[:where], GOOD[which], *GOOD[where:]], "there twice, or out of order|no begin record")


@given(st.lists(st.integers(0, len(GOOD) - 1), min_size=2, max_size=2, unique=True))
def test_any_two_swapped_records_are_found(pair: list[int]) -> None:
    texts = list(GOOD)
    texts[pair[0]], texts[pair[1]] = texts[pair[1]], texts[pair[0]]
    refused(texts, "out of order|no begin record")


def test_any_shuffle_is_found() -> None:
    chance = random.Random(3)
    for _ in range(20):
        texts = chance.sample(GOOD, len(GOOD))
        if texts != GOOD:
            refused(texts, "^record ")


def test_another_stations_key_is_found_out() -> None:
    refused(
        GOOD,
        "record 1: its seal does not hold: it was changed, or another key sealed it",
        KnownKey(2).public_key_der,
    )


def test_junk_between_records_is_found() -> None:
    refused([GOOD[0], b"", *GOOD[1:]], "record 2: it is no OCMF text")
    refused([GOOD[0], b"\xff\xfe", *GOOD[1:]], "record 2: byte 1 of it is not UTF-8")
    refused([GOOD[0] + b"\r"], "record 1: its seal")


def sealed_wrong(at: int, *, reading: dict[str, object] | None = None, **lie: object) -> list[bytes]:
    """Return a charge by a station that owns the key and lies in its record ``at`` (from 1)."""
    recorder = Recorder()
    texts = []
    for entry in recorder.charge("tx-1"):
        if hasattr(entry, "ocmf"):
            texts.append(entry.ocmf.encode())
        recorder.lie = lie if len(texts) == at - 1 else {}
        recorder.lie_in_reading = reading or {} if len(texts) == at - 1 else {}
    return texts


@pytest.mark.parametrize(
    ("at", "lie", "why"),
    [
        (3, {"GS": "chu-004"}, 'T3: of station "chu-004", not "chu-003"'),
        (3, {"PG": "T5"}, "T5: follows T2; a record is missing"),
        (3, {"UH": "00" * 32}, r"T3: its hash \(UH\) is not that of T2"),
        (1, {"PG": "T7"}, "only the station's first record has no predecessor"),
        (3, {"UC": "0.1000"}, r"the cost \(UC\) falls from 0\.1380 to 0\.1000"),
        (3, {"UD": 59_999}, r"the charging time \(UD\) falls from 60000 to 59999"),
        (4, {"UB": "#1.0000#"}, r"the begin register \(UB\) changed"),
        (1, {"UB": "#1.0000#"}, r"the begin register \(UB\) is not the reading"),
        (4, {"MS": "other"}, r"the meter \(MV, MM, MS\) changed"),
        (4, {"UU": "EUR"}, r"the currency \(UU\) changed"),
        (2, {"UT": "tx-9"}, "transaction tx-9 has no begin record before it"),
        (2, {"FV": "1.4"}, 'FV is "1.4", not "1.3"'),
        (2, {"UC": "0.1"}, r"UC is not like"),
        (2, {"UC": 1}, "UC is not text"),
        (2, {"UD": -1}, "UD is not a whole number from 0 up"),
        (2, {"UD": True}, "UD is not a whole number from 0 up"),
        (2, {"RD": []}, "RD is not a list of one reading"),
        (2, {"PG": "X2"}, "PG is not like"),
        (3, {"CI": "chu-004*1"}, r'EVSE "chu-004\*1" \(CI\) is not of "chu-003"'),
        (3, {"ID": "psp-2"}, r"the driver \(ID\) changed within the transaction"),
        (3, {"UV": "fedcba9876543210"}, r"the tariff \(UI, UV\) changed within the transaction"),
        (3, {"UM": 59_999}, r"the station's clock \(UM\) runs back from 60000 to 59999 ms"),
        (3, {"UD": 180_001}, r"180001 ms are counted \(UD, UW\), 120000 ms have passed \(UM\)"),
        (1, {"UC": "0.0001"}, r"begins with cost \(UC\) or time \(UD, UW\) already counted"),
        (5, {"UC": "0.4141"}, r"the cost \(UC\) rises without energy or time"),
        (3, {"UF": ["gap", "gap"]}, "UF is not a list in which each name stands once"),
        (1, {"UF": ["gap"]}, r"the flag gap \(UF\) does not belong on a reading B"),
        (3, {"UF": ["last-believed"]}, r"the flag last-believed \(UF\) does not belong on a reading C"),
        (3, {"UF": "gap"}, "UF is not a list of names"),
        (3, {"UR": "0,1"}, "UR is not like"),
        (3, {"UH": "xyz"}, "UH is not like"),
        (3, {"UT": ""}, "UT is not a text with something in it"),
        (3, {"UD": 120000.0}, "UD is not a whole number from 0 up"),
        (3, {"UB": 12345}, "UB is not a number with four decimals"),
        (3, {"UB": "#12345.67890#"}, "UB is not a number with four decimals"),
        (3, {"UB": "#1.23456789E4#"}, "UB is not a number with four decimals"),
    ],
)  # fmt: skip
def test_a_station_that_contradicts_itself_is_found(at: int, lie: dict[str, object], why: str) -> None:
    refused(sealed_wrong(at, **lie), f"record {at}: .*{why}")


@pytest.mark.parametrize(
    ("at", "lie", "why"),
    [
        (3, {"RV": "#12345.6788#"}, r"T3: the register runs back from 12345\.7989 to 12345\.6788 kWh"),
        (2, {"RV": "12345.8019"}, "RV is not a number with four decimals"),
        (2, {"TX": "B"}, "transaction tx-1 begins twice"),
        (2, {"TX": "E"}, "record 3: T3: transaction tx-1 had ended"),
        (2, {"TX": "Z"}, "TX is not one of"),
        (3, {"ST": "M"}, "ST is not one of G"),
        (3, {"EF": "E"}, "EF is not"),
        (3, {"EF": "t"}, r'EF is not "t" just where the clock \(TM\) is unsynchronised'),
        (3, {"TM": "2026-06-01T10:02:00,000+0800 U"}, 'EF is not "t" just where'),
        (3, {"RU": "Wh"}, "RU is not one of kWh"),
        (3, {"TM": "2026-06-01T10:00:59,999+0800 S"}, r"T3: stamped before T2, both by a synchronised clock"),
        (3, {"TM": "2026-06-31T10:00:59,999+0800 S"}, "TM is not a day that there is"),
        (3, {"TM": "2026-06-01 10:00:59"}, "TM is not a time like"),
        (5, {"TX": "C"}, "no end record after T5"),
    ],
)
def test_a_reading_that_contradicts_the_others_is_found(at: int, lie: dict[str, object], why: str) -> None:
    refused(sealed_wrong(at, reading=lie), why)


def test_an_unsynchronised_clock_may_be_set_back() -> None:
    early = {"TM": "2026-06-01T09:00:00,000+0800 U", "EF": "t"}
    assert verify(sealed_wrong(3, reading=early), KEY) == Verdict(5, 1)


@pytest.mark.parametrize("flag", ["exchanged", "rolled-over", "by-engineer"])
def test_a_register_that_began_anew_between_charges_is_said_in_its_begin_record(flag: str) -> None:
    recorder = Recorder()
    texts = [text.encode() for text in recorder.texts("tx-1")]
    recorder.register, recorder.lie = 17, {"UF": [flag]}
    for entry in recorder.charge("tx-2"):
        if hasattr(entry, "ocmf"):
            texts.append(entry.ocmf.encode())
            recorder.lie = {}
    assert verify(texts, KEY) == Verdict(10, 2)


def test_an_end_without_a_meter_may_count_time_beyond_its_reading() -> None:
    assert verify(sealed_wrong(5, UD=250_000, UF=["last-believed"]), KEY) == Verdict(5, 1)
    refused(sealed_wrong(5, UD=250_000), "record 5: T5: 250000 ms are counted")


def test_an_evse_has_one_transaction_at_a_time() -> None:
    recorder = Recorder()
    texts = [*recorder.texts("tx-1")[:3], *recorder.texts("tx-2")]
    refused([text.encode() for text in texts], "record 4: T6: follows T3")
    recorder = Recorder()
    one, two = recorder.charge("tx-1"), recorder.charge("tx-2")
    entries = [next(entry for entry in one if hasattr(entry, "ocmf")), *two]
    texts = [entry.ocmf.encode() for entry in entries if hasattr(entry, "ocmf")]
    refused(texts, "record 2: T2: transaction tx-1 has no end record")


def test_an_id_begins_once() -> None:
    recorder = Recorder()
    texts = [*recorder.texts("tx-1"), *recorder.texts("tx-2"), *recorder.texts("tx-1")]
    refused([text.encode() for text in texts], "record 11: T11: transaction tx-1 had ended")
    recorder = Recorder()
    one, two = recorder.charge("tx-1"), recorder.charge("tx-1", evse=2)
    first = next(entry for entry in one if hasattr(entry, "ocmf"))
    texts = [entry.ocmf.encode() for entry in [first, *two] if hasattr(entry, "ocmf")]
    refused(texts, r"record 2: T2: transaction tx-1 runs at chu-003\*1")


def test_the_station_of_a_key_is_the_station_of_the_records() -> None:
    assert verify(GOOD, KEY, station="chu-003").records == 10
    with pytest.raises(BadRecordError, match='record 1: T1: of station "chu-003", not "chu-004"'):
        verify(GOOD, KEY, station="chu-004")


def test_a_stream_may_be_sealed_by_any_key_that_the_station_has_had() -> None:
    sealed = STREAMS["garage"]()
    rotation = next(index for index, text in enumerate(sealed.texts) if b'"UK":' in text)
    verdict = verify(sealed.texts, sealed.keys)
    assert (verdict.rotations, verdict.key_der) == (3, sealed.keys[-1])
    later = verify(sealed.texts[rotation + 1 :], sealed.keys)
    assert (later.rotations, later.key_der) == (2, sealed.keys[-1])
    refused(sealed.texts[: rotation + 2], "its seal does not hold", sealed.keys[1])


def test_after_a_rotation_the_new_key_seals() -> None:
    verdict = verify(rotated(), KEY)
    assert str(verdict) == "11 records, 2 transactions, 1 new key, all seals and the chain hold"
    assert verdict.key_der == KnownKey(2).public_key_der


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (rotated(proof_of=KnownKey(3)), r"F1: the new key \(UK\) has not signed it \(UN\)"),
        (rotated(KnownKey(1)), r"F1: the new key \(UK\) is the old one"),
        (rotated(UK="00ff"), r"F1: the new key \(UK\) is no ECDSA P-256 key"),
        (rotated(PG="F2"), "F2: there is no F1 before it; a record is missing"),
        (rotated(UH="00" * 32), r"F1: its hash \(UH\) is not that of T5 here"),
        (rotated(UT="tx-1"), "a record of a new key has no reading"),
        (rotated(GS="chu-004"), 'F1: of station "chu-004"'),
        (rotated(UA="noon"), "UA is not a time like"),
    ],
)
def test_a_rotation_that_is_not_one_is_found(texts: list[bytes], why: str) -> None:
    refused(texts, f"record 6: {why}")


def test_a_second_signature_of_the_same_payload_changes_nothing_that_a_record_says() -> None:
    """ECDSA: whoever sees (r, s) can write (r, n - s). The chain is of payloads; no reading can differ."""
    before, payload, seal = GOOD[3].decode().split("|")
    r, s = decode_dss_signature(bytes.fromhex(json.loads(seal)["SD"]))
    other = encode_dss_signature(r, P256_ORDER - s).hex()
    twin = f'{before}|{payload}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{other}"}}'.encode()
    assert twin != GOOD[3]
    assert verify([*GOOD[:3], twin, *GOOD[4:]], KEY) == verify(GOOD, KEY)


@pytest.mark.parametrize("spell", [lambda der: der + "00", lambda der: der.upper(), lambda der: longer(der)])
def test_a_signature_has_one_spelling(spell: Callable[[str], str]) -> None:
    before, payload, seal = GOOD[3].decode().split("|")
    der = json.loads(seal)["SD"]
    respelt = seal.replace(der, spell(der))
    refused([*GOOD[:3], f"{before}|{payload}|{respelt}".encode(), *GOOD[4:]], "record 4: its seal")


def longer(der: str) -> str:
    """Spell the sequence's length in the long form, which DER forbids and BER allows."""
    return der[:2] + "81" + der[2:]


def test_a_register_that_runs_back_between_charges_is_found() -> None:
    recorder = Recorder()
    first = recorder.texts("tx-1")
    recorder.register -= 1
    refused(
        [text.encode() for text in first + recorder.texts("tx-2")], "record 6: T6: the register runs back"
    )
