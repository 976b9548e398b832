"""The newest charge as the station's own records tell it, for a backend whose books cannot be read."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sim.trace import receipt_in_trace, records_in_trace

Json = dict[str, Any]


class OutsideBooks:
    """Follows frames.jsonl; `newest` is like the simulated backend's transaction, ``verified`` None."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = -1
        self._newest: Json | None = None

    def newest(self) -> Json | None:
        """Return the newest charge, None before the first record. Reads the file only when it has grown."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size != self._size:
            self._size = size
            self._newest = charge_in(records_in_trace(self._path))
            if self._newest is not None and self._newest["minutes"][-1]["kind"] == "E":
                receipt = receipt_in_trace(self._path)
                text = f"{receipt['total']} {receipt['currency']}, by the station"
                self._newest |= {"state": "Ended"}
                self._newest["receipt"] = {**receipt, "charged_text": text, "ended_received_ns": 1}
        return self._newest


def charge_in(records: list[str]) -> Json | None:
    """Return the charge that the last of these OCMF texts belongs to, None if there are none."""
    payloads = [json.loads(text.split("|", 2)[1], parse_float=Decimal) for text in records]
    if not payloads:
        return None
    identity = payloads[-1]["UT"]
    mine = [
        (payload, text) for payload, text in zip(payloads, records, strict=True) if payload["UT"] == identity
    ]
    minutes: list[Json] = []
    for payload, text in mine:
        before = Decimal(minutes[-1]["cost"]) if minutes else Decimal(0)
        minutes.append(_minute(payload, text, before))
    return {"id": identity, "state": "Charging", "minutes": minutes, "receipt": None}


def _minute(payload: Json, text: str, cost_before: Decimal) -> Json:
    reading = payload["RD"][0]
    register, cost = Decimal(reading["RV"]), Decimal(payload["UC"])
    at = datetime.fromisoformat(reading["TM"].split(" ")[0].replace(",", "."))
    return {
        "page": int(payload["PG"].removeprefix("T")),
        "at": at.isoformat(timespec="milliseconds"),
        "kind": reading["TX"],
        "import_kwh": str(register),
        "energy_wh": float((register - Decimal(payload["UB"])) * 1000),
        "cost": str(cost),
        "minute_cost": str(cost - cost_before),
        "ocmf": text,
        "verified": None,
        "why": "sealed; whether it was verified only the external backend knows",
    }
