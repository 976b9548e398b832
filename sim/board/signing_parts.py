"""What simulated signing meters are built of: a chip that signs, a clock that must be set, registers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNING_S = 0.2


@dataclass
class Chip:
    """What signs: a key, and the time that it takes. ``sign`` gives DER as the chip's firmware writes it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    ready_s: float = 0.0

    @property
    def busy(self) -> bool:
        return time.monotonic() < self.ready_s

    @property
    def public_der(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, text: str, *, padded: bool = False) -> bytes:
        """Sign, and be busy for a while. ``padded``: each number has 32 bytes at least, as Iskra's do."""
        self.ready_s = time.monotonic() + SIGNING_S
        der = self.key.sign(text.encode(), ec.ECDSA(SHA256()))
        if not padded:
            return der
        body = b""
        for number in decode_dss_signature(der):
            data = number.to_bytes(32, "big")
            data = (b"\0" if data[0] & 0x80 else b"") + data
            body += bytes((2, len(data))) + data
        return bytes((0x30, len(body))) + body


class MeterClock:
    """A clock that must be set: it knows nothing before, and runs with ``now_ms`` after."""

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self._now_ms = now_ms
        self._offset_ms: float | None = None

    @property
    def is_set(self) -> bool:
        return self._offset_ms is not None

    def set(self, utc_s: int) -> None:
        self._offset_ms = utc_s * 1000 - self._now_ms()

    def lose(self) -> None:
        self._offset_ms = None

    def utc_s(self) -> int:
        return 0 if self._offset_ms is None else int(self._now_ms() + self._offset_ms) // 1000

    def stamp(self, zone_min: int, status: str) -> str:
        """Return OCMF's TM."""
        local = datetime.fromtimestamp(self.utc_s(), UTC).astimezone(timezone(timedelta(minutes=zone_min)))
        return f"{local:%Y-%m-%dT%H:%M:%S},000{local:%z} {status}"


class Memory:
    """Registers by address; what was never written is 0."""

    def __init__(self, first: int, count: int) -> None:
        self._first = first
        self._words = [0] * count

    def holds(self, at: int, count: int) -> bool:
        return self._first <= at and at + count <= self._first + len(self._words)

    def __getitem__(self, at: int) -> int:
        return self._words[at - self._first]

    def get(self, at: int, count: int) -> list[int]:
        return self._words[at - self._first : at - self._first + count]

    def put(self, at: int, *words: int) -> None:
        self._words[at - self._first : at - self._first + len(words)] = words

    def text(self, at: int, length: int) -> bytes:
        data = b"".join(word.to_bytes(2, "big") for word in self.get(at, (length + 1) // 2))
        return data[:length]

    def put_bytes(self, at: int, data: bytes, registers: int = 0) -> None:
        data = data.ljust(2 * registers or len(data) + len(data) % 2, b"\0")
        self.put(at, *(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)))
