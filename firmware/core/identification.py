"""Who charges, in OCMF's words: IS, IL, IF, IT and ID of a record, by the OCPP token that started it."""

import re
from typing import NamedTuple


class Identification(NamedTuple):
    """OCMF's user assignment (FV 1.3, table 4): status, level, flags, type and data."""

    assigned: bool
    level: str
    flags: tuple[str, ...]
    kind: str
    data: str


class _Kind(NamedTuple):
    """An OCMF type (table 17), how far it can be trusted (table 11), and the form that the type wants."""

    name: str
    level: str
    form: re.Pattern[str] | None = None


_UNKNOWN = _Kind("UNDEFINED", "HEARSAY")
_NOBODY = Identification(False, "NONE", (), "NONE", "")
_BY_BACKEND = ("OCPP_RS",)
"""A backend started it, by RequestStartTransaction (table 14): this station knows no other way."""

# A backend's word is "trusted to some extent"; a number that any reader can copy is hearsay (table 11).
_KINDS = {
    "Central": _Kind("CENTRAL", "TRUSTED"),
    "DirectPayment": _Kind("CENTRAL", "TRUSTED"),  # a payment's reference, made by the backend
    "Local": _Kind("LOCAL", "TRUSTED"),
    "KeyCode": _Kind("KEY_CODE", "TRUSTED"),
    "eMAID": _Kind("EMAID", "TRUSTED", re.compile(r"[A-Za-z0-9]{14,15}")),
    "ISO14443": _Kind("ISO14443", "HEARSAY", re.compile(r"(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14})")),
    "ISO15693": _Kind("ISO15693", "HEARSAY", re.compile(r"[0-9A-Fa-f]{16}")),
    "MacAddress": _Kind("EVCCID", "HEARSAY", re.compile(r"[0-9A-Fa-f]{12}")),
    "EVCCID": _Kind("EVCCID", "HEARSAY", re.compile(r"[0-9A-Fa-f]{12}")),
}


def identification(token_type: str, id_token: str) -> Identification:
    """Return the assignment of an OCPP 2.1 token (IdTokenType).

    A token that has not the form of its type is of type UNDEFINED: a verifier would refuse the record. A key
    code is a secret: its owner's bill goes through many hands, so the record only says that there was one.
    """
    if token_type == "NoAuthorization":
        return _NOBODY
    kind = _KINDS.get(token_type, _UNKNOWN)
    name = kind.name if kind.form is None or kind.form.fullmatch(id_token) else _UNKNOWN.name
    data = "" if token_type == "KeyCode" else id_token
    return Identification(True, kind.level, _BY_BACKEND, name, data)
