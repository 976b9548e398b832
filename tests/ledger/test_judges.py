"""Real charges of the real core before judges not written here: every record, every begin/end pair."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from firmware.core import events as ev
from firmware.core.entries import KeyRotated, UsageRecorded
from firmware.core.units import Stamp, Trust
from tests.support.judges import objections, pyocmf_accepts, road_labs
from tests.support.streams import STREAMS, Book, Sealed
from tests.support.virtual import VirtualStation

TOKENS = (
    ("psp-1", "DirectPayment"), ("04A2B3C4D5E680", "ISO14443"), ("0A0B0C0D", "ISO14443"),
    ("04:A2", "ISO14443"),
    ("E007000012345678", "ISO15693"), ("DETNME12345678X", "eMAID"), ("DE-TNM-E12345678-X", "eMAID"),
    ("001A2B3C4D5E", "MacAddress"), ("00:1A:2B", "MacAddress"), ("1234", "KeyCode"), ("c-1", "Central"),
    ("button", "Local"), ("", "NoAuthorization"), ("WVWZZZ1JZXW000001", "VIN"), ("司机 🚗", "Central"),
)  # fmt: skip


class DoubtfulStation(VirtualStation):
    """A station whose clock is never synchronised."""

    trust: Trust = "unsynchronised"

    def stamp(self) -> Stamp:
        return replace(super().stamp(), trust=self.trust)


class InformedStation(DoubtfulStation):
    """A station whose clock is informative only."""

    trust: Trust = "informative"


def charge(station: VirtualStation) -> Sealed:
    book = Book()
    station.scan_and_pay(minutes=2).plug_in().run(minutes=3).unplug()
    return book.close(station)


def with_tokens() -> Sealed:
    """A charge by each kind of token, after another; the backend started them all."""
    station, book = VirtualStation(), Book()
    for number, (token, kind) in enumerate(TOKENS):
        station.feed(ev.StartRequested(station.stamp(), f"call-{number}", 1, number, token, kind))
        if kind == "DirectPayment":
            started = station.started
            station.feed(
                ev.TransactionAnswered(
                    station.stamp(), started.transaction_id, started.seq_no, limit=ev.Limit(time_ms=60_000)
                )
            )
        station.plug_in().run(seconds=20).stop_from_phone().unplug().run(minutes=2)
    return book.close(station)


ALL: dict[str, Callable[[], Sealed]] = {
    **STREAMS,
    "informative clock": cache(lambda: charge(InformedStation())),
    "unsynchronised clock": cache(lambda: charge(DoubtfulStation())),
    "all tokens": cache(with_tokens),
}
WARNINGS = {
    "informative clock": ["TIME_SYNC"],
    "unsynchronised clock": ["ERROR_FLAGS", "TIME_SYNC"],
}
"""What the law's checks note: the energy stays billable, the time does not."""


def keyed(sealed: Sealed) -> list[tuple[str, str]]:
    """Return each text with the key that was the station's when it was sealed."""
    keys, found = iter(sealed.keys), []
    key = next(keys).hex()
    for entry in sealed.entries:
        if isinstance(entry, UsageRecorded | KeyRotated):
            found.append((entry.ocmf, key))
        if isinstance(entry, KeyRotated):
            key = next(keys).hex()
    return found


def pairs(sealed: Sealed) -> list[tuple[str, str, str]]:
    """Return the begin and the end text of each transaction, with the key."""
    begun: dict[str, str] = {}
    texts = dict(keyed(sealed))
    found = []
    for entry in sealed.entries:
        if isinstance(entry, UsageRecorded) and entry.kind == "B":
            begun[entry.transaction_id] = entry.ocmf
        if isinstance(entry, UsageRecorded) and entry.kind == "E":
            found.append((begun[entry.transaction_id], entry.ocmf, texts[entry.ocmf]))
    return found


@pytest.mark.parametrize("stream", ALL)
def test_pyocmf_takes_every_record_strictly(stream: str) -> None:
    texts = keyed(ALL[stream]())
    assert texts
    assert [text for text, key in texts if not pyocmf_accepts(text, key)] == []


@pytest.mark.parametrize("stream", ALL)
def test_every_begin_and_end_pass_the_legal_checks(stream: str) -> None:
    found = pairs(ALL[stream]())
    assert found
    for begin, end, key in found:
        assert objections(begin, end, key) == WARNINGS.get(stream, [])


def test_every_kind_of_reading_was_among_them() -> None:
    kinds = {
        entry.kind
        for stream in STREAMS.values()
        for entry in stream().entries
        if isinstance(entry, UsageRecorded)
    }
    assert kinds == {"B", "C", "S", "T", "E"}


def test_road_labs_finds_every_signature_good() -> None:
    texts = [text for stream in ALL.values() for text in keyed(stream())]
    answers = road_labs(texts)
    assert len(answers) == len(texts)
    assert [answer for answer in answers if not answer["verified"]] == []


def changed(text: str, at: int) -> str:
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def test_each_judge_refuses_a_changed_byte_and_another_key() -> None:
    text, key = keyed(ALL["unsynchronised clock"]())[0]
    other_key = STREAMS["garage"]().keys[1].hex()
    spoilt = [changed(text, at) for at in range(5, text.rindex("|"), 41)]  # the payload, from end to end
    assert not any(pyocmf_accepts(each, key) for each in spoilt)
    assert not pyocmf_accepts(text, other_key)
    verdicts = road_labs([(text, key), (text, other_key), *((each, key) for each in spoilt)])
    assert [verdict["verified"] for verdict in verdicts] == [True] + [False] * (len(spoilt) + 1)


def test_an_end_is_no_begin_is_objected_to() -> None:
    begin, end, key = pairs(ALL["all tokens"]())[0]
    assert {"BEGIN_TX", "END_TX"} & set(objections(end, end, key))
    assert "BEGIN_TX" not in objections(begin, end, key)


def test_each_kind_of_token_reaches_its_records() -> None:
    begun = [json.loads(begin.split("|")[1]) for begin, _, _ in pairs(ALL["all tokens"]())]
    assert [(each["IT"], each["IS"]) for each in begun] == [
        (kind, kind != "NONE")
        for kind in (
            "CENTRAL", "ISO14443", "ISO14443", "UNDEFINED", "ISO15693", "EMAID", "UNDEFINED", "EVCCID",
            "UNDEFINED", "KEY_CODE", "CENTRAL", "LOCAL", "NONE", "UNDEFINED", "CENTRAL",
        )
    ]  # fmt: skip
