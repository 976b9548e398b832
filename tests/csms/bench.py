"""A scripted backend on a real websocket, and a station's csms side that talks to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from config import schema
from firmware.core.effects import AnswerCall, AnswerStart
from firmware.core.events import Event, LinkOpened
from firmware.csms.backoff import Backoff
from firmware.csms.client import CsmsClient, Pace
from firmware.csms.device_model import DeviceModel
from firmware.csms.messages import StationState
from firmware.csms.variables import for_station
from tests.csms.samples import DER, IDENTITY, ListOutbox, stamp

STATION = "chu-003"


class Bell:
    """Rings when something happened, so that a test waits for facts and not for time."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when ``condition`` holds; a test that waits in vain fails after some seconds."""
        async with asyncio.timeout(8):
            while not condition():
                self._rung.clear()
                await self._rung.wait()


class Refuse(Exception):
    """Raised by a script to answer CALLERROR."""


class Drop(Exception):
    """Raised by a script to cut the connection instead of answering."""


class Silence(Exception):
    """Raised by a script to answer nothing."""


Script = Callable[[dict[str, Any]], dict[str, Any]]


def accepted(payload: dict[str, Any]) -> dict[str, Any]:
    return {"currentTime": "2026-06-01T02:00:00Z", "interval": 300, "status": "Accepted"}


def nothing(payload: dict[str, Any]) -> dict[str, Any]:
    return {}


@dataclass
class Backend:
    """Answers by script, {} otherwise; keeps what it heard as (message id, action, payload)."""

    bell: Bell
    scripts: dict[str, Script] = field(default_factory=dict)
    speaks: Sequence[str] | None = ("ocpp2.1",)
    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    raw: list[list[Any]] = field(default_factory=list)
    connections: list[ServerConnection] = field(default_factory=list)
    server: Server | None = None
    port: int = 0

    def __post_init__(self) -> None:
        self.scripts.setdefault("BootNotification", accepted)
        self.scripts.setdefault("Heartbeat", lambda _: {"currentTime": "2026-06-01T02:00:00Z"})

    async def open(self) -> None:
        """Listen; after a `close`, on the same port again."""
        wanted = None if self.speaks is None else [Subprotocol(version) for version in self.speaks]
        self.server = await serve(self._serve, "127.0.0.1", self.port, subprotocols=wanted)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Go away with all connections."""
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()

    def actions(self) -> list[str]:
        return [action for _, action, _ in self.heard]

    def payloads(self, action: str) -> list[dict[str, Any]]:
        return [payload for _, name, payload in self.heard if name == action]

    async def say(self, frame: str | bytes) -> None:
        """Send raw text on the newest connection."""
        await self.connections[-1].send(frame)

    async def call(self, action: str, payload: dict[str, Any], message_id: str = "c1") -> list[Any]:
        """Call the station and return the frame that it answers with."""
        await self.say(json.dumps([2, message_id, action, payload]))
        return await self.answer(message_id)

    async def answer(self, message_id: str) -> list[Any]:
        """Return the answer that came for a message id."""
        await self.bell.until(lambda: any(frame[1] == message_id for frame in self.raw))
        return next(frame for frame in self.raw if frame[1] == message_id)

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        self.bell.ring()
        with suppress(ConnectionClosed, Drop):
            async for text in connection:
                await self._take(connection, json.loads(text))
                self.bell.ring()
        self.bell.ring()

    async def _take(self, connection: ServerConnection, frame: list[Any]) -> None:
        if frame[0] != 2:
            self.raw.append(frame)
            return
        _, message_id, action, payload = frame
        self.heard.append((message_id, action, payload))
        try:
            answer = self.scripts.get(action, nothing)(payload)
        except Silence:
            return
        except Refuse as refusal:
            await connection.send(json.dumps([4, message_id, str(refusal), "scripted", {}]))
        else:
            await connection.send(json.dumps([3, message_id, answer]))


@dataclass
class Bench:
    """Backend and station, connected."""

    bell: Bell
    backend: Backend
    client: CsmsClient
    outbox: ListOutbox
    settings: DeviceModel
    events: list[Event]
    waits: list[float]

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.bell.until(condition)

    async def event(self, kind: type, count: int = 1) -> Any:
        """Return the ``count``-th event of a kind, once it is there."""
        await self.until(lambda: sum(isinstance(event, kind) for event in self.events) >= count)
        return [event for event in self.events if isinstance(event, kind)][count - 1]

    async def online(self) -> None:
        await self.event(LinkOpened)

    def answer(self, effect: AnswerStart | AnswerCall) -> None:
        if isinstance(effect, AnswerStart):
            self.client.answer_start(effect)
        else:
            self.client.answer_call(effect)


def site(url: str, **csms: Any) -> schema.Site:
    """A site with one EVSE whose backend is at ``url``."""
    return schema.Site(
        station=schema.Station(id=STATION),
        operator=schema.Operator(name="楚氏充电"),
        csms=schema.Csms(url=url, **csms),
        web_payments=schema.WebPayments(url_template="http://x/{chargingstationid}/{evse}?totp={totp}"),
        board="b",
        tariff="t",
        evse=(schema.Evse(id=1, meter=schema.MeterWiring(map="m")),),
    )


@asynccontextmanager
async def bench(
    scripts: dict[str, Script] | None = None,
    *,
    entries: Sequence[Any] = (),
    speaks: Sequence[str] | None = ("ocpp2.1",),
    state: StationState | None = None,
    first_s: float = 0.01,
    **csms: Any,
) -> AsyncIterator[Bench]:
    """Start both sides. Waits of the station are noted and cut to some milliseconds."""
    bell = Bell()
    backend = Backend(bell, scripts or {}, speaks)
    await backend.open()
    here = site(f"ws://127.0.0.1:{backend.port}/ocpp", **csms)
    events: list[Event]
    waits: list[float]
    outbox, events, waits = ListOutbox(changed=bell.ring), [], []
    outbox.put(*entries)
    settings = for_station(here, IDENTITY, DER)

    def post(event: Event) -> None:
        events.append(event)
        bell.ring()

    async def nap(seconds: float) -> None:
        waits.append(seconds)
        bell.ring()
        await asyncio.sleep(min(seconds, 0.02))

    pace = Pace(Backoff(first_s, 60, jitter=lambda: 0.0), nap)
    client = CsmsClient(
        here.csms, STATION, IDENTITY, outbox, post=post, stamp=stamp, public_key_der=DER, evse_ids=(1,),
        settings=settings, state=state, pace=pace,
    )  # fmt: skip
    running = asyncio.create_task(client.run())
    running.add_done_callback(lambda _: bell.ring())
    try:
        yield Bench(bell, backend, client, outbox, settings, events, waits)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await backend.close()


def scene(script: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a test of a coroutine."""

    def test() -> None:
        asyncio.run(script())

    return test
