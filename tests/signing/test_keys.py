"""The signing key's file: made once, private, never silently replaced."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from firmware.signing.keys import KeyStore, SigningKeyError
from firmware.signing.seal import Sealer, signature_holds
from firmware.signing.stores import open_key


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def opened(path: Path) -> KeyStore:
    return open_key(f"file:{path.name}", path.parent)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "signing_key.pem"


def test_a_new_station_makes_a_key_and_keeps_it(path: Path) -> None:
    first = opened(path)
    sealed = Sealer(first).seal("{}")
    again = opened(path)
    assert again.public_key_der == first.public_key_der
    assert signature_holds(sealed, again.public_key_der)


def test_two_stations_have_two_keys(tmp_path: Path) -> None:
    keys = {opened(tmp_path / name / "key.pem").public_key_der for name in ("one", "two")}
    assert len(keys) == 2


def test_only_the_owner_may_read_the_key_and_everyone_the_public_one(path: Path) -> None:
    key = opened(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    published = path.with_name("public_key.hex")
    assert bytes.fromhex(published.read_text().strip()) == key.public_key_der
    assert sorted(file.name for file in path.parent.iterdir()) == ["public_key.hex", "signing_key.pem"]


def test_openssl_reads_the_key(path: Path) -> None:
    opened(path)
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    opened(path)
    path.chmod(mode)
    with pytest.raises(SigningKeyError, match=r"others may read this key.*chmod 600"):
        opened(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no readable PKCS#8 key"),
        (b"\x00\xff junk", "no readable PKCS#8 key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "not an ECDSA P-256 key"),
        (pem(rsa.generate_private_key(65537, 2048)), "not an ECDSA P-256 key"),
    ],
)
def test_a_file_that_is_no_p256_key_is_refused(path: Path, content: bytes, why: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SigningKeyError, match=why):
        opened(path)


def test_a_lost_key_is_not_replaced_behind_the_auditors_back(path: Path) -> None:
    opened(path)
    path.unlink()
    with pytest.raises(SigningKeyError, match="restore the key"):
        opened(path)
    assert not path.exists()


def test_after_a_loss_the_engineer_begins_with_a_new_key(path: Path) -> None:
    lost = opened(path).public_key_der
    path.unlink()
    path.with_name("public_key.hex").rename(path.with_name("public_key.lost"))
    assert opened(path).public_key_der != lost


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_of_another_user_is_refused(path: Path) -> None:
    opened(path)
    os.chown(path, 4711, -1)
    with pytest.raises(SigningKeyError, match="belongs to user 4711, this is user 0"):
        opened(path)


def test_a_swapped_key_is_refused(path: Path, tmp_path: Path) -> None:
    opened(path)
    opened(tmp_path / "other" / "key.pem")
    path.write_bytes((tmp_path / "other" / "key.pem").read_bytes())
    with pytest.raises(SigningKeyError, match="names another key"):
        opened(path)


def test_a_directory_that_cannot_be_made_is_an_error_a_person_understands(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(SigningKeyError, match=r"key\.pem: .*cannot sign without it"):
        opened(tmp_path / "state" / "key.pem")


def test_killed_while_making_a_key_there_is_a_whole_one_or_none(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from firmware.signing.stores import open_key\n"
        "print('go', flush=True)\n"
        "for number in range(100_000):\n"
        "    open_key('file:key.pem', Path(sys.argv[1], str(number)))\n"
    )
    for run in range(3):
        there = tmp_path / str(run)
        process = subprocess.Popen([sys.executable, "-c", script, str(there)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        while not (there / str(5 + run)).exists():
            assert process.poll() is None
        process.kill()
        process.communicate()
        for station in there.iterdir():
            opened(station / "key.pem")
