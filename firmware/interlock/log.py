"""One event as a JSON line on stderr: no logging module to load, no reader to wait for."""

import json
import os
import select

_STDERR = 2


def log(event: str, **fields: object) -> None:
    """Write one event. Lost when nobody takes it: a full pipe must not keep a contactor closed."""
    line = json.dumps({"room": "firmware.interlock", "event": event, **fields}) + "\n"
    try:
        _, writable, _ = select.select([], [_STDERR], [], 0)
        if writable:  # a pipe has room for PIPE_BUF then, and no line is longer
            os.write(_STDERR, line.encode()[: select.PIPE_BUF])
    except OSError:
        return
