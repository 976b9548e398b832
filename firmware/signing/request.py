"""A certificate signing request (PKCS #10, RFC 2986) for a key that stays in its store."""

from typing import Any, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from firmware.signing.keys import KeyStore
from firmware.signing.seal import public_key


def request_for(key: KeyStore, station_id: str) -> bytes:
    """Return a request in PEM, with the station's id as its common name. Raises SigningKeyError."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, station_id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(_Signer(key), hashes.SHA256())
    return request.public_bytes(Encoding.PEM)


class _Signer(ec.EllipticCurvePrivateKey):
    """A key store in the shape that `cryptography` signs requests with; the key itself is not to be had."""

    def __init__(self, key: KeyStore) -> None:
        self._key = key

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            self._no()
        return self._key.sign(bytes(data))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return public_key(self._key.public_key_der)

    @property
    def curve(self) -> ec.EllipticCurve:
        return ec.SECP256R1()

    @property
    def key_size(self) -> int:
        return self.curve.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        self._no()

    def private_numbers(self) -> NoReturn:
        self._no()

    def private_bytes(self, *_: Any, **__: Any) -> NoReturn:
        self._no()

    def __copy__(self) -> "_Signer":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "_Signer":
        return self

    def _no(self) -> NoReturn:
        raise NotImplementedError("a key store signs with ECDSA under SHA-256, and does nothing else")
