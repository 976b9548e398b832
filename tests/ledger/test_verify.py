"""What an auditor finds: any change, gap, repetition or swap, and records that contradict each other."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.ledger.verify import BadRecordError, Verdict, verify
from tests.ledger.samples import KnownKey, Recorder

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
        (5, {"TX": "C"}, "no end record after T5"),
    ],
)
def test_a_reading_that_contradicts_the_others_is_found(at: int, lie: dict[str, object], why: str) -> None:
    refused(sealed_wrong(at, reading=lie), why)


def test_a_register_that_runs_back_between_charges_is_found() -> None:
    recorder = Recorder()
    first = recorder.texts("tx-1")
    recorder.register -= 1
    refused(
        [text.encode() for text in first + recorder.texts("tx-2")], "record 6: T6: the register runs back"
    )
