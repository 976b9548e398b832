"""The board's end of the hal's socket: JSON lines, changes sent at once, a sign of life each 100 ms."""

import asyncio
import json
import sys
from typing import Any

from sim.board.sockets import SocketServer
from sim.board.station import Hardware, Station

SIGN_OF_LIFE_S = 0.1
_MAX_BACKLOG = 1_000_000


class HalServer:
    """Serves the board's ports to stations (`evse.Pins`), and makes safe what a lost connection drove.

    ``bites`` counts how often a watchdog has acted.
    """

    def __init__(self) -> None:
        self.bites = 0
        self._values: dict[str, dict[str, Any]] = {"in": {}, "adc": {}, "temp": {}}
        self._stations: dict[asyncio.StreamWriter, Station] = {}
        self._hardware: Hardware | None = None
        self._server = SocketServer(self._serve)
        self._beat: asyncio.Task[None] | None = None
        self._running = asyncio.Event()
        self._running.set()

    @property
    def hung(self) -> bool:
        """Whether the board has stopped to answer."""
        return not self._running.is_set()

    async def start(self, address: str, hardware: Hardware) -> None:
        """Listen at ``address``."""
        self._hardware = hardware
        await self._server.start(address)
        self._beat = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """Close all connections."""
        if self._beat is not None:
            self._beat.cancel()
        self._running.set()
        await self._server.stop()

    def publish(self, kind: str, values: dict[str, Any]) -> None:
        """Set values of kind ``in``, ``adc`` or ``temp`` and send those that have changed."""
        known = self._values[kind]
        changed = {name: value for name, value in values.items() if name not in known or known[name] != value}
        if changed:
            known.update(changed)
            self._send({kind: changed})

    def hang(self) -> None:
        """Say and obey nothing more; connections stay open, outputs as they are, watchdogs run on."""
        self._running.clear()

    def reset(self) -> None:
        """Start anew: every connection is closed, what it drove is safe."""
        for writer, station in tuple(self._stations.items()):
            station.end()
            writer.close()
        self._running.set()

    def _send(self, message: dict[str, Any]) -> None:
        if self.hung:
            return
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        for writer in tuple(self._stations):
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
        await self._running.wait()
        hello = {**self._values, "out": self._hardware.outputs, "pwm": tuple(self._hardware.pwms)}
        writer.write(json.dumps(hello).encode() + b"\n")
        station = self._stations[writer] = Station(self._hardware, lambda: self._bitten(writer))
        try:
            while line := await self._command(reader):
                if not writer.is_closing():
                    station.obey(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"board: a command could not be obeyed, connection closed: {error!r}", file=sys.stderr)
        finally:
            self._stations.pop(writer, None)
            station.end()

    async def _command(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next line, b"" at the end; a hung board takes in neither."""
        line = await reader.readline()
        await self._running.wait()
        return line

    def _bitten(self, writer: asyncio.StreamWriter) -> None:
        self.bites += 1
        print("board: the watchdog was not fed, outputs are safe, connection closed", file=sys.stderr)
        self._stations.pop(writer, None)
        writer.close()
