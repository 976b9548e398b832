"""OCMF sealing: the signature over the exact bytes of a payload, and the check of one.

Open Charge Metering Format 1.3, section 2: ``OCMF|payload|signature``, the signature part a JSON object with
the algorithm ``SA`` and the hex of the DER signature ``SD``.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from firmware.signing.keys import KeyStore

_BEFORE = '{"SA":"ECDSA-secp256r1-SHA256","SD":"'
_AFTER = '"}'
_ECDSA = ec.ECDSA(hashes.SHA256())


class Sealer:
    """Seals payloads with one key store's key."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def seal(self, payload: str) -> str:
        """Return the OCMF text of ``payload``, whose UTF-8 bytes are signed as they are.

        Raises ValueError for a payload with ``|``, which separates the parts of OCMF, or with a line break,
        which separates records in an export.
        """
        if not payload or any(mark in payload for mark in "|\n\r"):
            raise ValueError("an OCMF payload is one line of text without '|'")
        signature = self._keys.sign(payload.encode())
        return f"OCMF|{payload}|{_BEFORE}{signature.hex()}{_AFTER}"


def signature_holds(ocmf_text: str, public_key_der: bytes) -> bool:
    """Say whether a sealed text is byte for byte what the key's owner sealed.

    The signature part must be spelled as `Sealer.seal` spells it, so that not one byte of the whole text can
    change unseen. Raises ValueError when ``public_key_der`` is no P-256 public key.
    """
    parts = ocmf_text.split("|")
    if len(parts) != 3 or parts[0] != "OCMF":
        return False
    return has_signed(public_key_der, parts[1], _signature(parts[2]) or b"")


def has_signed(public_key_der: bytes, text: str, signature: bytes) -> bool:
    """Say whether a DER signature is the key's over the UTF-8 bytes of a text.

    Raises ValueError when ``public_key_der`` is no P-256 public key.
    """
    key = public_key(public_key_der)
    try:
        key.verify(signature, text.encode(), _ECDSA)
    except (InvalidSignature, UnicodeEncodeError):
        return False
    return True


@lru_cache(maxsize=16)
def public_key(der: bytes) -> ec.EllipticCurvePublicKey:
    """Return the P-256 key of a DER SubjectPublicKeyInfo. Raises ValueError when it is none."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("not a DER SubjectPublicKeyInfo") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not an ECDSA P-256 public key")
    return key


def _signature(part: str) -> bytes | None:
    """Return the DER signature, or None when the part is not spelled exactly as we spell it."""
    if not (part.startswith(_BEFORE) and part.endswith(_AFTER)):
        return None
    digits = part[len(_BEFORE) : -len(_AFTER)]
    if not digits or digits.strip("0123456789abcdef") or len(digits) % 2:
        return None
    return bytes.fromhex(digits)
