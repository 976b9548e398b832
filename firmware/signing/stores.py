"""From what a site file says of its key to the key itself."""

import logging
from pathlib import Path

from firmware.core.entries import KeyRotated
from firmware.signing import pkcs11_uri
from firmware.signing.file_keys import FileKeys
from firmware.signing.keys import KeyPlace, KeyStore, SigningKeyError
from firmware.signing.public_keys import PublicKeys
from firmware.signing.seal import Sealer, signature_holds

log = logging.getLogger(__name__)

_FILE = "file:"


def place_of(uri: str, state_dir: Path) -> KeyPlace:
    """Return the place that ``uri`` names: ``file:PATH`` (relative to the state folder) or ``pkcs11:…``.

    Raises KeyUriError, or SigningKeyError where tokens cannot be used at all. No token is touched yet.
    """
    if uri.startswith(_FILE):
        return FileKeys(state_dir / uri.removeprefix(_FILE))
    named = pkcs11_uri.parse(uri)
    try:
        from firmware.signing.pkcs11_keys import Pkcs11Keys  # 11 MiB that a key in a file does not cost
    except ModuleNotFoundError as error:
        raise SigningKeyError(
            f"{named}: tokens cannot be used here, python-pkcs11 is missing; install wattseal[token]"
        ) from error
    return Pkcs11Keys(named)


def open_key(uri: str, state_dir: Path, last_rotation: KeyRotated | None = None) -> KeyStore:
    """Return the station's key for the agent; a station that never had one makes it, if it may.

    ``last_rotation`` is the ledger's newest, whose end a power cut may have left to be done. Raises
    SigningKeyError for a key that is not there, is another than the one in use, or cannot be read.
    """
    place, public = place_of(uri, state_dir), PublicKeys(state_dir)
    if public.current() is None and not place.all_keys() and place.made_at_first_boot:
        place.create()
    if last_rotation is not None:
        switch_over(public, place, last_rotation)
        try:
            retire_replaced(public, place, last_rotation)
        except SigningKeyError as error:
            log.warning("signing.old_key_kept", extra={"why": str(error)})
    return key_in_use(place, public)


def key_in_use(place: KeyPlace, public: PublicKeys) -> KeyStore:
    """Return the key that public_key.hex names; the only one, and publish it, where there is no such file.

    Raises SigningKeyError.
    """
    keys, current = place.all_keys(), public.current()
    if current is not None:
        found = [key for key in keys if key.public_key_der == current]
        if not found:
            raise _not_here(place, public, there_are_others=bool(keys))
        return _proven(found[0], place)
    if len(keys) != 1:
        what = (
            "none; make one with `wattseal key create`"
            if not keys
            else f"{len(keys)}, and none is in use yet"
        )
        raise SigningKeyError(f"{place}: there must be one key, there are {what}")
    key = _proven(keys[0], place)
    public.publish(key.public_key_der)
    return key


def switch_over(public: PublicKeys, place: KeyPlace, rotation: KeyRotated) -> None:
    """Make the new key of a recorded rotation the one in use, if the old one still is."""
    replaced, by = bytes.fromhex(rotation.replaced), bytes.fromhex(rotation.public_key)
    if public.current() != replaced:
        return
    if all(key.public_key_der != by for key in place.all_keys()):
        raise SigningKeyError(
            f"{place}: the ledger says that this key was replaced, and its successor {by.hex()[-16:]} is not "
            "here; restore that, an old copy of the key cannot go on signing"
        )
    public.replace(replaced, by)


def retire_replaced(public: PublicKeys, place: KeyPlace, rotation: KeyRotated) -> None:
    """Destroy the old private key of a rotation, once its new one is in use."""
    by = bytes.fromhex(rotation.public_key)
    if public.current() == by:
        place.retire(bytes.fromhex(rotation.replaced), by)


def _proven(key: KeyStore, place: KeyPlace) -> KeyStore:
    """Return a key whose two halves belong together: a token finds them by labels that anybody can give."""
    if not signature_holds(Sealer(key).seal("{}"), key.public_key_der):
        raise SigningKeyError(
            f"{place}: does not sign for the public key beside it; give each pair its own id"
        )
    return key


def _not_here(place: KeyPlace, public: PublicKeys, *, there_are_others: bool) -> SigningKeyError:
    if there_are_others:
        return SigningKeyError(
            f"{public.path}: names another key than {place}; restore the key that belongs to it, or move "
            f"{public.path.name} away (records signed before need it)"
        )
    return SigningKeyError(
        f"{place}: missing, but {public.path.name} names a key that was in use; restore the key, or move "
        f"{public.path.name} away to begin with a new one"
    )
