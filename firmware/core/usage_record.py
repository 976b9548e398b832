"""A usage record's OCMF payload (FV 1.3): one reading, the sums up to it, the link to the record before.

The text is the record: it is sealed once and kept byte for byte. Vendor keys (U…) are in docs/OCMF.md.
"""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from firmware.core.identification import identification
from firmware.core.settings import MeterIdentity, Settings
from firmware.core.tariff import Tariff
from firmware.core.tariff_text import tariff_text
from firmware.core.units import Stamp

_NO_CHARACTER = re.compile("[\\ud800-\\udfff]")
"""Halves of surrogate pairs: JSON can carry them, but they are no text."""

_STATUS = {"synchronised": "S", "informative": "I", "unsynchronised": "U"}


@dataclass(frozen=True, slots=True)
class Chain:
    """Where the station's chain of records stands: the last number, and the SHA-256 of the last payload.

    ``rotations`` counts the replacements of the key: records in the chain that have numbers of their own.
    """

    number: int = 0
    previous_hash: str = ""
    rotations: int = 0

    def follow(self, payload: str) -> "Chain":
        """Return the chain with one more payload on it."""
        digest = hashlib.sha256(payload.encode()).hexdigest()
        return replace(self, number=self.number + 1, previous_hash=digest)


@dataclass(frozen=True, slots=True)
class Content:
    """What one record says. Sums are cumulative since the transaction's begin register.

    ``token_type`` is an OCPP 2.1 IdTokenType: whose ``id_token`` it is.
    ``flags`` say what an auditor should know of this reading (docs/OCMF.md, UF).
    """

    kind: str
    at: Stamp
    evse: int
    transaction_id: str
    id_token: str
    token_type: str
    import_dwh: int
    begin_dwh: int
    charging_ms: int
    idle_ms: int
    cost_e4: int
    flags: tuple[str, ...] = ()


def payload(chain: Chain, settings: Settings, meter: MeterIdentity, tariff: Tariff, content: Content) -> str:
    """Return the payload of the record that follows ``chain``, as compact JSON in OCMF's key order."""
    driver = identification(content.token_type, content.id_token)
    fields = {
        "FV": "1.3",
        "GI": f"{settings.vendor} {settings.model}",
        "GS": settings.station_id,
        "GV": settings.firmware_version,
        "PG": f"T{chain.number + 1}",
        "MV": meter.vendor,
        "MM": meter.model,
        "MS": meter.serial,
        "IS": driver.assigned,
        "IL": driver.level,
        "IF": list(driver.flags),
        "IT": driver.kind,
        "ID": driver.data,
        "CT": "EVSEID",
        "CI": f"{settings.station_id}*{content.evse}",
        "TT": tariff_text(tariff),
        "RD": [_reading(content)],
        "UT": content.transaction_id,
        "UH": chain.previous_hash,
        "UI": tariff.tariff_id,
        "UV": tariff.version,
        "UR": _decimal(meter.resolution_dwh, 1),
        "UB": _Number(kilowatt_hours(content.begin_dwh)),
        "UC": _decimal(content.cost_e4, 4),
        "UU": tariff.currency,
        "UD": content.charging_ms,
        "UW": content.idle_ms,
        "UM": content.at.mono_ms,
        "UF": list(content.flags),
    }
    return _compact(fields)


def _reading(content: Content) -> dict[str, object]:
    """Return the reading. Its status is always G: no other is believed, so no other is recorded."""
    return {
        "TM": time_text(content.at),
        "TX": content.kind,
        "RV": _Number(kilowatt_hours(content.import_dwh)),
        "RI": "1-0:1.8.0",
        "RU": "kWh",
        "RT": "AC",
        "EF": "t" if content.at.trust == "unsynchronised" else "",
        "ST": "G",
    }


def time_text(at: Stamp) -> str:
    """Return OCMF's TM: ``2018-07-24T13:22:04,000+0200 S`` (local time, offset, clock status)."""
    local = datetime.fromtimestamp(at.utc_ms // 1000, UTC).astimezone(
        timezone(timedelta(minutes=at.offset_min))
    )
    return f"{local:%Y-%m-%dT%H:%M:%S},{at.utc_ms % 1000:03d}{local:%z} {_STATUS[at.trust]}"


def kilowatt_hours(dwh: int) -> str:
    """Return tenths of a watt-hour as kWh text with all four decimals."""
    return _decimal(dwh, 4)


def _decimal(value: int, places: int) -> str:
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 10**places)
    return f"{sign}{whole}.{part:0{places}d}"


class _Number(str):
    """A number's exact text, written into JSON without quotes: a float would lose its last digits."""

    __slots__ = ()


def _compact(value: object) -> str:
    """Return compact JSON in ASCII, without "|".

    A line break in a tariff's name must not end a record's line, "|" separates OCMF's parts, and the
    transparency software hashes a text in whatever encoding its computer has: ASCII is the same in all.
    """
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    if isinstance(value, str):
        value = _NO_CHARACTER.sub("\ufffd", value)
    return json.dumps(value).replace("|", "\\u007c")
