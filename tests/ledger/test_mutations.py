"""No change to a stream of real records goes unseen; what a lying station says both verifiers see alike."""

import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.samples import KnownKey
from tests.support.mutations import Tampered, lie, tamper
from tests.support.streams import STREAMS, TARIFFS, Sealed
from tests.support.verifiers import Ledger, OneFile

VERIFIERS = {"wattseal ledger verify": Ledger, "the one-file verifier": OneFile}
KEYS = [KnownKey(number) for number in range(1, 9)]


@cache
def checkpoints(verifier: str, stream: str, *, priced: bool = False) -> Ledger | OneFile:
    return VERIFIERS[verifier](STREAMS[stream](), TARIFFS if priced else ())


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_whatever_is_done_to_a_stream_without_the_key_is_found(verifier: str, stream: str) -> None:
    true, chance = STREAMS[stream](), random.Random(f"{verifier} {stream}")
    for _ in range(1_000):
        tampered = tamper(true.texts, chance)
        found = checkpoints(verifier, stream).found(tampered)
        assert found is not None, f"{tampered.what} at {tampered.first}"


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(sorted(VERIFIERS)), st.sampled_from(sorted(STREAMS)))
def test_any_changed_byte_of_any_record_is_found_at_that_record(
    data: st.DataObject, verifier: str, stream: str
) -> None:
    texts = STREAMS[stream]().texts
    which = data.draw(st.integers(0, len(texts) - 1))
    spoilt = bytearray(texts[which])
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= data.draw(st.integers(1, 255))
    found = checkpoints(verifier, stream).found(Tampered("byte", which, [bytes(spoilt), *texts[which + 1 :]]))
    assert found is not None
    assert found.at == which


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_each_removed_record_but_the_last_is_found(verifier: str) -> None:
    for stream in STREAMS:
        texts = STREAMS[stream]().texts
        for which in range(len(texts) - 1):
            tampered = Tampered("removed", which, list(texts[which + 1 :]))
            assert checkpoints(verifier, stream).found(tampered), f"{stream}: record {which + 1}"


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_a_stream_cut_off_between_two_charges_cannot_be_told_from_a_shorter_one(verifier: str) -> None:
    texts = STREAMS["one EVSE"]().texts
    ends = [index for index, text in enumerate(texts, start=1) if b'"TX":"E"' in text]
    for end in ends[:-1]:
        held = VERIFIERS[verifier](Sealed((), texts[:end], STREAMS["one EVSE"]().keys))
        assert held.found(Tampered("nothing", end, [])) is None


@pytest.mark.parametrize("stream", STREAMS)
def test_both_verifiers_say_the_same_of_a_station_that_lies(stream: str) -> None:
    true, chance = STREAMS[stream](), random.Random(stream)
    ledger, one_file = (checkpoints(name, stream, priced=True) for name in VERIFIERS)
    refused = 0
    for _ in range(400):
        lied = lie(true.texts, KEYS, chance)
        ours, theirs = ledger.found(lied), one_file.found(lied)
        assert (ours and ours.at) == (theirs and theirs.at), f"{lied.what} at {lied.first}: {ours}, {theirs}"
        refused += ours is not None
    assert refused > 100


@pytest.mark.parametrize("stream", STREAMS)
def test_streams_of_the_core_hold_with_their_prices(stream: str) -> None:
    true = STREAMS[stream]()
    for name in VERIFIERS:
        assert checkpoints(name, stream, priced=True).found(Tampered("nothing", len(true.texts), [])) is None
