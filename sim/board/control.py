"""The hands at the board: JSON lines over ``<address>.control``, one reply per request."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from sim.board.board import SimBoard
from sim.board.evse import Evse
from sim.board.sockets import SocketServer

Json = dict[str, Any]


class RefusedError(ValueError):
    """The request cannot be carried out; the text is for a person."""


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
            evse = self._evse(request.get("evse", 1))
            if request.get("do") == "display":
                return {"ok": True, "display": self._board.display.picture()}
            _action(request)(self._board, evse, request)
        except (RefusedError, json.JSONDecodeError) as error:
            return {"ok": False, "error": str(error)}
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


Action = Callable[[SimBoard, Evse, Json], None]


def _action(request: Json) -> Action:
    name = request.get("do")
    if not isinstance(name, str) or name not in ACTIONS:
        raise RefusedError(f"unknown action {name!r}; there is {_listed((*ACTIONS, 'display'))}")
    return ACTIONS[name]


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)


def _plug_in(_board: SimBoard, evse: Evse, request: Json) -> None:
    if evse.vehicle.plugged:
        raise RefusedError("already plugged in")
    evse.change(lambda vehicle: vehicle.plug_in(ready=_flag(request, "ready")))
    evse.marks.set("plugged")


def _unplug(_board: SimBoard, evse: Evse, _request: Json) -> None:
    _require_plugged(evse)
    evse.marks.set("unplugged")
    evse.change(lambda vehicle: vehicle.unplug())


def _ready(_board: SimBoard, evse: Evse, request: Json) -> None:
    _require_plugged(evse)
    evse.change(lambda vehicle: vehicle.set_ready(_flag(request, "value")))


def _full(_board: SimBoard, evse: Evse, _request: Json) -> None:
    _require_plugged(evse)
    evse.change(lambda vehicle: vehicle.fill())


def _set_load(_board: SimBoard, evse: Evse, request: Json) -> None:
    watts = request.get("watts")
    if isinstance(watts, bool) or not isinstance(watts, int | float) or not 0 <= watts <= 100_000:
        raise RefusedError(f"watts: {watts!r} is no number from 0 to 100000")
    evse.change(lambda vehicle: vehicle.set_max_w(float(watts)))


def _require_plugged(evse: Evse) -> None:
    if not evse.vehicle.plugged:
        raise RefusedError("no vehicle is plugged in")


def _flag(request: Json, name: str) -> bool:
    value = request.get(name, True)
    if not isinstance(value, bool):
        raise RefusedError(f"{name}: {value!r} is neither true nor false")
    return value


def _set_diode(evse: Evse, ok: bool) -> None:
    evse.diode_ok = ok
    evse.update()


def _delay_meter(board: SimBoard, _evse: Evse, request: Json) -> None:
    ms = request.get("ms")
    if isinstance(ms, bool) or not isinstance(ms, int | float) or not 0 <= ms <= 60_000:
        raise RefusedError(f"ms: {ms!r} is no number from 0 to 60000")
    board.line.hold_s = ms / 1000


def _nothing(_board: SimBoard, _evse: Evse, _request: Json) -> None:
    """Only the state is wanted."""


ACTIONS: dict[str, Action] = {
    "state": _nothing,
    "plug_in": _plug_in,
    "unplug": _unplug,
    "ready": _ready,
    "full": _full,
    "set_load": _set_load,
    "press_emergency_stop": lambda board, _evse, _request: board.set_emergency_stop(True),
    "release_emergency_stop": lambda board, _evse, _request: board.set_emergency_stop(False),
    "silence_meter": lambda board, evse, _request: board.set_meter_health(evse, "silent"),
    "junk_meter": lambda board, evse, _request: board.set_meter_health(evse, "junk"),
    "revive_meter": lambda board, evse, _request: board.set_meter_health(evse, "ok"),
    "delay_meter": _delay_meter,
    "weld_contactor": lambda _board, evse, _request: evse.contactor.weld(),
    "unweld_contactor": lambda _board, evse, _request: evse.contactor.unweld(),
    "jam_lock": lambda _board, evse, _request: evse.lock.jam(True),
    "free_lock": lambda _board, evse, _request: evse.lock.jam(False),
    "break_diode": lambda _board, evse, _request: _set_diode(evse, False),
    "mend_diode": lambda _board, evse, _request: _set_diode(evse, True),
}
"""What can be done at an EVSE. ``ready`` takes ``value`` (true), ``plug_in`` takes ``ready`` (true),
``set_load`` takes ``watts``, ``delay_meter`` takes ``ms`` by which replies come late (real time)."""
