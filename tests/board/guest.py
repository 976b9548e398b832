"""The hands inside the virtual board: Python objects of the guest, used from the host by JSON lines.

A request is ``{"import": module}``, ``{"get": name, "of": handle}`` or ``{"call": name, "of": handle,
"args": […], "named": {…}}``. Answers: ``{"value": …}``, or ``{"error": exception's name, "message": text}``;
values as in `tests.board.wire`. Objects stay in the guest until it restarts. Only tests/board/machine.py
speaks with it. It knows nothing of the hal: the tests say what to do.
"""

import importlib
import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from tests.board import wire

objects: dict[int, Any] = {}


def main() -> None:
    """Say hello, then serve until the end of the port."""
    port = _port("hands")
    with port.open("r+b", buffering=0) as line:
        _send(line, {"hello": time.monotonic()})
        while request := _read_line(line):
            _send(line, _answer(json.loads(request)))


def _port(name: str) -> Path:
    named = Path("/sys/class/virtio-ports").glob("*/name")
    return next(Path("/dev") / file.parent.name for file in named if file.read_text().strip() == name)


def _read_line(line: BinaryIO) -> bytes:
    got = b""
    while not got.endswith(b"\n"):
        piece = line.read(65536)
        if not piece:
            return b""
        got += piece
    return got


def _send(line: BinaryIO, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[line.write(data) :]


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": wire.pack(_do(request), _keep)}
    except BaseException as problem:  # noqa: BLE001 - whatever it is, the host is told
        traceback.print_exc(file=sys.stderr)
        return {"error": type(problem).__name__, "message": str(problem)}


def _do(request: dict[str, Any]) -> Any:
    if "import" in request:
        return importlib.import_module(request["import"])
    subject = objects[request["of"]]
    if "get" in request:
        return getattr(subject, request["get"])
    args, named = (wire.unpack(request[key], objects.__getitem__) for key in ("args", "named"))
    return getattr(subject, request["call"])(*args, **named)


def _keep(subject: Any) -> int:
    objects[id(subject)] = subject
    return id(subject)


if __name__ == "__main__":
    main()
