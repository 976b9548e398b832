"""What can be read off the frames alone, for a backend whose books nobody shows us."""

import base64
import json
from pathlib import Path
from typing import Any

from sim.trace import public_key_in_trace, receipt_in_trace, records_in_trace


def record(page: int, kwh: str, cost: str) -> str:
    payload = (
        f'{{"PG":"T{page}","RD":[{{"TM":"2026-06-01T10:0{page}:00,000+0800 S","RV":{kwh}}}],"UT":"t1",'
        f'"UB":100.0000,"UC":"{cost}","UU":"CNY"}}'
    )
    return f"OCMF|{payload}|{{}}"


def event(message_id: str, kind: str, text: str, key: str = "") -> list[Any]:
    signed = {"signedMeterData": base64.b64encode(text.encode()).decode(), "publicKey": key}
    value = {"sampledValue": [{"value": 1.0, "signedMeterValue": signed}]}
    return [2, message_id, "TransactionEvent", {"eventType": kind, "meterValue": [value]}]


def trace(tmp_path: Path, *frames: list[Any]) -> Path:
    path = tmp_path / "frames.jsonl"
    lines = [json.dumps({"mono_ns": ns, "frame": frame}) for ns, frame in enumerate(frames, 1000)]
    path.write_text("\n".join(lines) + "\n")
    return path


KEY = base64.b64encode(b"oca:base16:asn1:3059abcd").decode()
CHARGE = (
    event("a", "Started", record(1, "100.0000", "0.0000"), KEY),
    event("b", "Updated", record(2, "103.6000", "4.6449")),
    [3, "b", {}],
    event("b", "Updated", record(2, "103.6000", "4.6449")),
    event("c", "Ended", record(3, "107.2000", "9.2850")),
    [3, "x", {}],
    [3, "c", {"totalCost": 9.29}],
)


def test_each_record_counts_once_however_often_it_was_sent(tmp_path: Path) -> None:
    texts = records_in_trace(trace(tmp_path, *CHARGE))
    assert texts == [
        record(1, "100.0000", "0.0000"),
        record(2, "103.6000", "4.6449"),
        record(3, "107.2000", "9.2850"),
    ]


def test_the_key_comes_with_the_first_signed_value(tmp_path: Path) -> None:
    assert public_key_in_trace(trace(tmp_path, *CHARGE)) == "3059abcd"
    assert public_key_in_trace(trace(tmp_path)) == ""


def test_the_receipt_is_the_stations_own(tmp_path: Path) -> None:
    receipt = receipt_in_trace(trace(tmp_path, *CHARGE))
    assert (receipt["energy_wh"], receipt["total"], receipt["minutes"]) == (7200.0, "9.29", 2)
    assert receipt["verified"] is None


def test_signed_values_of_1_6_are_json_inside_a_value(tmp_path: Path) -> None:
    signed = json.dumps({"signedMeterData": base64.b64encode(b"OCMF|{}|{}").decode(), "publicKey": KEY})
    frame = [
        2,
        "m",
        "MeterValues",
        {"meterValue": [{"sampledValue": [{"format": "SignedData", "value": signed}]}]},
    ]
    path = trace(tmp_path, frame)
    assert records_in_trace(path) == ["OCMF|{}|{}"]
    assert public_key_in_trace(path) == "3059abcd"


def test_a_line_that_a_power_cut_tore_is_passed_over(tmp_path: Path) -> None:
    path = trace(tmp_path, *CHARGE)
    path.write_text(path.read_text() + '{"mono_ns":1,"frame":[2,"z"')
    assert len(records_in_trace(path)) == 3
