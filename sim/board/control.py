"""The hands at the board: JSON lines over ``<address>.control``, one reply per request."""

import asyncio
import json
from typing import Any

from sim.board.actions import ACTIONS
from sim.board.arguments import RefusedError, read_arguments
from sim.board.board import SimBoard
from sim.board.evse import Evse
from sim.board.sockets import SocketServer

Json = dict[str, Any]


class Control:
    """Carries out requests such as ``{"do": "plug_in", "evse": 1}``. `ACTIONS` lists what can be done."""

    def __init__(self, board: SimBoard) -> None:
        self._board = board
        self._server = SocketServer(self._serve)

    async def start(self, address: str) -> None:
        """Listen for requests."""
        await self._server.start(f"{address}.control")

    async def stop(self) -> None:
        """Take no more requests."""
        await self._server.stop()

    def answer(self, line: bytes) -> Json:
        """Carry out one request and return its reply."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise RefusedError("a request is an object")
            return self._carry_out(request)
        except (RefusedError, json.JSONDecodeError) as error:
            return {"ok": False, "error": str(error)}

    def _carry_out(self, request: Json) -> Json:
        evse = self._evse(request.pop("evse", 1))
        name = request.pop("do", None)
        if name == "display":
            return {"ok": True, "display": self._board.display.picture()}
        if not isinstance(name, str) or name not in ACTIONS:
            raise RefusedError(f"unknown action {name!r}; there is {_listed((*ACTIONS, 'display'))}")
        action = ACTIONS[name]
        action.do(self._board, evse, **read_arguments(action.arguments, request))
        return {"ok": True, "state": self._board.state(evse)}

    def _evse(self, number: object) -> Evse:
        evse = self._board.evses.get(number) if isinstance(number, int) else None
        if evse is None:
            raise RefusedError(f"there is no EVSE {number!r}; there is {_listed(self._board.evses)}")
        return evse

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(self.answer(line)).encode() + b"\n")
            await writer.drain()


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)
