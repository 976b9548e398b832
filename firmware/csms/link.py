"""The websocket to the backend: the one door to `websockets`. Retrying is its user's business."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

MAX_FRAME = 1 << 20
"""Bytes of one message; a longer one closes the connection (code 1009)."""

_HINTS = {
    400: "it speaks none of csms.versions",
    401: "it does not accept csms.password",
    403: "it does not accept this station",
    404: "it does not know this station; check csms.url and station.id",
}


class LinkClosedError(ConnectionError):
    """There is no connection, or none any more; the text says why."""


@dataclass(frozen=True)
class Address:
    """Where the backend is and how the station signs in (HTTP basic, OCPP security profiles 1 and 2)."""

    url: str
    station_id: str
    password: str = ""
    versions: Sequence[str] = ("ocpp2.1",)
    ping_interval_s: float = 20
    open_timeout_s: float = 10

    @property
    def full_url(self) -> str:
        return f"{self.url.rstrip('/')}/{quote(self.station_id, safe='')}"

    def headers(self) -> dict[str, str]:
        if not self.password:
            return {}
        credentials = base64.b64encode(f"{self.station_id}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}


class Link:
    """An open connection that speaks ``version``."""

    def __init__(self, websocket: ClientConnection, version: str) -> None:
        self.version = version
        self._websocket = websocket

    async def send(self, frame: str) -> None:
        """Send one frame. Raises LinkClosedError."""
        try:
            await self._websocket.send(frame)
        except (ConnectionClosed, OSError) as error:
            raise LinkClosedError(str(error)) from error

    async def receive(self) -> str | bytes:
        """Return the next frame. Raises LinkClosedError."""
        try:
            return await self._websocket.recv()
        except (ConnectionClosed, OSError) as error:
            raise LinkClosedError(str(error)) from error

    async def close(self) -> None:
        """Say goodbye and close; harmless when it is closed already."""
        await self._websocket.close()


async def open_link(address: Address) -> Link:
    """Connect and agree on a version. Raises LinkClosedError with what to do about it.

    A server that picks no subprotocol, or one that was not offered, is left: nothing good comes after.
    """
    try:
        websocket = await connect(
            address.full_url,
            subprotocols=[Subprotocol(version) for version in address.versions],
            additional_headers=address.headers(),
            proxy=None,
            compression=None,
            max_size=MAX_FRAME,
            open_timeout=address.open_timeout_s,
            close_timeout=2,
            ping_interval=address.ping_interval_s,
            ping_timeout=address.ping_interval_s,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        hint = _HINTS.get(status, "it refuses the connection for now")
        raise LinkClosedError(f"the backend answered HTTP {status}: {hint}") from error
    except (OSError, EOFError, WebSocketException) as error:
        raise LinkClosedError(str(error) or type(error).__name__) from error
    version = websocket.subprotocol
    if version is None or version not in address.versions:
        await websocket.close()
        raise LinkClosedError(f"the backend chose {version or 'no version'} of {', '.join(address.versions)}")
    return Link(websocket, version)
