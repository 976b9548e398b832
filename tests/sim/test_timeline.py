"""The waits a driver feels, from the marks of board, phone and wire."""

import json
from pathlib import Path

import pytest

from sim.timeline import WireMarks, charge_marks, waits

MS = 1_000_000
START = [2, "s", "RequestStartTransaction", {}]
ENDED = [2, "e", "TransactionEvent", {"eventType": "Ended"}]


def append(path: Path, *frames: tuple[int, list[object]]) -> None:
    with path.open("a") as file:
        for at_ms, frame in frames:
            file.write(json.dumps({"mono_ns": at_ms * MS, "direction": "sent", "frame": frame}) + "\n")


def append_text(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


@pytest.fixture
def wire(tmp_path: Path) -> WireMarks:
    append(tmp_path / "frames.jsonl", (1000, START), (9000, ENDED), (9060, [3, "e", {}]))
    return WireMarks(tmp_path / "frames.jsonl").read_on()


SEEN = {
    "lock_released": [200 * MS, 1080 * MS, 8900 * MS],
    "plugged": [2000 * MS],
    "power_on": [150 * MS, 3200 * MS, 5000 * MS],
    "contactor_opened": [300 * MS, 4000 * MS, 8950 * MS],
}


def test_each_wait_is_between_the_right_two_marks(wire: WireMarks) -> None:
    told = waits(charge_marks(SEEN, wire, paid_ns=[100 * MS, 990 * MS]))
    assert told["scan_to_unlock_ms"] == 90.0  # the first release after paying, not the one at the end
    assert told["plug_to_power_ms"] == 1200.0  # the first current, not the one after a pause
    assert told["end_to_settled_ms"] == 110.0  # the last time the contactor opened


def test_a_payment_in_the_browser_counts_from_the_start_request(wire: WireMarks) -> None:
    assert waits(charge_marks(SEEN, wire, []))["scan_to_unlock_ms"] == 80.0


def test_before_the_first_charge_there_are_no_waits(tmp_path: Path) -> None:
    told = waits(charge_marks(SEEN, WireMarks(tmp_path / "none.jsonl").read_on(), []))
    assert (told["scan_to_unlock_ms"], told["plug_to_power_ms"], told["end_to_settled_ms"]) == (
        None,
        None,
        None,
    )


def test_frames_are_read_on_and_a_torn_line_waits_for_its_rest(tmp_path: Path, wire: WireMarks) -> None:
    path = tmp_path / "frames.jsonl"
    line = json.dumps({"mono_ns": 20_000 * MS, "direction": "received", "frame": START})
    append_text(path, line[:30])
    assert wire.read_on().starts_ns == [1000 * MS]
    append_text(path, line[30:] + "\n")
    assert wire.read_on().starts_ns == [1000 * MS, 20_000 * MS]
