"""The three waits a driver feels, from the marks that board, phone and wire leave (CLOCK_MONOTONIC ns)."""

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]
PAGE_BEFORE_START_NS = 30_000_000_000
"""A payment belongs to the start request that follows it within this time."""

_CALL, _CALL_RESULT = 2, 3
_STARTS = ("RequestStartTransaction", "RemoteStartTransaction")


class WireMarks:
    """Follows frames.jsonl as it grows: when starts were requested and ends acknowledged."""

    def __init__(self, path: Path) -> None:
        self.starts_ns: list[int] = []
        self.ends_ns: list[int] = []
        self._path = path
        self._offset = 0
        self._pending: set[str] = set()

    def read_on(self) -> "WireMarks":
        """Take in the lines that came since the last time; a line not yet whole waits for the next."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                for raw in file:
                    if not raw.endswith(b"\n"):
                        break
                    self._offset += len(raw)
                    self._take(json.loads(raw))
        return self

    def _take(self, line: Json) -> None:
        frame, at_ns = line["frame"], line["mono_ns"]
        if not isinstance(frame, list) or len(frame) < 3:
            return
        if frame[0] == _CALL and frame[2] in _STARTS:
            self.starts_ns.append(at_ns)
        elif frame[0] == _CALL and _ends_a_transaction(frame):
            self._pending.add(frame[1])
        elif frame[0] == _CALL_RESULT and frame[1] in self._pending:
            self._pending.discard(frame[1])
            self.ends_ns.append(at_ns)


def _ends_a_transaction(frame: list[Any]) -> bool:
    ended = frame[2] == "TransactionEvent" and frame[3].get("eventType") == "Ended"
    return bool(ended or frame[2] == "StopTransaction")


def charge_marks(seen: dict[str, list[int]], wire: WireMarks, paid_ns: list[int]) -> Json:
    """Return the marks of the newest charge; None where one is missing."""
    if not wire.starts_ns:
        return dict.fromkeys(
            ("scanned", "lock_released", "plugged", "power_on", "contactor_opened", "settled")
        )
    start_ns = wire.starts_ns[-1]
    paid = [at for at in paid_ns if 0 <= start_ns - at <= PAGE_BEFORE_START_NS]
    plugged = _first(seen, "plugged", start_ns)
    settled = next((at for at in wire.ends_ns if at >= start_ns), None)
    return {
        "scanned": paid[-1] if paid else start_ns,
        "start_requested": start_ns,
        "lock_released": _first(seen, "lock_released", start_ns),
        "plugged": plugged,
        "contactor_closed": _first(seen, "contactor_closed", start_ns),
        "power_on": _first(seen, "power_on", plugged or start_ns),
        "contactor_opened": _last(seen, "contactor_opened", start_ns),
        "settled": settled,
    }


def waits(marks: Json) -> Json:
    """Return scan_to_unlock_ms, plug_to_power_ms and end_to_settled_ms, and the marks themselves."""
    return {
        "scan_to_unlock_ms": _ms(marks, "scanned", "lock_released"),
        "plug_to_power_ms": _ms(marks, "plugged", "power_on"),
        "end_to_settled_ms": _ms(marks, "contactor_opened", "settled"),
        "marks": marks,
    }


def _first(seen: dict[str, list[int]], name: str, since_ns: int) -> int | None:
    return next((at for at in seen.get(name, []) if at >= since_ns), None)


def _last(seen: dict[str, list[int]], name: str, since_ns: int) -> int | None:
    return next((at for at in reversed(seen.get(name, [])) if at >= since_ns), None)


def _ms(marks: Json, start: str, end: str) -> float | None:
    if not marks.get(start) or not marks.get(end) or marks[end] < marks[start]:
        return None
    return float(round((marks[end] - marks[start]) / 1e6, 1))
