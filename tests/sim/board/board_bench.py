"""A simulated board in this process, reached as the station reaches it: by its sockets and its tty."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hal.remote.board import RemoteBoard
from sim.board.board import BoardOptions, SimBoard
from sim.board.control import Control
from sim.board.timeline import Timeline

PATIENCE_S = 5.0


class Bench:
    """The station's view (``io``) and the hands at the board (``do``)."""

    def __init__(self, io: RemoteBoard, address: str, tty: str) -> None:
        self.io = io
        self.address = address
        self.tty = tty
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(io.fileno(), self._changed.set)

    async def do(self, action: str, **arguments: object) -> dict[str, Any]:
        """Carry out an action; return the state after it."""
        reply = await self.ask({"do": action, **arguments})
        assert reply["ok"], reply
        state: dict[str, Any] = reply.get("state", reply)
        return state

    async def ask(self, request: object) -> dict[str, Any]:
        """Send one request and return the reply as it is."""
        if self._streams is None:
            path = f"{self.address}.control"
            self._streams = await asyncio.open_unix_connection(path, limit=2**23)
        reader, writer = self._streams
        writer.write(json.dumps(request).encode() + b"\n")
        reply: dict[str, Any] = json.loads(await reader.readline())
        return reply

    async def until(self, condition: Callable[[], bool]) -> None:
        """Take inputs in as they come until ``condition`` holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
                self.io.refresh()

    async def until_state(
        self, condition: Callable[[dict[str, Any]], bool], **arguments: object
    ) -> dict[str, Any]:
        """Ask for the board's state until ``condition`` holds; return it."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition(state := await self.do("state", **arguments)):
                pass
        return state

    def pilot(self, evse: int = 1) -> tuple[int, int]:
        high, low = (self.io.adc(f"evse{evse}.pilot_{side}").read_mv() for side in ("high", "low"))
        return high, low

    def contactor_open(self, evse: int = 1) -> bool:
        return self.io.input(f"evse{evse}.contactor_mirror").read()

    def locked(self) -> bool:
        return self.io.input("evse1.lock_feedback").read()

    async def charge(self) -> None:
        """Plug in, offer 32 A, wait for state C, close the contactor."""
        await self.do("plug_in")
        self.io.pwm("evse1.pilot").set_duty(5333)
        await self.until(lambda: self.pilot()[0] == 6000)
        self.io.output("evse1.contactor").set(True)
        await self.until(lambda: not self.contactor_open())

    def leave(self) -> None:
        """The station's process ends: its connection breaks off."""
        asyncio.get_running_loop().remove_reader(self.io.fileno())
        self.io._socket.close()

    async def close(self) -> None:
        if self.io.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self.io.fileno())
            self.io.close()
        if self._streams is not None:
            self._streams[1].close()


@asynccontextmanager
async def bench(
    tmp_path: Path, rate: int = 60, watchdog: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Bench]:
    """A running board at ``rate`` times life and a station connected to it."""
    address, tty = str(tmp_path / "board.sock"), str(tmp_path / "tty")
    timeline = Timeline(rate, time.monotonic_ns(), 0)
    board = SimBoard(BoardOptions(address=address, tty=tty, **options), timeline)
    control = Control(board)
    await board.start()
    await control.start(address)
    io = {"backend": "remote", "address": address, "watchdog": watchdog}
    there = Bench(await asyncio.to_thread(RemoteBoard, io), address, tty)
    try:
        yield there
    finally:
        await there.close()
        await control.stop()
        await board.stop()


def play(scene: Callable[[Bench], Awaitable[None]], tmp_path: Path, **options: Any) -> None:
    """Run a scene on a bench of its own."""

    async def run() -> None:
        async with bench(tmp_path, **options) as there:
            await scene(there)

    asyncio.run(run())
