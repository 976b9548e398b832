"""Where the signing key lives. A key store signs; the key itself never leaves it."""

from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.signing.durable import write_durably

PUBLIC_KEY_FILE = "public_key.hex"


class SigningKeyError(Exception):
    """The signing key cannot be used; the text says which file, why, and what to do about it."""


class KeyStore(Protocol):
    """Something that signs with ECDSA on NIST P-256: a file, later a TPM or a PKCS#11 token."""

    @property
    def public_key_der(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo (RFC 5480), 91 bytes."""

    def sign(self, data: bytes) -> bytes:
        """Return the DER ECDSA signature of ``data`` under SHA-256."""


class FileKey:
    """A private key in a PKCS#8 PEM file that only its owner may read.

    Its public key is kept beside it in ``public_key.hex`` (hex of the DER), for the auditor.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public_key_der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @classmethod
    def open_or_create(cls, path: Path) -> "FileKey":
        """Open the key at ``path``, or make one there that survives a power cut.

        Raises SigningKeyError for a key that others may read, a file that holds no P-256 key, or a key
        that is not the one its public_key.hex names (records signed before would no longer verify).
        """
        published = path.with_name(PUBLIC_KEY_FILE)
        try:
            if not path.exists():
                _refuse_to_replace(path, published)
                _create(path)
            store = cls(_load(path))
            _publish(store.public_key_der, path, published)
        except OSError as error:
            raise SigningKeyError(f"{path}: {error.strerror}; the station cannot sign without it") from error
        return store

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def _refuse_to_replace(path: Path, published: Path) -> None:
    if published.exists():
        raise SigningKeyError(
            f"{path}: missing, but {published.name} beside it names a key that was in use; "
            f"restore the key, or move {published.name} away to begin with a new one"
        )


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_durably(path, [pem], mode=0o600)


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise SigningKeyError(
            f"{path}: others may read this key (mode {mode:03o}); run `chmod 600 {path}`, and if anyone "
            "else has had access to it, move it away so that the station makes a new one"
        )
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise SigningKeyError(f"{path}: no readable PKCS#8 key; restore it from a copy") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningKeyError(f"{path}: not an ECDSA P-256 key; OCMF here is signed with secp256r1 only")
    return key


def _publish(public_key_der: bytes, path: Path, published: Path) -> None:
    text = public_key_der.hex() + "\n"
    if not published.exists():
        write_durably(published, [text.encode()], mode=0o644)
    elif published.read_bytes().strip().lower() != public_key_der.hex().encode():
        raise SigningKeyError(
            f"{published}: names another key than {path.name}; restore the key that belongs to it, or move "
            f"{published.name} away (records signed before need it)"
        )
