"""The QR code's one-time code and URL: OCPP 2.1 block C25, device-model component ``WebPaymentsCtrlr``.

The code is OCPP's own "TOTP v1", not RFC 6238: the number of the validity interval keys into an HMAC-SHA256
whose bytes pick letters of a 62-letter alphabet. The backend accepts the previous, the current and the next
interval, so a code that changes while a driver aims the phone still works.
"""

import hashlib
import hmac
import re
import string
from dataclasses import dataclass, field
from urllib.parse import quote

TOTP_VERSION = "v1"
_ALPHABET = string.digits + string.ascii_lowercase + string.ascii_uppercase
_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class WebPayments:
    """The variables of ``WebPaymentsCtrlr`` that the QR code is made of; the secret stays out of any log."""

    enabled: bool
    url_template: str
    validity_s: int
    length: int
    secret: str = field(repr=False)


def totp(secret: str, validity_s: int, length: int, utc_ms: int) -> str:
    """Return the one-time code of ``length`` letters and digits for the interval that ``utc_ms`` lies in.

    Source: OCPP 2.1 part 2, C25, TOTP algorithm "v1".
    """
    interval = utc_ms // 1000 // validity_s
    digest = hmac.new(secret.encode(), interval.to_bytes(8, "big"), hashlib.sha256).digest()
    offset = digest[-1] & 0x0F
    return "".join(_ALPHABET[digest[(offset + i) % len(digest)] % len(_ALPHABET)] for i in range(length))


def valid_until_utc_ms(utc_ms: int, validity_s: int) -> int:
    """Return when the code shown at ``utc_ms`` is to be replaced: the end of its interval."""
    validity_ms = validity_s * 1000
    return (utc_ms // validity_ms + 1) * validity_ms


def qr_url(
    template: str, station_id: str, evse: int, secret: str, validity_s: int, length: int, utc_ms: int
) -> str:
    """Fill the URL template with this station, this EVSE and the code of the moment.

    Variables are ``{chargingstationid} {evse} {totp} {version}`` in any case; values are URL-quoted. What is
    not one of them stays as it is, so that a mistake in the template shows in the URL.
    """
    values = {
        "chargingstationid": station_id,
        "evse": str(evse),
        "totp": totp(secret, validity_s, length, utc_ms),
        "version": TOTP_VERSION,
    }

    def fill(found: re.Match[str]) -> str:
        value = values.get(found[1].lower())
        return found[0] if value is None else quote(value, safe="")

    return _VARIABLE.sub(fill, template)
