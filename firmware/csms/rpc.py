"""OCPP-J framing without I/O: payloads in, frames out; frames in, events out (OCPP 2.1 part 4, clause 4).

Message types: 2 CALL, 3 CALLRESULT, 4 CALLERROR, and in 2.1 also 5 CALLRESULTERROR and 6 SEND. At most one
call of ours is outstanding. Payloads are dicts with the wire's camelCase names; numbers are int or Decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from firmware.csms.quantities import parse
from firmware.csms.schemas import Schemas, Violation

Payload = Mapping[str, Any]

_CALL, _RESULT, _ERROR, _RESULT_ERROR, _SEND = 2, 3, 4, 5, 6
_LENGTHS = {_CALL: 4, _RESULT: 3, _ERROR: 5, _RESULT_ERROR: 5, _SEND: 4}
_UNREADABLE_ID = "-1"
_MAX_ID = 128
_MAX_DESCRIPTION = 255

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=parse)


class BusyError(RuntimeError):
    """A call was made while another one is outstanding."""


class OwnMessageError(ValueError):
    """A message of ours does not fit its schema; it was not sent."""


@dataclass(frozen=True, slots=True)
class CallReceived:
    """The peer calls; answer with `Rpc.result` or `Rpc.error`."""

    message_id: str
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class SendReceived:
    """The peer tells something that has no answer (type 6)."""

    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class ResultReceived:
    """Our call was answered. With a ``violation`` the payload is not to be relied on."""

    payload: Payload
    violation: Violation | None = None
    objection: str = ""
    """A frame to send back about the violation (type 5, 2.1 only)."""


@dataclass(frozen=True, slots=True)
class ErrorReceived:
    """Our call was refused."""

    code: str
    description: str


@dataclass(frozen=True, slots=True)
class ResultRefused:
    """The peer could not use an answer of ours (type 5)."""

    message_id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class FrameRejected:
    """A frame that cannot be taken; ``answer`` is the frame to send back, "" for none."""

    why: str
    answer: str = ""


Received = CallReceived | SendReceived | ResultReceived | ErrorReceived | ResultRefused | FrameRejected


class Rpc:
    """One connection's framing. It keeps which call of ours is outstanding and nothing else."""

    def __init__(self, schemas: Schemas, *, has_types_5_and_6: bool) -> None:
        self._schemas = schemas
        self._has_types_5_and_6 = has_types_5_and_6
        self._outstanding: tuple[str, str] | None = None

    def call(self, message_id: str, action: str, payload: Payload) -> str:
        """Return the frame of a call. Raises BusyError, or OwnMessageError when the payload is wrong."""
        if self._outstanding is not None:
            raise BusyError(f"{action} while {self._outstanding[1]} is not answered")
        self._check_own(f"{action}Request", payload)
        self._outstanding = (message_id, action)
        return _frame([_CALL, message_id, action, payload])

    def give_up(self) -> None:
        """Wait no longer for the answer of the outstanding call."""
        self._outstanding = None

    def result(self, message_id: str, action: str, payload: Payload) -> str:
        """Return the frame that answers a call. Raises OwnMessageError when the payload is wrong."""
        self._check_own(f"{action}Response", payload)
        return _frame([_RESULT, message_id, payload])

    def error(self, message_id: str, code: str, description: str) -> str:
        """Return the frame that refuses a call."""
        return _frame([_ERROR, message_id, code, description[:_MAX_DESCRIPTION], {}])

    def receive(self, frame: str | bytes) -> Received:
        """Return what a frame means; never raises for what a peer can send."""
        if isinstance(frame, bytes):
            return self._unreadable("a binary message; OCPP-J is text")
        try:
            message = _decoder.decode(frame)
        except (msgspec.DecodeError, RecursionError) as error:
            return self._unreadable(str(error))
        if not isinstance(message, list) or len(message) < 2:
            return self._unreadable("not an array of at least two elements")
        kind, message_id = message[0], message[1]
        if not isinstance(message_id, str) or not 0 < len(message_id) <= _MAX_ID:
            return self._unreadable("the message id cannot be read")
        return self._typed(kind, message_id, message)

    def _typed(self, kind: object, message_id: str, message: list[Any]) -> Received:
        if not self._supports(kind):
            answer = self.error(
                message_id, "MessageTypeNotSupported", f"message type {kind} is not supported"
            )
            return FrameRejected(f"message type {str(kind)[:20]}", answer)
        if len(message) != _LENGTHS[message[0]]:
            return self._misshapen(message, f"{len(message)} elements, expected {_LENGTHS[message[0]]}")
        if kind in (_CALL, _SEND):
            return self._call(message)
        return self._result(message) if kind == _RESULT else self._error(message)

    def _supports(self, kind: object) -> bool:
        if not isinstance(kind, int) or isinstance(kind, bool):
            return False
        return kind in (_CALL, _RESULT, _ERROR) or (
            self._has_types_5_and_6 and kind in (_RESULT_ERROR, _SEND)
        )

    def _call(self, message: list[Any]) -> Received:
        kind, message_id, action, payload = message
        if not isinstance(action, str):
            return self._misshapen(message, "the action is not a string")
        if not self._schemas.knows(action):
            return self._refused(kind, message_id, "NotImplemented", f"{action[:50]} is not known here")
        if not isinstance(payload, dict):
            return self._misshapen(message, "the payload is not an object")
        violation = self._schemas.check_request(action, payload)
        if violation is not None:
            return self._refused(kind, message_id, violation.code, f"{action}: {violation}")
        return CallReceived(message_id, action, payload) if kind == _CALL else SendReceived(action, payload)

    def _result(self, message: list[Any]) -> Received:
        _, message_id, payload = message
        if self._outstanding is None or message_id != self._outstanding[0]:
            return FrameRejected(f"an answer to no call of ours ({message_id})")
        action = self._outstanding[1]
        self._outstanding = None
        violation = self._check_result(action, payload)
        if violation is None:
            return ResultReceived(payload)
        objection = ""
        if self._has_types_5_and_6:
            objection = _frame(
                [_RESULT_ERROR, message_id, violation.code, str(violation)[:_MAX_DESCRIPTION], {}]
            )
        return ResultReceived(payload if isinstance(payload, dict) else {}, violation, objection)

    def _check_result(self, action: str, payload: object) -> Violation | None:
        if not isinstance(payload, dict):
            return Violation("FormatViolation", "", "the payload is not an object")
        return self._schemas.check_response(action, payload)

    def _error(self, message: list[Any]) -> Received:
        kind, message_id, code, description, _ = message
        code, description = str(code)[:50], str(description)[:_MAX_DESCRIPTION]
        if kind == _RESULT_ERROR:
            return ResultRefused(message_id, code, description)
        if self._outstanding is None or message_id != self._outstanding[0]:
            return FrameRejected(f"an error to no call of ours ({message_id}: {code} {description})")
        self._outstanding = None
        return ErrorReceived(code, description)

    def _check_own(self, name: str, payload: Payload) -> None:
        violation = self._schemas.check_own(name, payload)
        if violation is not None:
            raise OwnMessageError(f"{name}: {violation}")

    def _refused(self, kind: int, message_id: str, code: str, why: str) -> FrameRejected:
        return FrameRejected(why, self.error(message_id, code, why) if kind == _CALL else "")

    def _misshapen(self, message: list[Any], why: str) -> FrameRejected:
        """Only calls are answered: errors about answers would go back and forth."""
        answer = self.error(message[1], "FormatViolation", why) if message[0] == _CALL else ""
        return FrameRejected(why, answer)

    def _unreadable(self, why: str) -> FrameRejected:
        return FrameRejected(why, self.error(_UNREADABLE_ID, "RpcFrameworkError", why))


def _frame(message: list[Any]) -> str:
    return _encoder.encode(message).decode()
