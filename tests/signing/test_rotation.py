"""A key is replaced by a record that both keys sign; a power cut at any step leaves a usable station."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyocmf import OCMF

from firmware.core.entries import KeyRotated
from firmware.core.key_rotation import StationName, rotation_payload
from firmware.core.usage_record import Chain
from firmware.ledger.store import Ledger
from firmware.signing.file_keys import FileKeys
from firmware.signing.keys import SigningKeyError
from firmware.signing.public_keys import PublicKeys
from firmware.signing.rotation import rotate
from firmware.signing.stores import place_of
from tests.ledger.samples import stamp
from tests.signing.dying import NAME, killed_at
from tests.signing.stations import Station, follow

STEPS = 8


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def rotated(station: Station) -> KeyRotated:
    """Rotate as `wattseal key rotate` does."""
    ledger = Ledger.open(station.state_dir / "ledger.db")
    try:
        place = place_of(station.uri, station.state_dir)
        return rotate(place, PublicKeys(station.state_dir), ledger, NAME, stamp(9))
    finally:
        ledger.close()


def test_the_chain_goes_on_under_the_new_key(tmp_path: Path, key_uri: str) -> None:
    """In each kind of store in turn."""
    station = Station(tmp_path, key_uri)
    place_of(key_uri, station.state_dir).create()
    first = station.key().public_key_der
    station.charge("tx-1")
    for _ in range(2):
        rotated(station)
    station.charge("tx-2")
    keys = follow(station.texts(), first)
    assert [json.loads(text.split("|")[1])["PG"] for text in station.texts()] == [
        "T1", "T2", "T3", "T4", "F1", "F2", "T5", "T6", "T7", "T8",
    ]  # fmt: skip
    assert len({key.hex() for key in keys}) == 3
    assert station.key().public_key_der == keys[-1]
    here = place_of(station.uri, station.state_dir).all_keys()
    assert [key.public_key_der for key in here] == [keys[-1]], "an old private key is still there"
    assert (station.state_dir / "public_key.hex").read_text().split() == [keys[-1].hex()]
    assert (station.state_dir / "public_keys.hex").read_text().split() == [key.hex() for key in keys]


def test_a_first_rotation_before_any_record(station: Station) -> None:
    first = station.key().public_key_der
    rotated(station)
    station.charge("tx-1")
    assert len(follow(station.texts(), first)) == 2


def test_not_while_a_transaction_runs(station: Station) -> None:
    before = station.key().public_key_der
    station.charge("tx-1", ended=False)
    with pytest.raises(
        SigningKeyError, match=r"transaction tx-1 has not ended.*start the station, let it end"
    ):
        rotated(station)
    assert station.key().public_key_der == before


def test_killed_at_any_step_the_station_has_one_key_and_an_unbroken_chain(tmp_path: Path) -> None:
    moment, killed, outcomes = 0, True, set()
    while killed:
        moment += 1
        station = Station(tmp_path / str(moment))
        first = station.key().public_key_der
        station.charge("tx-1")
        killed = killed_at(moment, station.state_dir)
        station.charge("tx-2")  # as the agent opens it
        keys = follow(station.texts(), first)
        assert station.key().public_key_der == keys[-1]
        assert [file.name for file in station.state_dir.glob("station.key")] == ["station.key"]
        rotated(station)  # and the engineer's second attempt
        station.charge("tx-3")
        assert len(follow(station.texts(), first)) == len(keys) + 1
        assert not list(station.state_dir.glob("*.next")), "a private key was left"
        outcomes.add(len(keys))
    assert moment > STEPS
    assert outcomes == {1, 2}, "not killed both before and after the record"


def test_an_old_key_that_cannot_be_destroyed_is_told_and_tried_again(station: Station) -> None:
    old = station.key().public_key_der
    place = FileKeys(station.state_dir / "station.key")

    class Stubborn(FileKeys):
        def retire(self, replaced: bytes, by: bytes) -> None:
            raise SigningKeyError("token fails: DeviceError")

    ledger = Ledger.open(station.state_dir / "ledger.db")
    with pytest.raises(SigningKeyError, match=r"was replaced \(record F1\), .* still there: token fails"):
        rotate(
            Stubborn(station.state_dir / "station.key"), PublicKeys(station.state_dir), ledger, NAME, stamp(9)
        )
    ledger.close()
    assert old in [key.public_key_der for key in place.all_keys()]
    in_use = station.key().public_key_der
    assert [key.public_key_der for key in place.all_keys()] == [in_use]


def test_an_old_copy_of_the_key_is_refused_after_a_rotation(station: Station) -> None:
    station.key()
    names = ("station.key", "public_key.hex")
    old = {name: (station.state_dir / name).read_bytes() for name in names}
    rotated(station)
    for name, content in old.items():
        (station.state_dir / name).write_bytes(content)
    with pytest.raises(SigningKeyError, match="the ledger says that this key was replaced"):
        station.key()


def test_pyocmf_reads_and_verifies_the_record(station: Station) -> None:
    first = station.key().public_key_der
    rotation = rotated(station)
    record = OCMF.from_string(rotation.ocmf, strict=True)
    assert record.verify_signature(first.hex())
    assert (record.payload.PG, record.payload.RD) == ("F1", [])


@given(st.text(), st.text(), st.sampled_from(["", "30ab"]))
def test_the_proof_is_found_again_whatever_the_station_is_called(name: str, model: str, proof: str) -> None:
    text = rotation_payload(Chain(), StationName(model, name, "1"), stamp(0), "3059", proof)
    assert text.endswith(f'"UN":"{proof}"}}')
    assert "|" not in text
    assert json.loads(text)["GS"] == name


def test_a_replay_knows_chain_and_number_after_many_records(station: Station) -> None:
    station.key()
    numbers: Sequence[int] = [rotated(station).number for _ in range(3)]
    station.charge("tx-1")
    assert [*numbers, rotated(station).number] == [1, 2, 3, 4]
