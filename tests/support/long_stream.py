"""A stream of any length: three EVSEs' charges as the core recorded them, each week, chained and sealed."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from firmware.signing.seal import Sealer
from tests.ledger.samples import KnownKey
from tests.support.streams import STREAMS

_WEEK = timedelta(days=7)
_WEEK_DWH = 100_000
_CHANGES = re.compile(
    r'"PG":"(?P<PG>T\d+)"|"TM":"(?P<TM>[^,]+),|"RV":(?P<RV>[\d.]+)|"UT":"(?P<UT>[^"]*)"|"UH":"(?P<UH>\w*)"'
    r'|"UB":(?P<UB>[\d.]+)|"UM":(?P<UM>\d+)'
)


def long_stream(length: int, key: KnownKey) -> Iterator[bytes]:
    """Yield sealed records, whole weeks of them and ``length`` at least, priced by time of use."""
    texts = (text.decode().split("|")[1] for text in STREAMS["garage"]().texts)
    week = []
    for payload in texts:
        if '"UK":' in payload:
            break
        week.append(_Template(payload))
    seal, number, digest = Sealer(key).seal, 0, ""
    for weeks in count():
        for template in week:
            number += 1
            payload = template.payload(number, weeks, digest)
            digest = hashlib.sha256(payload.encode()).hexdigest()
            yield seal(payload).encode()
        if number >= length:
            return


class _Template:
    """A record's payload with gaps for what differs from week to week."""

    def __init__(self, payload: str) -> None:
        self._found: dict[str, str] = {}
        self._text = _CHANGES.sub(self._gap, payload.replace("{", "{{").replace("}", "}}"))
        self._at = datetime.fromisoformat(self._found["TM"])

    def payload(self, number: int, weeks: int, digest: str) -> str:
        dwh = weeks * _WEEK_DWH
        return self._text.format(
            PG=f"T{number}",
            TM=f"{self._at + weeks * _WEEK:%Y-%m-%dT%H:%M:%S}",
            RV=_higher(self._found["RV"], dwh),
            UT=f"{self._found['UT']}-{weeks}",
            UH=digest,
            UB=_higher(self._found["UB"], dwh),
            UM=int(self._found["UM"]) + weeks * 604_800_000,
        )

    def _gap(self, match: re.Match[str]) -> str:
        name = match.lastgroup
        assert name is not None
        self._found[name] = match[name]
        return match[0].replace(match[name], f"{{{name}}}") if match[name] else match[0][:-1] + f'{{{name}}}"'


def _higher(kwh: str, dwh: int) -> str:
    value = int(kwh.replace(".", "")) + dwh
    return f"{value // 10_000}.{value % 10_000:04d}"
