"""OCPP frames on file: the usage records and the public key that went over the wire."""

import base64
import json
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any


def frames_in(path: Path) -> list[dict[str, Any]]:
    """Return the lines of frames.jsonl; a last line cut short by a power cut is passed over."""
    frames = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            frames.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return frames


def records_in_trace(path: Path) -> list[str]:
    """Return the OCMF texts sent to the backend, in order, each once (a resend carries the same text)."""
    texts: dict[str, None] = {}
    for value in _signed_values(path):
        texts[base64.b64decode(value["signedMeterData"]).decode()] = None
    return list(texts)


def public_key_in_trace(path: Path) -> str:
    """Return the station's public key as hex DER (SPKI) from the signed values, "" if none carried it."""
    for value in _signed_values(path):
        if value.get("publicKey"):
            return base64.b64decode(value["publicKey"]).decode().rsplit(":", 1)[-1]
    return ""


def receipt_in_trace(path: Path) -> dict[str, Any]:
    """Return the newest charge's receipt as the station stated it, for a backend whose books we cannot see.

    The bill is the station's own (its last record); ``settled`` says that the backend acknowledged the end,
    ``verified`` is None because nobody here has checked the seals.
    """
    payloads = [json.loads(text.split("|")[1], parse_float=Decimal) for text in records_in_trace(path)]
    newest = [payload for payload in payloads if payload["UT"] == payloads[-1]["UT"]]
    if not newest:
        return {"energy_wh": 0.0, "total": "0.00", "currency": "CNY", "minutes": 0, "verified": None}
    last = newest[-1]
    energy_kwh = Decimal(last["RD"][0]["RV"]) - Decimal(last["UB"])
    return {
        "transaction_id": last["UT"],
        "energy_wh": float(energy_kwh * 1000),
        "total": str(Decimal(last["UC"]).quantize(Decimal("0.01"), ROUND_HALF_UP)),
        "currency": last["UU"],
        "minutes": len(newest) - 1,
        "verified": None,
    }


def _signed_values(path: Path) -> Iterator[dict[str, Any]]:
    for frame in frames_in(path):
        yield from _find_signed(frame)


def _find_signed(node: object) -> Iterator[dict[str, Any]]:
    """Yield every SignedMeterValueType below ``node`` (1.6 carries it as JSON text in a value)."""
    if isinstance(node, dict):
        if "signedMeterData" in node:
            yield node
            return
        for child in node.values():
            yield from _find_signed(child)
    elif isinstance(node, list):
        for child in node:
            yield from _find_signed(child)
    elif isinstance(node, str) and '"signedMeterData"' in node:
        yield from _find_signed(json.loads(node))
