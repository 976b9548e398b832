"""Readings as OCPP 2.x MeterValueType: the register first, signed, with exactly its digits."""

import base64
from datetime import datetime
from typing import Any

import msgspec

from firmware.core.entries import MeterSealKept, TransactionEnded, UsageRecorded
from firmware.core.events import MeterSeal
from firmware.csms.quantities import number, timestamp

BEGIN, PERIODIC, END = "Transaction.Begin", "Sample.Periodic", "Transaction.End"


def of_record(entry: UsageRecorded, ocmf: str, public_key: str) -> dict[str, Any]:
    """Return the meter value of a usage record; the key goes with the first record of a transaction."""
    begin = entry.kind == "B"
    signed = _signed(ocmf, public_key if begin else "")
    values = [_register(entry.import_dwh, BEGIN if begin else PERIODIC, signed)]
    if entry.power_w is not None:
        values.append(_power(entry.power_w))
    return {"timestamp": timestamp(entry.at.utc_ms), "sampledValue": values}


def of_end(entry: TransactionEnded, signed: tuple[str, ...], public_key: str) -> list[dict[str, Any]]:
    """Return the begin and end readings of a transaction, each with its seal; none if there was no begin.

    What the meter itself signed follows each as a second value, with the meter's key: some backends take the
    first one for the bill.
    """
    if entry.import_begin_dwh is None or entry.import_end_dwh is None:
        return []
    begin_ocmf, end_ocmf = (*signed, "", "")[:2]
    begin = _register(entry.import_begin_dwh, BEGIN, _signed(begin_ocmf, public_key))
    end = _register(entry.import_end_dwh, END, _signed(end_ocmf, public_key))
    at = timestamp(entry.at.utc_ms)
    return [
        {
            "timestamp": _reading_time(begin_ocmf) or at,
            "sampledValue": [begin, *_by_meter(entry.import_begin_dwh, BEGIN, entry.meter_begin_seal)],
        },
        {
            "timestamp": _reading_time(end_ocmf) or at,
            "sampledValue": [end, *_by_meter(entry.import_end_dwh, END, entry.meter_end_seal)],
        },
    ]


def late_seal(kept: MeterSealKept, vendor: str) -> dict[str, Any]:
    """Return DataTransfer for what a meter signed too late: in its transaction nothing follows Ended."""
    data = {
        "transactionId": kept.transaction_id,
        "when": kept.when,
        "signedMeterValue": _meter_signed(kept.seal),
    }
    return {"vendorId": vendor, "messageId": "MeterSeal", "data": data}


def _by_meter(import_dwh: int, context: str, seal: MeterSeal | None) -> list[dict[str, Any]]:
    """Return the register once more with the meter's own seal, or nothing."""
    if seal is None:
        return []
    sealed_by = {"customData": {"vendorId": "wattseal", "sealedBy": "meter"}}
    return [_register(import_dwh, context, _meter_signed(seal)) | sealed_by]


def _meter_signed(seal: MeterSeal) -> dict[str, str]:
    return {
        "signedMeterData": _base64(seal.data),
        "signingMethod": "",
        "encodingMethod": seal.encoding,
        "publicKey": public_key_text(bytes.fromhex(seal.public_key_hex)),
    }


def public_key_text(public_key_der: bytes) -> str:
    """Return the key as OCPP carries it: base64 of ``oca:base16:asn1:<hex DER>`` (OCPP 2.1 part 2, 2.59)."""
    return _base64(f"oca:base16:asn1:{public_key_der.hex()}")


def _register(import_dwh: int, context: str, signed: dict[str, str] | None) -> dict[str, Any]:
    value = {
        "value": number(import_dwh, 1),
        "measurand": "Energy.Active.Import.Register",
        "context": context,
        "location": "Outlet",
        "unitOfMeasure": {"unit": "Wh"},
    }
    return value | ({"signedMeterValue": signed} if signed else {})


def _power(power_w: int) -> dict[str, Any]:
    return {
        "value": power_w,
        "measurand": "Power.Active.Import",
        "context": PERIODIC,
        "location": "Outlet",
        "unitOfMeasure": {"unit": "W"},
    }


def _signed(ocmf: str, public_key: str) -> dict[str, str] | None:
    """OCMF names its signature algorithm itself, so ``signingMethod`` stays empty."""
    if not ocmf:
        return None
    return {
        "signedMeterData": _base64(ocmf),
        "signingMethod": "",
        "encodingMethod": "OCMF",
        "publicKey": public_key,
    }


def _reading_time(ocmf: str) -> str | None:
    """Return when a sealed reading was taken, from its ``TM`` (``2026-06-01T10:00:00,000+0800 S``)."""
    try:
        text = msgspec.json.decode(ocmf.split("|")[1])["RD"][0]["TM"]
        taken = datetime.strptime(text.split(" ")[0], "%Y-%m-%dT%H:%M:%S,%f%z")
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    return timestamp(round(taken.timestamp() * 1000))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
