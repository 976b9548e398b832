"""The record of a key's replacement (docs/KEYS.md): a payload in the station's chain, without a reading.

The old key seals it as any record. The new key proves that somebody holds it: ``UN`` is its signature over
the payload as it is with an empty ``UN``.
"""

import json
from dataclasses import dataclass

from firmware.core.units import Stamp
from firmware.core.usage_record import Chain, time_text


@dataclass(frozen=True, slots=True)
class StationName:
    """Who the station says it is in its records: GI, GS and GV."""

    model: str
    station_id: str
    firmware_version: str


def rotation_payload(chain: Chain, station: StationName, at: Stamp, public_key: str, proof: str = "") -> str:
    """Return the payload of the rotation that follows ``chain``.

    ``public_key`` is the new one, hex of its DER; ``proof`` is hex of its signature over the payload without.
    """
    fields = {
        "FV": "1.3",
        "GI": station.model,
        "GS": station.station_id,
        "GV": station.firmware_version,
        "PG": f"F{chain.rotations + 1}",
        "MS": "",
        "IS": False,
        "IL": "NONE",
        "IF": [],
        "IT": "NONE",
        "ID": "",
        "RD": [],
        "UT": "",
        "UH": chain.previous_hash,
        "UA": time_text(at),
        "UK": public_key,
        "UN": proof,
    }
    return json.dumps(fields, separators=(",", ":")).replace("|", "\\u007c")
