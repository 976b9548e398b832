"""A charge with a backend built on the `ocpp` package: code that is not ours on the other side."""

import asyncio
import json
from pathlib import Path
from typing import Any

from ocpp.routing import on
from ocpp.v21 import ChargePoint, call, call_result
from ocpp.v21.datatypes import IdTokenType
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from firmware.core.effects import AnswerStart, ReportStatus
from firmware.core.events import Event, StartRequested, TransactionAnswered
from firmware.csms.client import CsmsClient
from firmware.csms.variables import for_station
from tests.csms.bench import STATION, Bell, site
from tests.csms.samples import (
    CHARGING,
    DER,
    ENDED,
    IDENTITY,
    LIMIT,
    PLUGGED,
    STARTED,
    STOPPED,
    TX,
    ListOutbox,
    stamp,
    usage,
)


class Csms(ChargePoint):  # type: ignore[misc]
    """Accepts everything, sells ten yuan, settles at the end."""

    def __init__(self, connection: ServerConnection, bell: Bell) -> None:
        super().__init__(STATION, connection)
        self.bell = bell
        self.events: list[dict[str, Any]] = []
        self.alarms: list[dict[str, Any]] = []
        self.started: Any = None

    @on("BootNotification")  # type: ignore[untyped-decorator]
    def boot(self, **_: Any) -> call_result.BootNotification:
        return call_result.BootNotification(
            current_time="2026-06-01T02:00:00Z", interval=300, status="Accepted"
        )

    @on("StatusNotification")  # type: ignore[untyped-decorator]
    async def status(self, **_: Any) -> call_result.StatusNotification:
        asyncio.get_running_loop().call_soon(asyncio.ensure_future, self._start())
        return call_result.StatusNotification()

    @on("NotifyEvent")  # type: ignore[untyped-decorator]
    def alarm(self, **payload: Any) -> call_result.NotifyEvent:
        self.alarms.append(payload)
        return call_result.NotifyEvent()

    @on("TransactionEvent")  # type: ignore[untyped-decorator]
    def transaction(self, **payload: Any) -> call_result.TransactionEvent:
        self.events.append(payload)
        self.bell.ring()
        match payload["event_type"]:
            case "Started":
                return call_result.TransactionEvent(transaction_limit={"max_cost": 10})
            case "Ended":
                return call_result.TransactionEvent(total_cost=15.0)
        return call_result.TransactionEvent()

    async def _start(self) -> None:
        token = IdTokenType(id_token="psp-4711", type="DirectPayment")
        request = call.RequestStartTransaction(remote_start_id=77, id_token=token, evse_id=1)
        self.started = await self.call(request, suppress=False)
        self.bell.ring()


def test_a_charge_with_the_ocpp_package_as_backend(tmp_path: Path) -> None:
    trace = tmp_path / "frames.jsonl"
    asyncio.run(_charge(trace))
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    assert [line["direction"] for line in lines].count("sent") == 11
    assert '"inclTax":15.00' in trace.read_text()


async def _charge(trace: Path) -> None:
    bell, outbox = Bell(), ListOutbox()
    events: list[Event] = []
    backends: list[Csms] = []

    async def accept(connection: ServerConnection) -> None:
        backends.append(Csms(connection, bell))
        await backends[-1].start()

    def post(event: Event) -> None:
        events.append(event)
        bell.ring()
        if isinstance(event, StartRequested):
            outbox.put(
                STARTED,
                LIMIT,
                PLUGGED,
                usage("B", 3),
                CHARGING,
                STOPPED,
                usage("C", 5),
                usage("E", 66),
                ENDED,
            )
            client.answer_start(AnswerStart(event.call, True, TX))
            client.wake()

    outbox.changed = bell.ring
    async with serve(accept, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp2.1")]) as server:
        here = site(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp", trace=str(trace))
        client = CsmsClient(
            here.csms, STATION, IDENTITY, outbox, post=post, stamp=stamp, public_key_der=DER, evse_ids=(1,),
            settings=for_station(here, IDENTITY, DER),
        )  # fmt: skip
        client.report_status(ReportStatus(1, "Available"))
        running = asyncio.create_task(client.run())
        await bell.until(lambda: len(outbox.acknowledged) == 9 and bool(backends[0].started))
        running.cancel()
    backend = backends[0]
    assert (backend.started.status, backend.started.transaction_id) == ("Accepted", TX)
    assert [event["seq_no"] for event in backend.events] == [0, 1, 2, 3, 4, 5, 66]
    assert backend.alarms[0]["event_data"][0]["component"]["name"] == "EmergencyStopSensor"
    answers = [event for event in events if isinstance(event, TransactionAnswered)]
    assert answers[0].limit is not None and answers[0].limit.cost_e4 == 100_000
    assert answers[-1].total_cost_e4 == 150_000
