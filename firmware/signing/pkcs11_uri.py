"""Where a key lies on a token, as a PKCS #11 URI (RFC 7512): the part of it that a site file may use."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from config.shape import closest

_TEXTS = ("token", "manufacturer", "model", "serial", "object")
_PATH = (*_TEXTS, "id", "type")
_QUERY = ("module-path", "pin-source")
_ALLOWED = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=&/?-]|%[0-9A-Fa-f]{2})*")  # RFC 7512, section 2.3
_SCHEME = "pkcs11:"


class KeyUriError(ValueError):
    """A URI that names no key; the text says what is wrong with it and what to write."""


@dataclass(frozen=True, slots=True)
class TokenName:
    """Which token of which PKCS #11 module; "" is any. ``pin_source`` is a file with the PIN of its user."""

    module: Path
    label: str = ""
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    pin_source: Path | None = None

    def __str__(self) -> str:
        return f'token "{self.label or self.serial}" ({self.module.name})'


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """The keys under one label on one token; ``id`` pins one of them."""

    token: TokenName
    object: str
    id: bytes = b""

    def __str__(self) -> str:
        """Return what a person is told: never where the PIN is."""
        return f'key "{self.object}" on {self.token}'


def parse(uri: str) -> Pkcs11Uri:
    """Return the place that ``uri`` names. Raises KeyUriError."""
    path, _, query = uri.removeprefix(_SCHEME).partition("?")
    _refuse_pin(query)
    places = _attributes(path, ";", _PATH, "before the ?")
    sources = _attributes(query, "&", _QUERY, "after the ?")
    if places.get("type", b"private") != b"private":
        raise KeyUriError("type= must be private, or be left out: a station signs with a private key")
    texts = {name: _text(name, places[name]) for name in _TEXTS if name in places}
    if "object" not in texts:
        raise KeyUriError("object= is missing: the label of the key on its token, object=station")
    if not {"token", "serial"} & texts.keys():
        raise KeyUriError("token= is missing: the label of the token that the key is on")
    module = _file("module-path", sources.get("module-path"))
    if module is None:
        raise KeyUriError(
            "module-path= is missing: the token's PKCS #11 library, as "
            "?module-path=/usr/lib/softhsm/libsofthsm2.so"
        )
    token = TokenName(
        module,
        label=texts.get("token", ""),
        manufacturer=texts.get("manufacturer", ""),
        model=texts.get("model", ""),
        serial=texts.get("serial", ""),
        pin_source=_file("pin-source", sources.get("pin-source")),
    )
    return Pkcs11Uri(token, texts["object"], places.get("id", b""))


def check(key: str) -> None:
    """Raise KeyUriError when a site file's ``signing.key`` is a token's URI, and a wrong one."""
    if key.startswith(_SCHEME):
        parse(key)


def _refuse_pin(query: str) -> None:
    if any(part.partition("=")[0] == "pin-value" for part in query.split("&")):
        raise KeyUriError(
            "pin-value= is refused: a PIN does not belong in a site file; write it into a file of mode 0600 "
            "and name that, pin-source=file:/etc/wattseal/pin"
        )


def _attributes(part: str, separator: str, known: tuple[str, ...], where: str) -> dict[str, bytes]:
    """Return the attributes of one part of a URI, percent-decoded; none is there twice or empty."""
    found: dict[str, bytes] = {}
    for attribute in part.split(separator) if part else ():
        name, equals, value = attribute.partition("=")
        if name not in known:
            raise KeyUriError(f'"{name}" is no attribute that is used {where}{closest(name, known)}')
        if not equals or not value or not _ALLOWED.fullmatch(value):
            raise KeyUriError(
                f"{name}= has no value, or a character in it that must be percent-encoded (a space is %20)"
            )
        if name in found:
            raise KeyUriError(f"{name}= is there twice")
        found[name] = unquote_to_bytes(value)
    return found


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise KeyUriError(f"{name}= is not UTF-8 when its %XX are decoded") from error


def _file(name: str, value: bytes | None) -> Path | None:
    """Return a file that an attribute names, as a path or as a file: URI."""
    if value is None:
        return None
    path = Path(_text(name, value).removeprefix("file:"))
    if not path.is_absolute():
        raise KeyUriError(
            f"{name}= must be an absolute path, or file: and one (no command, no relative path)"
        )
    return path
