"""What a charger's meter has itself signed of a charge: the station carries it, here it is verified.

The station marks such a value by ``customData.sealedBy``; each EVSE's meter's key is pinned at first sight.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sim.csms.ocmf import PublicKey, UnreadableKeyError, read_seal

_WATT_HOURS = {"Wh": 1, "kWh": 1000}


@dataclass(frozen=True, slots=True)
class MeterSeal:
    """One signed text. ``context`` is OCPP's of its value, or why it came by itself: late, left-over."""

    context: str
    text: str
    public_key: str
    problems: tuple[str, ...] = ()


def is_sealed_by_meter(sampled: Mapping[str, Any]) -> bool:
    """Whether a sampled value carries the meter's seal and not the station's."""
    return bool(sampled.get("customData", {}).get("sealedBy") == "meter")


def energy_wh(text: str) -> Decimal | None:
    """Return the difference of the last and the first reading in a text, None where it has only one."""
    readings = json.loads(text.split("|")[1], parse_float=Decimal)["RD"]
    if len(readings) < 2:
        return None
    first, last = (
        Decimal(reading["RV"]) * _WATT_HOURS[reading["RU"]] for reading in (readings[0], readings[-1])
    )
    return last - first


@dataclass(slots=True)
class MeterKeys:
    """The meters' public keys, by station and EVSE."""

    _pinned: dict[tuple[str, int], str] = field(default_factory=dict)

    def check(self, station: str, evse: int, context: str, signed: Mapping[str, Any]) -> MeterSeal:
        """Take a SignedMeterValueType in and verify it."""
        try:
            text = base64.b64decode(signed["signedMeterData"], validate=True).decode()
            key = PublicKey.from_ocpp(signed.get("publicKey", ""))
        except (binascii.Error, UnicodeDecodeError, UnreadableKeyError) as error:
            return MeterSeal(context, "", "", (f"meter-seal: {error}",))
        return MeterSeal(context, text, key.hex, tuple(self._problems(station, evse, text, key)))

    def _problems(self, station: str, evse: int, text: str, key: PublicKey) -> Iterator[str]:
        if self._pinned.setdefault((station, evse), key.hex) != key.hex:
            yield f"meter-seal: the meter of EVSE {evse} shows another public key than the one pinned"
        try:
            payload, signature, _ = read_seal(text)
            energy_wh(text)
        except (ValueError, KeyError, TypeError, IndexError, ArithmeticError) as error:
            yield f"meter-seal: what the meter signed cannot be read: {error}"
            return
        if not key.has_signed(payload, signature):
            yield "meter-seal: what the meter signed does not verify with its key"
