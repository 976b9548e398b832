"""The OCPP side's front door: websocket server, identity from the path, basic authentication, subprotocol."""

import base64
import binascii
import hmac
import logging
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from sim.csms.backend import Backend
from sim.csms.station import Station, Wire
from sim.csms.trace import Trace

VERSIONS: Final = ("ocpp2.1",)
"""What this backend speaks, by the subprotocol's name."""

_PATH: Final = re.compile(r"/ocpp/([^/]{1,48})/?")
_LOG = logging.getLogger("csms")


class FrontDoor:
    """Lets stations in: ``/ocpp/<identity>``, with the site's password where it has one."""

    def __init__(self, backend: Backend, trace: Trace) -> None:
        self._backend = backend
        self._trace = trace

    async def open(self, port: int, versions: tuple[str, ...]) -> Server:
        """Listen on loopback; 0 is any free port."""
        return await serve(
            self._talk,
            "127.0.0.1",
            port,
            subprotocols=[Subprotocol(version) for version in versions],
            process_request=self._admit,
            compression=None,
        )

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        identity = _identity(request.path)
        if identity is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "connect to /ocpp/<station id>\n")
        password = self._backend.site.password
        if password and not _is_authorized(request, identity, password):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "the station's id or password is wrong\n")
        return None

    async def _talk(self, connection: ServerConnection) -> None:
        identity = _identity(connection.request.path if connection.request else "")
        assert identity is not None, "_admit has refused all other paths"
        station = Station(identity, Wire(connection, self._trace), self._backend)
        before = self._backend.connected(station, connection.subprotocol or "")
        if before is not None:
            await before.hang_up()
        _LOG.info("%s: connected, %s", identity, connection.subprotocol)
        try:
            await station.start()
        except ConnectionClosed as closed:
            _LOG.info("%s: %s", identity, closed)
        finally:
            self._backend.disconnected(station)


def _identity(path: str) -> str | None:
    match = _PATH.fullmatch(urlsplit(path).path)
    return unquote(match[1]) if match else None


def _is_authorized(request: Request, identity: str, password: str) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        credentials = base64.b64decode(given, validate=True)
    except binascii.Error:
        return False
    return kind.lower() == "basic" and hmac.compare_digest(credentials, f"{identity}:{password}".encode())
