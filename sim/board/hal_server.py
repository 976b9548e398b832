"""The board's end of the hal's socket: JSON lines, changes sent at once, a sign of life each 100 ms."""

import asyncio
import json
import sys
from typing import Any, Protocol

from sim.board.sockets import SocketServer

STEADY_HIGH_E4 = 10_000
SIGN_OF_LIFE_S = 0.1
_MAX_BACKLOG = 1_000_000


class Hardware(Protocol):
    """What the station's commands act on."""

    outputs: tuple[str, ...]
    pwms: tuple[str, ...]

    def drive(self, output: str, on: bool) -> None:
        """Switch an output. Raises KeyError for an unknown one."""

    def set_duty(self, pwm: str, duty_e4: int) -> None:
        """Set a PWM's duty. Raises KeyError for an unknown one."""


class HalServer:
    """Serves the board's ports to the station (`evse.Pins`), and makes safe what a lost connection drove."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Any]] = {"in": {}, "adc": {}}
        self._writers: set[asyncio.StreamWriter] = set()
        self._hardware: Hardware | None = None
        self._server = SocketServer(self._serve)
        self._beat: asyncio.Task[None] | None = None

    async def start(self, address: str, hardware: Hardware) -> None:
        """Listen at ``address``."""
        self._hardware = hardware
        await self._server.start(address)
        self._beat = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """Close all connections."""
        if self._beat is not None:
            self._beat.cancel()
        await self._server.stop()

    def publish(self, kind: str, values: dict[str, Any]) -> None:
        """Set values of kind ``in`` or ``adc`` and send those that have changed."""
        known = self._values[kind]
        changed = {name: value for name, value in values.items() if known.get(name) != value}
        if changed:
            known.update(changed)
            self._send({kind: changed})

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        for writer in tuple(self._writers):
            if writer.transport.get_write_buffer_size() > _MAX_BACKLOG:
                writer.close()
            else:
                writer.write(line)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(SIGN_OF_LIFE_S)
            self._send({})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._hardware is not None
        hello = {**self._values, "out": self._hardware.outputs, "pwm": self._hardware.pwms}
        writer.write(json.dumps(hello).encode() + b"\n")
        self._writers.add(writer)
        driven: set[str] = set()
        try:
            while line := await reader.readline():
                self._obey(json.loads(line), driven)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"board: a command could not be obeyed, connection closed: {error!r}", file=sys.stderr)
        finally:
            self._writers.discard(writer)
            self._make_safe(driven)

    def _obey(self, command: dict[str, Any], driven: set[str]) -> None:
        assert self._hardware is not None
        if "out" in command:
            self._hardware.drive(command["out"], bool(command["value"]))
            driven.add(command["out"])
        if "pwm" in command:
            self._hardware.set_duty(command["pwm"], _duty(command["duty_e4"]))
            driven.add(command["pwm"])

    def _make_safe(self, driven: set[str]) -> None:
        assert self._hardware is not None
        for name in driven & set(self._hardware.outputs):
            self._hardware.drive(name, False)
        for name in driven & set(self._hardware.pwms):
            self._hardware.set_duty(name, STEADY_HIGH_E4)


def _duty(value: object) -> int:
    if type(value) is not int or not 0 <= value <= STEADY_HIGH_E4:
        raise ValueError(f"duty_e4 {value!r} is no integer from 0 to {STEADY_HIGH_E4}")
    return value
