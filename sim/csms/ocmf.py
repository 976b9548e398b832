"""Reads usage records: OCMF texts with one reading, the station's vendor keys, and its public key.

``OCMF|payload|signature``; the seal covers the exact payload text. Numbers are read as decimals.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

ALGORITHM = "ECDSA-secp256r1-SHA256"
_KEY_PREFIX = "oca:base16:asn1:"
_ECDSA = ec.ECDSA(SHA256())


class UnreadableRecordError(ValueError):
    """A text that is no usage record, or lacks what one must have."""


@dataclass(frozen=True, slots=True)
class Record:
    """One usage record as it came (``text``) and as it reads.

    Registers are 0.1 Wh, costs 1/10000 of the main unit, both cumulative; ``page`` is the number in PG.
    ``clock`` is the status of ``at``: U unsynchronised, I informative, S synchronised, R relative. ``notes``
    are what the station has to say of the reading (UF).
    """

    text: str
    payload: str
    signature: bytes
    page: int
    kind: str
    at: datetime
    clock: str
    register_dwh: int
    state: str
    flags: str
    connector: str
    transaction: str
    previous: str
    tariff_id: str
    tariff_version: str
    begin_dwh: int
    cost_e4: int
    currency: str
    charging_ms: int
    idle_ms: int
    mono_ms: int
    notes: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """The hash of the payload, as the next record of the station must carry it."""
        return hashlib.sha256(self.payload.encode()).hexdigest()


def read_record(text: str) -> Record:
    """Return the record in an OCMF text. Raises UnreadableRecordError saying what is wrong with it."""
    payload, signature, body = read_seal(text)
    try:
        return _record(text, payload, signature, body)
    except KeyError as error:
        raise UnreadableRecordError(f"{error.args[0]} is missing") from None
    except (ValueError, TypeError, AttributeError, ArithmeticError, IndexError) as error:
        raise UnreadableRecordError(str(error)) from None


def read_seal(text: str) -> tuple[str, bytes, Mapping[str, Any]]:
    """Return an OCMF text's payload, its signature, what the payload says. Raises UnreadableRecordError."""
    parts = text.split("|")
    if len(parts) != 3 or parts[0] != "OCMF":
        raise UnreadableRecordError("it is not OCMF|payload|signature")
    try:
        body = json.loads(parts[1], parse_float=Decimal)
        return parts[1], _signature(json.loads(parts[2])), body
    except KeyError as error:
        raise UnreadableRecordError(f"{error.args[0]} is missing") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableRecordError(str(error)) from None


def _signature(block: Mapping[str, Any]) -> bytes:
    if block.get("SA", ALGORITHM) != ALGORITHM:
        raise UnreadableRecordError(f"the seal's algorithm is {block['SA']}, not {ALGORITHM}")
    return bytes.fromhex(block["SD"])


def _record(text: str, payload: str, signature: bytes, body: Mapping[str, Any]) -> Record:
    reading = body["RD"][0]
    stamp, _, clock = reading["TM"].partition(" ")
    return Record(
        text=text,
        payload=payload,
        signature=signature,
        page=_page(body["PG"]),
        kind=_text(reading["TX"]),
        at=datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S,%f%z"),
        clock=clock,
        register_dwh=_scaled(reading["RV"], 4, "RV"),
        state=_text(reading["ST"]),
        flags=_text(reading.get("EF", "")),
        connector=_text(body["CI"]),
        transaction=_text(body["UT"]),
        previous=_text(body["UH"]),
        tariff_id=_text(body["UI"]),
        tariff_version=_text(body["UV"]),
        begin_dwh=_scaled(body["UB"], 4, "UB"),
        cost_e4=_scaled(body["UC"], 4, "UC"),
        currency=_text(body["UU"]),
        charging_ms=int(body["UD"]),
        idle_ms=int(body["UW"]),
        mono_ms=int(body["UM"]),
        notes=frozenset(map(_text, body.get("UF", ()))),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UnreadableRecordError(f"{value!r} is no text")
    return value


def _page(text: str) -> int:
    if not text.startswith("T"):
        raise UnreadableRecordError(f"PG is {text}, not of the transaction context")
    return int(text[1:])


def _scaled(number: Decimal | int | str, places: int, key: str) -> int:
    """Return a decimal number as an integer of its ``places``-th decimal; more decimals are an error."""
    scaled = Decimal(number).scaleb(places)
    if scaled != scaled.to_integral_value():
        raise UnreadableRecordError(f"{key} {number} has more than {places} decimals")
    return int(scaled)


class UnreadableKeyError(ValueError):
    """A public key that is none, or of another kind than P-256."""


class Sealed(Protocol):
    """A text under a seal: a record of use, or of a new key."""

    @property
    def payload(self) -> str: ...
    @property
    def signature(self) -> bytes: ...


class PublicKey:
    """A station's public key, as DER in hex and ready to verify with."""

    def __init__(self, der: bytes) -> None:
        try:
            key = load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UnreadableKeyError(f"the public key cannot be read: {error}") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise UnreadableKeyError("the public key is not of the curve secp256r1")
        self.hex = der.hex()
        self._key = key

    @classmethod
    def from_ocpp(cls, text: str) -> "PublicKey":
        """Read SignedMeterValueType.publicKey: base64 of ``oca:base16:asn1:<hex>``."""
        try:
            decoded = base64.b64decode(text, validate=True).decode()
            return cls(bytes.fromhex(decoded.removeprefix(_KEY_PREFIX)))
        except (binascii.Error, ValueError) as error:
            raise UnreadableKeyError(f"the public key cannot be read: {error}") from None

    def has_sealed(self, sealed: Sealed) -> bool:
        """Tell whether the seal was made over exactly this payload with this key's secret half."""
        return self.has_signed(sealed.payload, sealed.signature)

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Tell whether a signature was made over exactly this text with this key's secret half."""
        try:
            self._key.verify(signature, text.encode(), _ECDSA)
        except InvalidSignature:
            return False
        return True
