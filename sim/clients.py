"""Clients of the bench's parts: the simulated board's control socket and the simulated backend's HTTP API."""

import asyncio
import base64
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

Json = dict[str, Any]
_LINE_LIMIT = 8 * 1024 * 1024  # a picture of 800 × 480 in base64 is one line of a megabyte


_NOT_READY_WAIT_S = 0.2
_NOT_READY_ATTEMPTS = 25


class BoardRefusedError(RuntimeError):
    """The board cannot do this now, e.g. "already plugged in"."""


class BackendRefusedError(RuntimeError):
    """The backend answered that it cannot do this; the text is its own."""


class BoardClient:
    """The hands at the charger: plug, vehicle, faults. One request at a time on one connection.

    It keeps each mark's times as they were seen (CLOCK_MONOTONIC ns, oldest first): the board itself
    remembers only the last of each, and a lock is released twice in a charge. `seen` are those of
    EVSE 1, `seen_at` those of any.
    """

    def __init__(self, address: Path) -> None:
        self._seen: dict[int, dict[str, list[int]]] = {}
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def do(self, action: str, /, *, evse: int = 1, **arguments: object) -> Json:
        """Carry out one action and return the board's state after it.

        Raises BoardRefusedError when it cannot be done, ConnectionError when the board is gone.
        """
        reply = await self._ask({"do": action, "evse": evse, **arguments})
        state: Json = reply.get("state", {})
        self._remember(evse, state.get("marks", {}))
        return state

    @property
    def seen(self) -> dict[str, list[int]]:
        return self.seen_at(1)

    def seen_at(self, evse: int) -> dict[str, list[int]]:
        """Return the marks' times seen at an EVSE."""
        return self._seen.setdefault(evse, {})

    async def state(self, *, evse: int = 1) -> Json:
        """Return what is true at the board: pilot, contactor, lock, watts, import_wh, marks …"""
        return await self.do("state", evse=evse)

    async def picture(self) -> Image.Image | None:
        """Return what the display shows, None while nothing has been drawn."""
        reply = await self._ask({"do": "display"})
        shown = reply.get("display") or reply.get("state") or reply
        pixels = base64.b64decode(shown.get("rgb565") or "")
        if not pixels:
            return None
        return Image.frombytes("RGB", (shown["width"], shown["height"]), pixels, "raw", "BGR;16")

    async def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def _remember(self, evse: int, marks: dict[str, int | None]) -> None:
        for name, at_ns in marks.items():
            times = self.seen_at(evse).setdefault(name, [])
            if at_ns and (not times or times[-1] != at_ns):
                times.append(at_ns)

    async def _ask(self, request: Json) -> Json:
        async with self._turn:
            if self._streams is None:
                self._streams = await asyncio.open_unix_connection(self._address, limit=_LINE_LIMIT)
            reader, writer = self._streams
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
            except asyncio.CancelledError:
                await self.close()  # the answer still to come would be taken for the next one's
                raise
            if not line:
                await self.close()
                raise ConnectionResetError("the simulated board closed its control socket")
        reply: Json = json.loads(line)
        if not reply.get("ok"):
            raise BoardRefusedError(str(reply.get("error", "the board gave no reason")))
        return reply


class CsmsClient:
    """The simulated backend: the phone's two steps, its view of the stations, and its books."""

    def __init__(self, url: str, station: str) -> None:
        self.url = url
        self.station = station
        self.paid_ns: list[int] = []  # when each payment began here, CLOCK_MONOTONIC
        self._http = httpx.AsyncClient(base_url=url, timeout=60.0, trust_env=False)

    async def state(self) -> Json:
        """Return stations, transactions and alarms as the backend sees them."""
        return await self._get("/api/state")

    async def transactions(self) -> list[Json]:
        """Return the summaries of all transactions, oldest first."""
        summaries: list[Json] = (await self.state())["transactions"]
        return summaries

    async def transaction(self, transaction_id: str) -> Json:
        """Return one transaction with its minutes and its receipt."""
        return await self._get(f"/api/transactions/{transaction_id}")

    async def pay(self, *, minutes: int | None = None, amount: int | None = None, evse: int = 1) -> Json:
        """Scan, choose and confirm, with the code of this moment; returns payment and transaction_id.

        A station that says it is not ready yet (it tells its status before its meter's first reading) is
        asked again for a while. Raises BackendRefusedError with its own words when the start is refused.
        """
        choice = {"minutes": minutes} if minutes is not None else {"amount": amount}
        for _ in range(_NOT_READY_ATTEMPTS):
            self.paid_ns.append(time.monotonic_ns())
            answer = await self._post("/api/pay", {"station": self.station, "evse": evse, **choice})
            error = str(answer.get("error") or "")
            if not error.startswith("NotReady"):
                break
            await asyncio.sleep(_NOT_READY_WAIT_S)
        if error:
            raise BackendRefusedError(error)
        return answer

    async def stop(self, transaction_id: str | None = None, *, evse: int | None = None) -> Json:
        """Stop from the phone: the named transaction, or the newest one (of an EVSE).

        Raises BackendRefusedError when there is none.
        """
        if transaction_id is None:
            of_evse = [t["id"] for t in await self.transactions() if evse in (None, t["evse"])]
            if not of_evse:
                raise BackendRefusedError("there is no transaction to stop")
            transaction_id = of_evse[-1]
        return await self._post("/api/stop", {"transaction_id": transaction_id})

    async def call(self, action: str, payload: Json) -> Json:
        """Send any OCPP call to the station and return its answer."""
        return await self._post("/api/call", {"station": self.station, "action": action, "payload": payload})

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, path: str) -> Json:
        return _answer(await self._http.get(path))

    async def _post(self, path: str, body: Json) -> Json:
        return _answer(await self._http.post(path, json=body))


def _answer(response: httpx.Response) -> Json:
    if response.is_error:
        raise BackendRefusedError(
            f"{response.request.url.path}: {response.status_code} {response.text[:500]}"
        )
    body: Json = response.json()
    return body


def png_of(picture: Image.Image) -> bytes:
    """Return a picture as PNG bytes."""
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
