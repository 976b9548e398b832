"""One station's connection: the `ocpp` package's ChargePoint over a traced websocket.

The package's known gaps are closed here, not in the package: an action without a handler is answered, errors
are never swallowed, and payloads are taken from the frame (camelCase, exact numbers) instead of from the
package's converted keyword arguments.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, Protocol, TypeVar, cast

import ocpp.messages
from ocpp.exceptions import OCPPError
from ocpp.routing import after, on
from ocpp.v21 import ChargePoint as ChargePointV21
from websockets.asyncio.server import ServerConnection

from sim.csms.books import Answer
from sim.csms.trace import Trace

ocpp.messages.ASYNC_VALIDATION = False  # it would start threads for a millisecond's work

CALL_TIMEOUT_S = 30.0
BOOT_INTERVAL_S = 300
_CALL, _RESULT, _ERROR = 2, 3, 4

Payload = dict[str, Any]
Handler = TypeVar("Handler", bound=Callable[..., Any])


class StationError(Exception):
    """The station answered a call with an error, or not at all; the text says which."""


class Listener(Protocol):
    """What a connection tells the backend of."""

    def utc_now(self) -> str: ...
    def transaction_event(
        self, station: str, message_id: str, event: Payload, received_ns: int
    ) -> Answer: ...
    def boot(self, station: str, payload: Payload) -> None: ...
    def status(self, station: str, payload: Payload) -> None: ...
    def events(self, station: str, payload: Payload) -> None: ...
    def security_event(self, station: str, payload: Payload) -> None: ...
    def data_transfer(self, station: str, payload: Payload) -> str: ...
    def authorized(self, token: str) -> bool: ...
    async def provision(self, station: str) -> None: ...


class Wire:
    """A websocket as the `ocpp` package uses it, traced; calls made of raw JSON get their answers here."""

    def __init__(self, socket: ServerConnection, trace: Trace) -> None:
        self._socket = socket
        self._trace = trace
        self._awaited: dict[str, asyncio.Future[list[Any]]] = {}
        self.received_ns = 0

    async def recv(self) -> str:
        """Return the next frame that is for the package."""
        while True:
            text = await self._socket.recv(decode=True)
            self.received_ns = time.monotonic_ns()
            frame = _parsed(text)
            self._trace.note("sent", frame, self.received_ns)
            if not self._is_awaited(frame):
                return text

    async def send(self, text: str) -> None:
        self._trace.note("received", _parsed(text), time.monotonic_ns())
        await self._socket.send(text)

    async def call(self, action: str, payload: Any, timeout_s: float) -> list[Any]:
        """Send a call exactly as given and return its answer frame. Raises TimeoutError."""
        message_id = str(uuid.uuid4())
        answer = self._awaited[message_id] = asyncio.get_running_loop().create_future()
        try:
            await self.send(json.dumps([_CALL, message_id, action, payload]))
            return await asyncio.wait_for(answer, timeout_s)
        finally:
            del self._awaited[message_id]

    async def close(self) -> None:
        await self._socket.close(code=1000, reason="connected again")

    def _is_awaited(self, frame: Any) -> bool:
        if not (isinstance(frame, list) and len(frame) > 1 and frame[0] in (_RESULT, _ERROR)):
            return False
        answer = self._awaited.get(frame[1])
        if answer is None:
            return False
        answer.set_result(frame)
        return True


def handles(action: str) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of an action (the package's decorator, with its type kept)."""
    return cast(Callable[[Handler], Handler], on(action))


def follows(action: str) -> Callable[[Handler], Handler]:
    """Mark a method as what happens once an action is answered."""
    return cast(Callable[[Handler], Handler], after(action))


