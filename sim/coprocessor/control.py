"""The hands at a simulated coprocessor: JSON lines over a Unix socket, one reply per request.

``{"do": "pilot", "pilot": 0, "state": "C"}`` → ``{"ok": true, "state": {…}}``, or ``"ok": false``, ``error``.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, get_args

from sim.board.sockets import SocketServer
from sim.coprocessor.bench import CoprocessorBench
from sim.coprocessor.circuit import STATES
from sim.coprocessor.device import MEASUREMENT_FAULT, OTHER, SUPPLY_FAULT
from sim.coprocessor.line import Damage

Json = dict[str, Any]
FLAGS = {"supply_fault": SUPPLY_FAULT, "measurement_fault": MEASUREMENT_FAULT}
FAULTS = ("silent", "deaf", "stuck_duty", "wrong_version", "repeating")


class RefusedError(ValueError):
    """The request cannot be carried out; the text is for a person."""


class Control:
    """Carries out requests; `ACTIONS` lists what can be done."""

    def __init__(self, bench: CoprocessorBench) -> None:
        self._bench = bench
        self._server = SocketServer(self._serve)

    async def start(self, address: str) -> None:
        """Listen for requests."""
        await self._server.start(address)

    async def stop(self) -> None:
        """Take no more requests."""
        await self._server.stop()

    def answer(self, line: bytes) -> Json:
        """Carry out one request and return its reply."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise RefusedError("a request is an object")
            pilot = _one_of(request, "pilot", range(len(self._bench.circuits)), 0)
            ACTIONS[_one_of(request, "do", tuple(ACTIONS))](self._bench, pilot, request)
        except (RefusedError, json.JSONDecodeError) as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True, "state": self._bench.state(pilot)}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(self.answer(line)).encode() + b"\n")
            await writer.drain()


def _one_of(request: Json, key: str, known: Any, default: object = None) -> Any:
    value = request.get(key, default)
    if isinstance(value, bool) or not isinstance(value, str | int) or value not in known:
        raise RefusedError(f"{key}: there is no {value!r}; there is {', '.join(map(str, known))}")
    return value


def _flag(request: Json) -> bool:
    value = request.get("value", True)
    if not isinstance(value, bool):
        raise RefusedError(f"value: {value!r} is neither true nor false")
    return value


def _proximity(bench: CoprocessorBench, pilot: int, request: Json) -> None:
    mv = request.get("mv")
    if isinstance(mv, bool) or not isinstance(mv, int) or not 0 <= mv <= 65_535:
        raise RefusedError(f"mv: {mv!r} is no whole number from 0 to 65535")
    bench.set_proximity(pilot, mv)


def _fault(bench: CoprocessorBench, pilot: int, request: Json) -> None:
    name = _one_of(request, "name", (*FAULTS, *FLAGS))
    if name in FLAGS:
        bench.coprocessor.flag(pilot, FLAGS[name], _flag(request))
    else:
        setattr(bench.coprocessor.faults, name, _flag(request))
    bench.end.attend()


def _line(bench: CoprocessorBench, _pilot: int, request: Json) -> None:
    bench.end.noise.damage = _one_of(request, "damage", get_args(Damage))
    bench.end.attend()


ACTIONS: dict[str, Callable[[CoprocessorBench, int, Json], None]] = {
    "state": lambda _bench, _pilot, _request: None,
    "pilot": lambda bench, pilot, request: bench.set_state(pilot, _one_of(request, "state", STATES)),
    "diode": lambda bench, pilot, request: bench.set_diode(pilot, _flag(request)),
    "proximity": _proximity,
    "fault": _fault,
    "line": _line,
    "restart": lambda bench, _pilot, _request: bench.restart(OTHER),
    "mend": lambda bench, _pilot, _request: bench.mend(),
}
"""What can be done at a ``pilot`` (0). ``pilot`` takes ``state`` (A to E), ``proximity`` takes ``mv``,
``diode`` takes ``value`` (true), ``fault`` a ``name`` and ``value`` (true), ``line`` its ``damage``. ``mend``
ends the faults of the coprocessor and its line.
"""
