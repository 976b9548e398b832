"""The frame trace: every frame with its times, none of the secrets."""

import json
from pathlib import Path

from firmware.csms.trace import FrameTrace


def test_frames_are_written_as_they_pass(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    trace = FrameTrace(str(path), lambda: 1_780_279_200_007, lambda: 42)
    trace.note("sent", '[2,"1","Heartbeat",{}]')
    trace.note("received", '[3,"1",{"n":1.500,\n"名":"楚"}]')
    trace.note("received", "no json")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {
        "at": "2026-06-01T02:00:00.007Z",
        "mono_ns": 42,
        "direction": "sent",
        "frame": [2, "1", "Heartbeat", {}],
    }
    assert '{"n":1.500,"名":"楚"}' in lines[1]
    assert json.loads(lines[2])["frame"] == "'no json'"


def test_secrets_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    items = [
        {
            "attributeValue": "hunter2hunter2",
            "component": {"name": "W"},
            "variable": {"name": "SharedSecret"},
        },
        {"attributeValue": "12", "component": {"name": "W"}, "variable": {"name": "Length"}},
    ]
    FrameTrace(str(path), lambda: 0).note(
        "received", json.dumps([2, "1", "SetVariables", {"setVariableData": items}])
    )
    text = path.read_text()
    assert "hunter2" not in text
    assert '"attributeValue":"12"' in text


def test_without_a_name_there_is_no_trace() -> None:
    FrameTrace("", lambda: 0).note("sent", "[]")


def test_a_full_disk_ends_the_trace_not_the_connection(tmp_path: Path) -> None:
    trace = FrameTrace("/dev/full", lambda: 0)
    trace.note("sent", "[]")
    trace.note("sent", "[]")
