"""Keys in files: PKCS #8 PEM that only its owner may read."""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.signing.durable import rename_durably, write_durably
from firmware.signing.keys import SigningKeyError


class FileKey:
    """A private key that was read from a file."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public_key_der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


class FileKeys:
    """The key at ``path``, and beside it in ``….next`` the one that is to replace it."""

    made_at_first_boot = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = path.with_name(path.name + ".next")

    def __str__(self) -> str:
        return str(self._path)

    def all_keys(self) -> Sequence[FileKey]:
        try:
            return [_load(path) for path in (self._path, self._next) if path.exists()]
        except OSError as error:
            raise self._unusable(error) from error

    def create(self) -> FileKey:
        path = self._next if self._path.exists() else self._path
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(path, [pem], mode=0o600)
        except OSError as error:
            raise self._unusable(error) from error
        return _load(path)

    def retire(self, replaced: bytes, by: bytes) -> None:
        try:
            if self._next.exists() and _load(self._next).public_key_der == by:
                rename_durably(self._next, self._path)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> SigningKeyError:
        return SigningKeyError(f"{self._path}: {error.strerror}; the station cannot sign without it")


def _load(path: Path) -> FileKey:
    """Read a key that is ours alone. Raises SigningKeyError, OSError."""
    status = path.stat()
    mode = status.st_mode & 0o777
    if mode & 0o077:
        raise SigningKeyError(
            f"{path}: others may read this key (mode {mode:03o}); run `chmod 600 {path}`, and if anyone "
            "else has had access to it, replace it with `wattseal key rotate`"
        )
    if status.st_uid != os.geteuid():
        raise SigningKeyError(
            f"{path}: belongs to user {status.st_uid}, this is user {os.geteuid()}; run as the station's own "
            "user, or give the file to it with chown"
        )
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise SigningKeyError(f"{path}: no readable PKCS#8 key; restore it from a copy") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningKeyError(f"{path}: not an ECDSA P-256 key; OCMF here is signed with secp256r1 only")
    return FileKey(key)
