"""``wattseal key``: what an engineer types, sees, and is told when it cannot be."""

import base64
import hashlib
import os
import re
from pathlib import Path

import pytest

from firmware.ledger.store import Ledger
from firmware.signing.stores import place_of
from tests.signing import tokens
from tests.signing.stations import Station, follow


@pytest.fixture
def station(tmp_path: Path, key_uri: str) -> Station:
    return Station(tmp_path, key_uri)


@pytest.fixture
def file_station(tmp_path: Path) -> Station:
    return Station(tmp_path)


@pytest.fixture
def softhsm_station(tmp_path: Path, softhsm: tokens.SoftHsm, label: str) -> Station:
    return Station(tmp_path, tokens.uri(softhsm, label))


def test_create_show_request_rotate(station: Station) -> None:
    tokens.need("openssl")
    created = station.wattseal("key", "create")
    assert created.code == 0, created.err
    der = bytes.fromhex(created.value("public key"))
    assert created.value("fingerprint") == "SHA256:" + hashlib.sha256(der).hexdigest()
    assert base64.b64decode(created.value("OCPP")).decode() == f"oca:base16:asn1:{der.hex()}"
    assert station.key().public_key_der == der
    assert station.wattseal("key", "show").out == created.out

    request = station.directory / "station.csr"
    assert station.wattseal("key", "csr", "--out", str(request)).code == 0
    said = tokens.run("openssl", "req", "-in", str(request), "-noout", "-verify", "-subject", "-pubkey")
    assert "CN = chu-003" in said
    assert created.out[created.out.index("-----BEGIN") :] in said

    station.charge("tx-1")
    rotated = station.wattseal("key", "rotate")
    assert rotated.code == 0, rotated.err
    assert "record F1 of it goes to the backend when the station starts" in rotated.out
    assert rotated.value("public key") != der.hex()
    assert "not in use" not in rotated.out
    station.charge("tx-2")
    assert follow(station.texts(), der)[-1].hex() == rotated.value("public key")


def test_openssl_reads_the_public_key(file_station: Station) -> None:
    tokens.need("openssl")
    out = file_station.wattseal("key", "create").out
    pem = file_station.directory / "key.pem"
    pem.write_text(out[out.index("-----BEGIN") :])
    assert "prime256v1" in tokens.run("openssl", "pkey", "-pubin", "-in", str(pem), "-noout", "-text")


@pytest.mark.parametrize("store", ["file_station", "softhsm_station"])
def test_a_second_key_is_not_made(store: str, request: pytest.FixtureRequest) -> None:
    station: Station = request.getfixturevalue(store)
    station.wattseal("key", "create")
    again = station.wattseal("key", "create")
    assert again.code == 1
    assert re.search(r"there is a key already \(SHA256:[0-9a-f]{64}\); `wattseal key rotate`", again.err)


@pytest.mark.parametrize("word", ["show", "csr", "rotate"])
def test_without_a_key_it_says_what_makes_one(word: str, softhsm_station: Station) -> None:
    said = softhsm_station.wattseal("key", word)
    assert (said.code, said.out) == (1, "")
    assert "there are none; make one with `wattseal key create`" in said.err
    assert "Traceback" not in said.err


def test_a_running_station_is_not_rotated(file_station: Station) -> None:
    before = file_station.key().public_key_der
    ledger = Ledger.open(file_station.state_dir / "ledger.db")
    said = file_station.wattseal("key", "rotate")
    ledger.close()
    assert said.code == 1
    assert "in use by another process; stop the station's agent first" in said.err
    assert file_station.key().public_key_der == before


def test_a_key_that_is_not_in_use_is_shown(softhsm_station: Station) -> None:
    softhsm_station.wattseal("key", "create")
    other = place_of(softhsm_station.uri, softhsm_station.state_dir).create()
    out = softhsm_station.wattseal("key", "show").out
    assert "not in use   SHA256:" + hashlib.sha256(other.public_key_der).hexdigest() in out


def test_a_wrong_pin_is_tried_once_and_told(softhsm_station: Station, softhsm: tokens.SoftHsm) -> None:
    softhsm.pin_file.write_text("4321\n")
    try:
        said = softhsm_station.wattseal("key", "show")
    finally:
        tokens.write_pin(softhsm.directory)
    assert said.code == 1
    assert f"refuses the PIN in {softhsm.pin_file} (PinIncorrect); correct it" in said.err
    assert "4321" not in said.err


def test_a_pin_that_others_may_read_is_refused(softhsm_station: Station, softhsm: tokens.SoftHsm) -> None:
    softhsm.pin_file.chmod(0o640)
    try:
        said = softhsm_station.wattseal("key", "show")
    finally:
        softhsm.pin_file.chmod(0o600)
    assert f"others may read this PIN; run `chmod 600 {softhsm.pin_file}`" in said.err


def test_a_pin_file_that_is_not_there_is_told(tmp_path: Path, softhsm: tokens.SoftHsm, label: str) -> None:
    station = Station(tmp_path, tokens.uri(softhsm, label).replace("/pin", "/pim"))
    assert "/pim: the PIN cannot be read from it" in station.wattseal("key", "show").err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_station_is_left_alone(file_station: Station) -> None:
    os.chown(file_station.state_dir, 4711, -1)
    said = file_station.wattseal("key", "create")
    assert said.code == 1
    assert "belongs to user 4711; run this as the station's own user" in said.err
    assert list(file_station.state_dir.iterdir()) == []


def test_a_wrong_uri_is_a_problem_of_the_site_file(tmp_path: Path) -> None:
    said = Station(tmp_path, "pkcs11:token=t;object=o").wattseal("key", "show")
    assert said.code == 2
    assert said.err.startswith("site.toml: signing.key: module-path= is missing")
