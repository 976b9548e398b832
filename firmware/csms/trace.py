"""Every OCPP frame as a line of JSON, for the bench and the engineer. Secrets do not get there."""

import logging
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from firmware.csms.quantities import NOT_A_NUMBER, parse, timestamp

log = logging.getLogger(__name__)

SECRETS = frozenset({"SharedSecret", "BasicAuthPassword"})
"""Device-model variables whose values are masked."""

_MASKED = "***"
_encoder = msgspec.json.Encoder(decimal_format="number")


class FrameTrace:
    """Appends ``{"at", "mono_ns", "direction", "frame"}`` lines to a file; an empty name is off.

    ``at`` is the station's UTC, ``mono_ns`` the kernel's CLOCK_MONOTONIC, which compares across processes.
    ``frame`` is the parsed array, or the beginning of the text where it is none. A disk that cannot take it
    ends the trace, not the connection.
    """

    def __init__(
        self, path: str, utc_ms: Callable[[], int], monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._utc_ms = utc_ms
        self._monotonic_ns = monotonic_ns
        self._path = Path(path) if path else None

    def note(self, direction: Literal["sent", "received"], frame: str | bytes) -> None:
        """Append one frame as it passes."""
        if self._path is None:
            return
        line = {
            "at": timestamp(self._utc_ms()),
            "mono_ns": self._monotonic_ns(),
            "direction": direction,
            "frame": _masked(_parsed(frame)),
        }
        try:
            with self._path.open("ab") as file:
                file.write(_encoder.encode(line) + b"\n")
        except OSError as error:
            log.error("csms.trace_stopped", extra={"why": str(error)})
            self._path = None


def _digits(text: str) -> Decimal | str:
    """Keep the digits as they were; what is beyond any number becomes its text."""
    return text if parse(text) is NOT_A_NUMBER else Decimal(text)


_decoder = msgspec.json.Decoder(float_hook=_digits)


def _parsed(frame: str | bytes) -> Any:
    try:
        return _decoder.decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return repr(frame[:200])


def _masked(frame: Any) -> Any:
    """Return the frame with the values of secret variables masked (SetVariables, NotifyReport)."""
    if isinstance(frame, list):
        return [_masked(item) for item in frame]
    if not isinstance(frame, dict):
        return frame
    copy = {name: _masked(value) for name, value in frame.items()}
    variable = copy.get("variable")
    if isinstance(variable, dict) and variable.get("name") in SECRETS:
        for name in ("attributeValue", "value"):
            if name in copy:
                copy[name] = _MASKED
    return copy
