"""A charge read off the wire, for a backend whose books are its own."""

import base64
import json
from pathlib import Path

from sim.page.outside import OutsideBooks, charge_in


def record(page: int, kind: str, register: str, cost: str, transaction: str = "t2") -> str:
    reading = f'{{"TM":"2026-06-01T10:{page:02}:00,000+0800 S","TX":"{kind}","RV":{register}}}'
    mine = f'"UT":"{transaction}","UB":1204.5000,"UC":"{cost}","UU":"CNY"'
    return f'OCMF|{{"PG":"T{page}","RD":[{reading}],{mine}}}|{{"SD":"30"}}'


OLD = record(1, "E", "1204.4000", "3.0000", "t1")
BEGIN = record(2, "B", "1204.5000", "0.0000")
MINUTE = record(3, "C", "1204.6200", "0.6940")
END = record(4, "E", "1204.7400", "0.8880")


def test_the_newest_charge_has_its_minutes_with_exact_shares() -> None:
    charge = charge_in([OLD, BEGIN, MINUTE])
    assert charge is not None
    assert [minute["minute_cost"] for minute in charge["minutes"]] == ["0.0000", "0.6940"]
    newest = charge["minutes"][-1]
    assert (newest["page"], newest["kind"], newest["import_kwh"]) == (3, "C", "1204.6200")
    assert (newest["energy_wh"], newest["at"]) == (120.0, "2026-06-01T10:03:00.000+08:00")
    assert newest["verified"] is None
    assert charge_in([]) is None


def test_the_books_follow_the_wire_to_the_bill(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    books = OutsideBooks(path)
    assert books.newest() is None
    send(path, BEGIN)
    send(path, MINUTE)
    going_on = books.newest()
    assert going_on is not None
    assert going_on["receipt"] is None
    send(path, END)
    ended = books.newest()
    assert ended is not None
    assert ended["receipt"]["charged_text"] == "0.89 CNY, by the station"


def send(path: Path, text: str) -> None:
    signed = {"signedMeterData": base64.b64encode(text.encode()).decode()}
    with path.open("a") as file:
        file.write(json.dumps({"mono_ns": 1, "frame": [2, "id", "TransactionEvent", signed]}) + "\n")
