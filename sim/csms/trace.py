"""Writes every OCPP frame as a JSON line; secrets that a frame sets are masked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TextIO

Direction = Literal["sent", "received"]
"""As the station sees it: ``sent`` is station → backend."""


class Trace:
    """The frames file; ``path`` None writes nothing. ``now`` gives billing time as ISO 8601."""

    def __init__(self, path: Path | None, now: Callable[[], str]) -> None:
        self._now = now
        self._file: TextIO | None = path.open("a", buffering=1, encoding="utf-8") if path else None

    def note(self, direction: Direction, frame: Any, mono_ns: int) -> None:
        """Write one frame (or, where it was no JSON, its text) with the kernel's monotonic time."""
        if self._file is None:
            return
        line = {"at": self._now(), "mono_ns": mono_ns, "direction": direction, "frame": _masked(frame)}
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _masked(frame: Any) -> Any:
    """Return the frame with the value of a SharedSecret replaced; all else as it is."""
    if not (isinstance(frame, list) and len(frame) == 4 and frame[2] == "SetVariables"):
        return frame
    data = frame[3].get("setVariableData", ()) if isinstance(frame[3], dict) else ()
    return [*frame[:3], {**frame[3], "setVariableData": [_masked_variable(item) for item in data]}]


def _masked_variable(item: Any) -> Any:
    if isinstance(item, dict) and item.get("variable", {}).get("name") == "SharedSecret":
        return {**item, "attributeValue": "***"}
    return item
