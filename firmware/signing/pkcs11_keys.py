"""Keys on a PKCS #11 token: a TPM 2.0 (tpm2-pkcs11), a smart card, a USB or network HSM, SoftHSM.

PKCS #11 v2.40; the signature is CKM_ECDSA over a SHA-256 made here, which all of them can do.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import DEFAULT, Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass, Session
from pkcs11.exceptions import AttributeTypeInvalid

from firmware.signing.keys import SigningKeyError
from firmware.signing.pkcs11_uri import Pkcs11Uri
from firmware.signing.token import TokenLogin, login_to

_SIGN_WITHIN_S = 3.0  # the agent's loop waits meanwhile: well inside the interlock's lease of 15 s
_ADMINISTER_WITHIN_S = 15.0
_P256 = bytes.fromhex("06082a8648ce3d030107")  # the curve's OID, as CKA_EC_PARAMS
_ID_BYTES = 8


class Pkcs11Key:
    """One key on a token, found again by its id after the token was away."""

    def __init__(self, login: TokenLogin, label: str, key_id: bytes, public_key_der: bytes) -> None:
        self.public_key_der = public_key_der
        self.id = key_id
        self._login = login
        self._label = label
        self._found: tuple[Session, Any] | None = None

    def sign(self, data: bytes) -> bytes:
        digest = hashlib.sha256(data).digest()
        raw = self._login.do(lambda session: self._sign(session, digest), within_s=_SIGN_WITHIN_S)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def _sign(self, session: Session, digest: bytes) -> bytes:
        if self._found is None or self._found[0] is not session:
            private = next(_private_keys(session, self._label, self.id), None)
            if private is None:
                raise SigningKeyError(
                    f'key "{self._label}" with id {self.id.hex()} is not on its token any more'
                )
            self._found = (session, private)
        return bytes(self._found[1].sign(digest, mechanism=Mechanism.ECDSA))


class Pkcs11Keys:
    """The keys under one label on one token. An engineer makes them, never the station by itself."""

    made_at_first_boot = False

    def __init__(self, uri: Pkcs11Uri) -> None:
        self._uri = uri
        self._login = login_to(uri.token)

    def __str__(self) -> str:
        return str(self._uri)

    def all_keys(self) -> Sequence[Pkcs11Key]:
        return self._login.do(lambda session: list(self._all(session)), within_s=_ADMINISTER_WITHIN_S)

    def create(self) -> Pkcs11Key:
        if self._uri.id and self.all_keys():
            raise SigningKeyError(
                f"{self}: id= in signing.key names the key that is there; leave id= out, so that another can "
                "take its place"
            )
        create = partial(self._create, key_id=self._uri.id or secrets.token_bytes(_ID_BYTES))
        return self._login.do(create, within_s=_ADMINISTER_WITHIN_S, writing=True)

    def retire(self, replaced: bytes, by: bytes) -> None:
        for key in self.all_keys():
            if key.public_key_der == replaced:
                destroy = partial(self._destroy, key_id=key.id)
                self._login.do(destroy, within_s=_ADMINISTER_WITHIN_S, writing=True)

    def _all(self, session: Session) -> Iterator[Pkcs11Key]:
        for private in _private_keys(session, self._uri.object, self._uri.id):
            point = _point(session, private)
            if point is not None:
                yield Pkcs11Key(self._login, self._uri.object, bytes(private[Attribute.ID]), point)

    def _create(self, session: Session, key_id: bytes) -> Pkcs11Key:
        """Return the key of this id; made now, unless an attempt before has made it and then failed."""
        if next(_private_keys(session, self._uri.object, key_id), None) is None:
            self._generate(session, key_id)
        private = next(_private_keys(session, self._uri.object, key_id))
        point = _point(session, private)
        if point is None:
            raise SigningKeyError(f"{self}: the token does not tell the public half of the key that it made")
        if private[Attribute.EXTRACTABLE] or not private[Attribute.SENSITIVE]:
            self._destroy(session, key_id)
            raise SigningKeyError(
                f"{self}: the token only makes keys that can be read out of it; use another"
            )
        return Pkcs11Key(self._login, self._uri.object, key_id, point)

    def _generate(self, session: Session, key_id: bytes) -> None:
        """Make a key that can sign and nothing else. Some tokens refuse attributes that others want said."""
        curve = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _P256}, local=True)
        curve.generate_keypair(
            store=True,
            label=self._uri.object,
            id=key_id,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            public_template=dict.fromkeys((Attribute.ENCRYPT, Attribute.WRAP, Attribute.VERIFY), DEFAULT),
            private_template={
                **dict.fromkeys((Attribute.DECRYPT, Attribute.UNWRAP, Attribute.DERIVE), DEFAULT),
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
            },
        )

    def _destroy(self, session: Session, key_id: bytes) -> None:
        for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
            wanted = {Attribute.CLASS: kind, Attribute.LABEL: self._uri.object, Attribute.ID: key_id}
            for found in list(session.get_objects(wanted)):
                found.destroy()


def _private_keys(session: Session, label: str, key_id: bytes) -> Iterator[Any]:
    """Yield EC private keys; what an object can do, the library finds out when it reads it."""
    wanted = {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.KEY_TYPE: KeyType.EC,
        Attribute.LABEL: label,
    }
    yield from list(session.get_objects(wanted | ({Attribute.ID: key_id} if key_id else {})))


def _point(session: Session, private: Any) -> bytes | None:
    """Return the public key of a private one; None where its curve is another, or it is not there.

    It bears the same id, as a rule the same label too; some tokens also tell it of the private one.
    """
    wanted = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: private[Attribute.ID]}
    named = list(session.get_objects(wanted | {Attribute.LABEL: private[Attribute.LABEL]}))
    for key in (*named, *list(session.get_objects(wanted)), private):
        try:
            return _spki(key[Attribute.EC_POINT])
        except (AttributeTypeInvalid, ValueError):
            continue
    return None


def _spki(point: bytes) -> bytes:
    """Return the DER SubjectPublicKeyInfo of CKA_EC_POINT, a DER OCTET STRING around the point (or bare).

    Raises ValueError for a point that is not on P-256.
    """
    octet_string = bytes((0x04, 65))
    bare = point[len(octet_string) :] if len(point) == 67 and point.startswith(octet_string) else point
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bare)
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
