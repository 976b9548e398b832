"""A key on a token, SoftHSM's and a TPM's by the same code: it signs, and cannot be had."""

import sys
from pathlib import Path

import pkcs11
import pytest

from firmware.signing.keys import SigningKeyError
from firmware.signing.seal import Sealer, signature_holds
from firmware.signing.stores import open_key, place_of
from tests.signing import tokens


def objects(token: tokens.Token, label: str) -> dict[pkcs11.ObjectClass, pkcs11.Object]:
    """Return what lies under a label, as the token's own library tells it."""
    library = pkcs11.lib(str(token.module))
    session = library.get_token(token_label=tokens.TOKEN).open()  # this process is logged in already
    found = list(session.get_objects({pkcs11.Attribute.LABEL: label}))
    return {item[pkcs11.Attribute.CLASS]: item for item in found}


def test_an_engineer_makes_the_key_and_the_station_seals_with_it(
    token: tokens.Token, label: str, tmp_path: Path
) -> None:
    uri = tokens.uri(token, label)
    made = place_of(uri, tmp_path).create()
    opened = open_key(uri, tmp_path)
    assert opened.public_key_der == made.public_key_der
    assert (tmp_path / "public_key.hex").read_text().strip() == made.public_key_der.hex()
    for number in range(20):
        assert signature_holds(Sealer(opened).seal(f'{{"PG":"T{number}"}}'), made.public_key_der)


def test_the_station_never_makes_a_key_on_a_token(token: tokens.Token, label: str, tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match=r"there must be one key, there are none.*wattseal key create"):
        open_key(tokens.uri(token, label), tmp_path)
    assert list(place_of(tokens.uri(token, label), tmp_path).all_keys()) == []


def test_the_key_cannot_be_read_out_of_its_token(token: tokens.Token, label: str, tmp_path: Path) -> None:
    place_of(tokens.uri(token, label), tmp_path).create()
    private = objects(token, label)[pkcs11.ObjectClass.PRIVATE_KEY]
    for attribute, wanted in (("EXTRACTABLE", False), ("SENSITIVE", True), ("NEVER_EXTRACTABLE", True)):
        assert private[pkcs11.Attribute[attribute]] is wanted
    with pytest.raises((pkcs11.exceptions.AttributeSensitive, pkcs11.exceptions.AttributeTypeInvalid)):
        private[pkcs11.Attribute.VALUE]


def test_a_key_that_is_gone_from_its_token_is_told(
    softhsm: tokens.SoftHsm, label: str, tmp_path: Path
) -> None:
    uri = tokens.uri(softhsm, label)
    place = place_of(uri, tmp_path)
    made = place.create()
    opened = open_key(uri, tmp_path)
    place.retire(made.public_key_der, b"")
    with pytest.raises(
        SigningKeyError, match=r"public_key\.hex names a key that was in use; restore the key"
    ):
        open_key(uri, tmp_path)
    with pytest.raises(SigningKeyError):
        opened.sign(b"a minute")


def test_of_two_keys_under_a_label_the_one_in_use_signs(
    token: tokens.Token, label: str, tmp_path: Path
) -> None:
    uri = tokens.uri(token, label)
    first, second = (place_of(uri, tmp_path).create() for _ in range(2))
    with pytest.raises(SigningKeyError, match="there are 2, and none is in use"):
        open_key(uri, tmp_path)
    for key in (first, second):
        (tmp_path / "public_key.hex").write_text(key.public_key_der.hex())
        assert open_key(uri, tmp_path).public_key_der == key.public_key_der
        assert signature_holds(Sealer(open_key(uri, tmp_path)).seal("{}"), key.public_key_der)


def test_an_id_pins_one_key(softhsm: tokens.SoftHsm, label: str, tmp_path: Path) -> None:
    pinned = place_of(tokens.uri(softhsm, label, ";id=%01%02"), tmp_path)
    key = pinned.create()
    place_of(tokens.uri(softhsm, label), tmp_path).create()
    assert [found.public_key_der for found in pinned.all_keys()] == [key.public_key_der]
    with pytest.raises(SigningKeyError, match="leave id= out"):
        pinned.create()


def test_keys_of_one_id_are_told_apart_by_their_labels(
    softhsm: tokens.SoftHsm, label: str, tmp_path: Path
) -> None:
    for name in ("left", "right"):
        uri = tokens.uri(softhsm, f"{label}-{name}", ";id=%07")
        made = place_of(uri, tmp_path / name).create()
        (tmp_path / name).mkdir()
        key = open_key(uri, tmp_path / name)
        assert key.public_key_der == made.public_key_der
        assert signature_holds(Sealer(key).seal("{}"), made.public_key_der)


def test_a_public_key_that_belongs_to_another_private_one_is_refused(
    softhsm: tokens.SoftHsm, label: str, tmp_path: Path
) -> None:
    """Another tool has given both the same id, and taken the right public key away."""
    for name in ("left", "right"):
        place_of(tokens.uri(softhsm, f"{label}-{name}", ";id=%08"), tmp_path).create()
    library = pkcs11.lib(str(softhsm.module))
    with library.get_token(token_label=tokens.TOKEN).open(rw=True) as session:
        wanted = {
            pkcs11.Attribute.LABEL: f"{label}-left",
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY,
        }
        for found in list(session.get_objects(wanted)):
            found.destroy()
    with pytest.raises(SigningKeyError, match="does not sign for the public key beside it"):
        open_key(tokens.uri(softhsm, f"{label}-left"), tmp_path)


def test_two_tokens_of_one_name_are_not_guessed_between(softhsm: tokens.SoftHsm, label: str) -> None:
    uri = tokens.uri(softhsm, label).replace(tokens.TOKEN.replace(" ", "%20"), "twin")
    with pytest.raises(SigningKeyError, match="2 tokens match; add serial="):
        place_of(uri, Path()).all_keys()


def test_a_library_that_is_none_is_told(tmp_path: Path) -> None:
    junk = tmp_path / "libjunk.so"
    uri = f"pkcs11:token=t;object=o?module-path={junk}"
    with pytest.raises(SigningKeyError, match=r"there is no library .*libjunk\.so; install"):
        place_of(uri, tmp_path).all_keys()
    junk.write_bytes(b"not a shared object")
    with pytest.raises(SigningKeyError, match="cannot be loaded"):
        place_of(uri, tmp_path).all_keys()


def test_a_key_in_a_file_loads_no_token_library(tmp_path: Path) -> None:
    """Its bindings take 11 MiB of the agent's 64."""
    script = (
        "import sys; from pathlib import Path; from firmware.signing.stores import open_key\n"
        "open_key('file:station.key', Path(sys.argv[1]))\n"
        "print(*sorted({'pkcs11', 'asn1crypto'} & set(sys.modules)))"
    )
    assert tokens.run(sys.executable, "-c", script, str(tmp_path)).strip() == ""
