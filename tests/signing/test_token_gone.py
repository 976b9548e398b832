"""A token that goes away while the station charges: it is awaited for a bounded time, and taken up again."""

import signal
import time
from pathlib import Path

import pytest

from firmware.runtime.agent import StorageError
from firmware.signing.keys import KeyStore
from firmware.signing.seal import Sealer, signature_holds
from firmware.signing.stores import open_key, place_of
from firmware.wiring import sealing
from tests.signing import tokens

LONGEST_S = 4.0  # what a seal may keep the agent waiting; the interlock's lease is 15 s


@pytest.fixture
def key(tpm: tokens.Tpm, label: str, tmp_path: Path) -> KeyStore:
    uri = tokens.uri(tpm, label)
    place_of(uri, tmp_path).create()
    return open_key(uri, tmp_path)


def refused_after_s(key: KeyStore) -> float:
    """Return how long a seal took to be given up, by the error that the agent makes safe for."""
    begun = time.monotonic()
    with pytest.raises(StorageError, match=r"token .*(fails: |no answer for 3 s)"):
        sealing(Sealer(key))("{}")
    return time.monotonic() - begun


def holds(key: KeyStore) -> bool:
    return signature_holds(Sealer(key).seal('{"PG":"T1"}'), key.public_key_der)


def test_pulled_out_and_plugged_in_again(tpm: tokens.Tpm, key: KeyStore) -> None:
    tpm.pull_out()
    try:
        assert refused_after_s(key) < LONGEST_S
    finally:
        tpm.plug_in()
    assert holds(key)


def test_away_for_a_moment_costs_no_record(tpm: tokens.Tpm, key: KeyStore) -> None:
    tpm.pull_out()
    tpm.plug_in()
    assert holds(key)


def test_one_that_hangs_does_not_hang_the_agent(tpm: tokens.Tpm, key: KeyStore) -> None:
    assert tpm.process is not None
    tpm.process.send_signal(signal.SIGSTOP)
    try:
        assert refused_after_s(key) < LONGEST_S
    finally:
        tpm.process.send_signal(signal.SIGCONT)
    assert holds(key)
