"""One connection at work: a reader, a writer and whoever makes our calls, over the framing of `rpc`."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

from firmware.csms.link import Link, LinkClosedError
from firmware.csms.messages import Answer, CallError, Message, Reply
from firmware.csms.rpc import (
    CallReceived,
    ErrorReceived,
    FrameRejected,
    OwnMessageError,
    Payload,
    Received,
    ResultReceived,
    ResultRefused,
    Rpc,
    SendReceived,
)
from firmware.csms.schemas import Violation
from firmware.csms.trace import FrameTrace

log = logging.getLogger(__name__)

CallHandler = Callable[[CallReceived, Reply], None]


class CallTimeoutError(TimeoutError):
    """The backend did not answer in time; it may have taken the message all the same."""


class CallRefusedError(Exception):
    """The backend answered CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code


class InvalidAnswerError(Exception):
    """The backend took the message, but its answer does not fit the schema."""

    def __init__(self, violation: Violation, payload: Payload) -> None:
        super().__init__(str(violation))
        self.payload = payload


class Session:
    """Calls go out one at a time; answers to the peer's calls go out between them, in the order given."""

    def __init__(self, link: Link, rpc: Rpc, trace: FrameTrace, call_timeout_s: float) -> None:
        self._link = link
        self._rpc = rpc
        self._trace = trace
        self._call_timeout_s = call_timeout_s
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._answer: asyncio.Future[ResultReceived | ErrorReceived] | None = None
        self._ids = (f"{_PREFIX}-{number}" for number in count(1))
        self._rejected = 0

    async def run(self, handle: CallHandler, work: "Work") -> None:
        """Serve the connection while ``work`` makes our calls. Raises LinkClosedError when it is over."""
        over: BaseException = LinkClosedError("the work on it ended")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                tasks.create_task(self._read(handle))
                tasks.create_task(work(self))
        except* LinkClosedError as closed:
            over = closed.exceptions[0]
        finally:
            if self._rejected > 1:
                log.warning("csms.frames_rejected", extra={"count": self._rejected})
            await self._link.close()
        raise over

    async def call(self, message: Message, message_id: str = "") -> Payload:
        """Make a call and return its answer; nobody else may call meanwhile.

        Raises CallTimeoutError, CallRefusedError, InvalidAnswerError, OwnMessageError. When the link closes,
        the caller is cancelled.
        """
        frame = self._rpc.call(message_id or next(self._ids), message.action, message.payload)
        self._answer = asyncio.get_running_loop().create_future()
        self._outgoing.put_nowait(frame)
        try:
            async with asyncio.timeout(self._call_timeout_s):
                answer = await self._answer
        except TimeoutError:
            self._rpc.give_up()
            raise CallTimeoutError(f"no answer to {message.action} in {self._call_timeout_s} s") from None
        if isinstance(answer, ErrorReceived):
            raise CallRefusedError(answer.code, answer.description)
        if answer.violation is not None:
            raise InvalidAnswerError(answer.violation, answer.payload)
        return answer.payload

    async def _write(self) -> None:
        while True:
            frame = await self._outgoing.get()
            self._trace.note("sent", frame)
            await self._link.send(frame)

    async def _read(self, handle: CallHandler) -> None:
        while True:
            frame = await self._link.receive()
            self._trace.note("received", frame)
            self._take(self._rpc.receive(frame), handle)

    def _take(self, received: Received, handle: CallHandler) -> None:
        match received:
            case CallReceived():
                handle(received, lambda answer: self._reply(received, answer))
            case ResultReceived() | ErrorReceived():
                self._settle(received)
            case FrameRejected():
                self._reject(received)
            case ResultRefused(message_id, code, description):
                words = {"message_id": message_id, "code": code, "description": description}
                log.warning("csms.our_answer_refused", extra=words)
            case SendReceived(action):
                log.info("csms.send_ignored", extra={"action": action})

    def _settle(self, answer: ResultReceived | ErrorReceived) -> None:
        if isinstance(answer, ResultReceived) and answer.objection:
            self._outgoing.put_nowait(answer.objection)
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _reject(self, frame: FrameRejected) -> None:
        """Answer; log the first of a connection only, a backend gone mad must not fill the disk."""
        self._rejected += 1
        if self._rejected == 1:
            log.warning("csms.frame_rejected", extra={"why": frame.why[:200]})
        if frame.answer:
            self._outgoing.put_nowait(frame.answer)

    def _reply(self, call: CallReceived, answer: Answer) -> None:
        self._outgoing.put_nowait(self._reply_frame(call, answer))

    def _reply_frame(self, call: CallReceived, answer: Answer) -> str:
        if isinstance(answer, CallError):
            return self._rpc.error(call.message_id, answer.code, answer.why)
        try:
            return self._rpc.result(call.message_id, call.action, answer)
        except OwnMessageError as error:
            log.error("csms.own_answer_invalid", extra={"why": str(error)})
            return self._rpc.error(call.message_id, "InternalError", "the station's answer was not valid")


_PREFIX = os.urandom(6).hex()

Work = Callable[[Session], Coroutine[Any, Any, None]]
