"""The one-time code in the QR code on the display (OCPP 2.1 C25, WebPaymentsCtrlr, version v1).

Not RFC 6238: the interval number as 8 big-endian bytes, HMAC-SHA256 under the shared secret, and characters
taken round the hash from an offset in its last byte.
"""

import hashlib
import hmac

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def code_at(secret: str, utc_s: int, *, validity_s: int, length: int) -> str:
    """Return the code of the interval that ``utc_s`` lies in."""
    return _code(secret, utc_s // validity_s, length)


def is_current(code: str, secret: str, utc_s: int, *, validity_s: int, length: int) -> bool:
    """Tell whether a code is that of the previous, the current or the next interval.

    The neighbours count because the driver takes a moment and the charger's clock may be a little off.
    """
    now = utc_s // validity_s
    codes = (_code(secret, interval, length) for interval in (now - 1, now, now + 1))
    return any(hmac.compare_digest(code.encode(), known.encode()) for known in codes)


def _code(secret: str, interval: int, length: int) -> str:
    digest = hmac.digest(secret.encode(), interval.to_bytes(8, "big"), hashlib.sha256)
    offset = digest[-1] & 15
    characters = (digest[(offset + index) % len(digest)] for index in range(length))
    return "".join(_ALPHABET[value % len(_ALPHABET)] for value in characters)
