"""Getting a connection, and getting it back."""

import asyncio
import base64
import http
import json
import logging

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from firmware.core.events import LinkClosed, LinkOpened
from firmware.csms.link import MAX_FRAME, Address, LinkClosedError, open_link
from tests.csms.bench import STATION, bench, scene


@scene
async def test_the_backend_chooses_among_what_is_offered() -> None:
    offered = ("ocpp2.1", "ocpp2.0.1")
    async with bench(speaks=("ocpp2.0.1", "ocpp1.6"), versions=offered) as here:
        assert (await here.event(LinkOpened)).version == "ocpp2.0.1"
    async with bench(speaks=("ocpp1.6", "ocpp2.1", "ocpp2.0.1"), versions=offered) as here:
        assert (await here.event(LinkOpened)).version == "ocpp2.1"


@scene
async def test_nothing_in_common_is_tried_again() -> None:
    async with bench(speaks=("ocpp1.6",)) as here:
        await here.until(lambda: len(here.waits) >= 3)
        assert here.events == []


def test_a_version_that_is_not_spoken_is_refused_at_the_start() -> None:
    async def script() -> None:
        async with bench(versions=("ocpp2.1", "ocpp1.6")):
            pass

    with pytest.raises(ValueError, match=r"csms.versions: ocpp1.6: this firmware speaks ocpp2.1, ocpp2.0.1"):
        asyncio.run(script())


@scene
async def test_a_backend_that_picks_no_version_is_left_and_tried_again() -> None:
    async with bench(speaks=None) as here:
        await here.until(lambda: len(here.backend.connections) >= 3)
        assert here.backend.heard == []
        assert not any(isinstance(event, LinkOpened) for event in here.events)


@scene
async def test_a_backend_that_comes_late_is_found() -> None:
    async with bench() as here:
        await here.online()
        await here.backend.close()
        await here.event(LinkClosed)
        tries = len(here.waits)
        await here.until(lambda: len(here.waits) >= tries + 3)
        await here.backend.open()
        await here.event(LinkOpened, 2)


@scene
async def test_the_wait_between_tries_grows_and_is_bounded() -> None:
    async with bench(speaks=None, first_s=1) as here:
        await here.until(lambda: len(here.waits) >= 9)
        assert here.waits[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_trouble_that_lasts_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def script() -> None:
        async with bench(speaks=None) as here:
            await here.until(lambda: len(here.waits) >= 10)

    with caplog.at_level(logging.INFO, logger="firmware.csms"):
        asyncio.run(script())
    (line,) = [record for record in caplog.records if record.message == "csms.not_connected"]
    assert vars(line)["why"] == "the backend chose no version of ocpp2.1"


@scene
async def test_the_station_signs_in_with_its_id_and_password() -> None:
    async with bench(password="open sesame") as here:
        await here.online()
        request = here.backend.connections[0].request
        assert request is not None
        assert request.path == f"/ocpp/{STATION}"
        scheme, credentials = request.headers["Authorization"].split()
        assert (scheme, base64.b64decode(credentials)) == ("Basic", b"chu-003:open sesame")
        assert "Sec-WebSocket-Extensions" not in request.headers


@pytest.mark.parametrize(
    ("status", "word"), [(401, "csms.password"), (404, "station.id"), (400, "versions"), (503, "for now")]
)
def test_a_refusal_says_what_to_look_at(status: int, word: str) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(http.HTTPStatus(status), "no\n")

    async def script() -> None:
        async def never(connection: ServerConnection) -> None:
            raise AssertionError("accepted")

        async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(LinkClosedError, match=word):
                await open_link(Address(f"ws://127.0.0.1:{port}/ocpp", STATION))

    asyncio.run(script())


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:1/ocpp", "http://127.0.0.1/ocpp", "ws://", "ws://no such host/"]
)
def test_whatever_is_wrong_with_the_address_is_said(url: str) -> None:
    with pytest.raises(LinkClosedError):
        asyncio.run(open_link(Address(url, STATION)))


@scene
async def test_garbage_is_answered_and_the_connection_lives() -> None:
    async with bench() as here:
        await here.online()
        for garbage in ("{", b"\xff\x00", "[]", '[2,"q","NoSuchThing",{}]', '[3,"stray",{}]'):
            await here.backend.say(garbage)
        await here.until(lambda: len(here.backend.raw) == 4)
        codes = [frame[2] for frame in here.backend.raw]
        assert codes == [*["RpcFrameworkError"] * 3, "NotImplemented"]
        assert len(here.backend.connections) == 1


@scene
async def test_a_frame_too_large_costs_the_connection_not_the_station() -> None:
    async with bench() as here:
        await here.online()
        await here.backend.say(
            json.dumps([2, "big", "DataTransfer", {"vendorId": "v", "data": "x" * MAX_FRAME}])
        )
        await here.event(LinkOpened, 2)
