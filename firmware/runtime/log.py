"""Log events, not sentences: one JSON object a line on stderr, for machines first and people second.

Keys, tokens and card numbers never go in.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO


class EventFormatter(logging.Formatter):
    """``log.info("contactor.opened", extra={"evse": 1})`` → one JSON line with level, room and fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": record.name,
            "event": record.getMessage(),
            **fields,
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = repr(record.exc_info[1])
            line["where"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def to_stderr(level: int = logging.INFO, stream: TextIO = sys.stderr) -> None:
    """Send the firmware's events to stderr; libraries are heard from warnings on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(EventFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("firmware").setLevel(level)
