"""Reads the record of a station's new key: an OCMF text that the old key seals and the new one countersigns.

The format is in docs/KEYS.md.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from sim.csms.ocmf import PublicKey, UnreadableRecordError, read_seal

_PROOF = '"UN":"'


@dataclass(frozen=True, slots=True)
class Rotation:
    """``number`` counts the station's rotations; ``proven``: the new key has signed its own appointment."""

    text: str
    payload: str
    signature: bytes
    number: int
    station: str
    previous: str
    key: PublicKey
    proven: bool

    @property
    def digest(self) -> str:
        """The hash of the payload, as the next record of the station must carry it."""
        return hashlib.sha256(self.payload.encode()).hexdigest()


def read_rotation(text: str) -> Rotation:
    """Return the rotation in an OCMF text. Raises UnreadableRecordError saying what is wrong with it."""
    payload, signature, body = read_seal(text)
    try:
        page, key, proof = body["PG"], PublicKey(bytes.fromhex(body["UK"])), body["UN"]
        if not page.startswith("F"):
            raise UnreadableRecordError(f"PG is {page}, not of the fiscal context")
        return Rotation(
            text=text,
            payload=payload,
            signature=signature,
            number=int(page[1:]),
            station=body["GS"],
            previous=body["UH"],
            key=key,
            proven=key.has_signed(_unproven(payload, proof), bytes.fromhex(proof)),
        )
    except KeyError as error:
        raise UnreadableRecordError(f"{error.args[0]} is missing") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableRecordError(str(error)) from None


def _unproven(payload: str, proof: Any) -> str:
    """Return what the new key has signed: the payload with an empty UN, which is its last member."""
    head, found, tail = payload.rpartition(_PROOF)
    if not found or tail != f'{proof}"}}':
        raise UnreadableRecordError("UN is not the last member of the payload")
    return f'{head}{_PROOF}"}}'