class Station(ChargePointV21):  # type: ignore[misc]
    """A connected station. Handlers answer at once and call nothing; what follows runs after the answer."""

    def __init__(self, identity: str, wire: Wire, listener: Listener) -> None:
        super().__init__(identity, wire, response_timeout=CALL_TIMEOUT_S)
        self.identity = identity
        self._wire = wire
        self._listener = listener
        self._one_call = asyncio.Lock()
        self._payload: Payload = {}

    async def route_message(self, raw_msg: str) -> None:
        """Take one frame in; an action that has no handler is answered, which the package leaves out."""
        frame = _parsed(raw_msg)
        if isinstance(frame, list) and len(frame) == 4 and frame[0] == _CALL:
            if frame[2] not in self.route_map:
                detail = f"{frame[2]} has no handler here"
                await self._wire.send(json.dumps([_ERROR, frame[1], "NotImplemented", detail, {}]))
                return
            self._payload = json.loads(raw_msg, parse_float=Decimal)[3]
        await super().route_message(raw_msg)

    async def ask(self, payload: Any, timeout_s: float = CALL_TIMEOUT_S) -> Any:
        """Send one of the package's calls and return its result. Raises StationError."""
        action = type(payload).__name__
        try:
            async with self._one_call:
                return await asyncio.wait_for(self.call(payload, suppress=False), timeout_s)
        except OCPPError as error:
            raise StationError(f"{action}: {error.code} {error.description}".strip()) from None
        except TimeoutError:
            raise StationError(f"{action}: no answer within {timeout_s:.0f} s") from None

    async def ask_raw(self, action: str, payload: Any) -> list[Any]:
        """Send any action and payload, valid or not, and return the answer frame. Raises StationError."""
        try:
            async with self._one_call:
                return await self._wire.call(action, payload, CALL_TIMEOUT_S)
        except TimeoutError:
            raise StationError(f"{action}: no answer within {CALL_TIMEOUT_S:.0f} s") from None

    async def hang_up(self) -> None:
        """End this connection because the station has opened another one."""
        await self._wire.close()

    @handles("BootNotification")
    def _on_boot(self, **_: Any) -> Any:
        self._listener.boot(self.identity, self._payload)
        return self._call_result.BootNotification(
            current_time=self._listener.utc_now(), interval=BOOT_INTERVAL_S, status="Accepted"
        )

    @follows("BootNotification")
    def _after_boot(self, **_: Any) -> Coroutine[Any, Any, None]:
        return self._listener.provision(self.identity)

    @handles("TransactionEvent")
    def _on_transaction_event(self, call_unique_id: str, **_: Any) -> Any:
        answer = self._listener.transaction_event(
            self.identity, call_unique_id, self._payload, self._wire.received_ns
        )
        return self._call_result.TransactionEvent(**answer)

    @handles("StatusNotification")
    def _on_status(self, **_: Any) -> Any:
        self._listener.status(self.identity, self._payload)
        return self._call_result.StatusNotification()

    @handles("NotifyEvent")
    def _on_events(self, **_: Any) -> Any:
        self._listener.events(self.identity, self._payload)
        return self._call_result.NotifyEvent()

    @handles("SecurityEventNotification")
    def _on_security_event(self, **_: Any) -> Any:
        self._listener.security_event(self.identity, self._payload)
        return self._call_result.SecurityEventNotification()

    @handles("DataTransfer")
    def _on_data_transfer(self, **_: Any) -> Any:
        status = self._listener.data_transfer(self.identity, self._payload)
        return self._call_result.DataTransfer(status=status)

    @handles("Heartbeat")
    def _on_heartbeat(self, **_: Any) -> Any:
        return self._call_result.Heartbeat(current_time=self._listener.utc_now())

    @handles("Authorize")
    def _on_authorize(self, **_: Any) -> Any:
        known = self._listener.authorized(self._payload["idToken"]["idToken"])
        return self._call_result.Authorize(id_token_info={"status": "Accepted" if known else "Unknown"})

    @handles("NotifyReport")
    def _on_report(self, **_: Any) -> Any:
        return self._call_result.NotifyReport()

    @handles("MeterValues")
    def _on_meter_values(self, **_: Any) -> Any:
        return self._call_result.MeterValues()


def _parsed(text: str) -> Any:
    """Return the JSON in a frame, or the text itself where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text
