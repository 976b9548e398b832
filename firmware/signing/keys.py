"""What every store of signing keys can do. A key store signs; the key itself never leaves it."""

from collections.abc import Sequence
from typing import Protocol

PUBLIC_KEY_FILE = "public_key.hex"
"""Beside the ledger: the newest public key, hex of its DER."""
PUBLIC_KEYS_FILE = "public_keys.hex"
"""Beside the ledger, once a key has been replaced: every public key in turn, the oldest first, one a line."""


class SigningKeyError(Exception):
    """The signing key cannot be used; the text says where it is, why, and what to do about it."""


class KeyStore(Protocol):
    """One key that signs with ECDSA on NIST P-256, in a file or on a PKCS #11 token."""

    @property
    def public_key_der(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo (RFC 5480), 91 bytes."""

    def sign(self, data: bytes) -> bytes:
        """Return the DER ECDSA signature of ``data`` under SHA-256. Raises SigningKeyError."""


class KeyPlace(Protocol):
    """Where a station's keys lie: the one in use, and while it is being replaced the next one beside it.

    All of it may raise SigningKeyError.
    """

    @property
    def made_at_first_boot(self) -> bool:
        """Whether a station without a key makes its own here; otherwise an engineer does."""

    def all_keys(self) -> Sequence[KeyStore]:
        """Return the keys that are here, in no order that means anything."""

    def create(self) -> KeyStore:
        """Make one more key, durably, beside those that are here."""

    def retire(self, replaced: bytes, by: bytes) -> None:
        """Destroy the key whose public key is ``replaced``; ``by`` takes its place. Again: no change."""
