"""The rig of a board behind `hal.remote`: `sim.board`'s own servers in a thread, with hands on its ports."""

import asyncio
import base64
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from hal.ports import Board, BoardLostError, Watchdog
from hal.remote.board import RemoteBoard
from hal.remote.framebuffer import RemoteFramebuffer
from sim.board.display import Display
from sim.board.hal_server import HalServer
from tests.contract.holder import LocalHolder, command
from tests.contract.rig import PATIENCE_S, Pixels, readable, watch
from tests.contract.suite_framebuffer import seen

WATCHDOG_S = 1
SAFE_E4 = {"evse1.pilot": 10_000, "evse2.contactor": 0}


class Terminals:
    """`sim.board.station.Hardware`: remembers what it was told."""

    outputs = ("evse1.contactor", "evse1.lock_forward")
    pwms = SAFE_E4

    def __init__(self) -> None:
        self.levels = dict.fromkeys(self.outputs, False)
        self.duties = dict(SAFE_E4)
        self.changed = threading.Condition()

    def drive(self, output: str, on: bool) -> None:
        self._set(self.levels, output, on)

    def set_duty(self, pwm: str, duty_e4: int) -> None:
        self._set(self.duties, pwm, duty_e4)

    def _set(self, values: dict[str, Any], name: str, value: int) -> None:
        with self.changed:
            values[name] = value
            self.changed.notify_all()


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def call(self, do: Callable[..., None], *args: Any) -> None:
        async def work() -> None:
            do(*args)

        self.run(work())

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class SimulatedRig:
    """`tests.contract.rig.Rig`, with a watchdog."""

    killed_is_safe = True

    def __init__(self, folder: Path) -> None:
        self._address = str(folder / "board.sock")
        self.io = {
            "backend": "remote",
            "address": self._address,
            "watchdog": {"device": "", "timeout_s": WATCHDOG_S},
        }
        self.terminals = Terminals()
        self.names = {
            "output": set(Terminals.outputs),
            "input": {"emergency_stop"},
            "pwm": set(SAFE_E4),
            "adc": {"evse1.pilot_high"},
            "thermometer": {"evse1.temperature"},
        }
        self._loop = Loop()
        self._boards: list[Board] = []
        self._begin()
        self.set_input("emergency_stop", False)
        self.set_mv("evse1.pilot_high", 12_000)
        self.set_mc("evse1.temperature", 25_000)

    def _begin(self) -> None:
        self._server = HalServer()
        self._loop.run(self._server.start(self._address, self.terminals))

    def open(self) -> RemoteBoard:
        """Try until it greets in time, as the interlock does: the host may be busy."""
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._boards.append(board := RemoteBoard(self.io))
            except BoardLostError:
                if time.monotonic() > until_s:
                    raise
            else:
                return board

    def readable(self, board: Board, within_s: float) -> bool:
        return readable(board, within_s)

    def eventually(self, condition: Callable[[], bool]) -> bool:
        with self.terminals.changed:
            return self.terminals.changed.wait_for(condition, PATIENCE_S)

    def output(self, name: str) -> bool:
        return self.terminals.levels[name]

    def duty_e4(self, name: str) -> int:
        return self.terminals.duties[name]

    def set_input(self, name: str, active: bool) -> None:
        self._loop.call(self._server.publish, "in", {name: active})

    def set_mv(self, name: str, mv: int) -> None:
        self._loop.call(self._server.publish, "adc", {name: mv})

    def set_mc(self, name: str, mc: int | None) -> None:
        self._loop.call(self._server.publish, "temp", {name: mc})

    def hold(self, kind: str, name: str, value: int) -> LocalHolder:
        return LocalHolder(command(self.io, kind, name, value))

    def lose(self) -> None:
        self._loop.call(self._server.reset)

    def mend(self) -> None:
        """A board that was reset listens again by itself."""

    # the watchdog

    def armed(self) -> Watchdog:
        board = self.open()
        board.output("evse1.contactor").set(True)
        assert self.eventually(lambda: self.output("evse1.contactor"))
        watchdog = board.watchdog()
        assert watchdog is not None
        return watchdog

    def look_on(self, for_s: float, watchdog: Watchdog | None) -> None:
        watch(self, self._boards[-1], for_s, watchdog.feed if watchdog is not None else lambda: None)

    def acted(self, within_s: float) -> bool:
        with self.terminals.changed:
            return self.terminals.changed.wait_for(lambda: not self.output("evse1.contactor"), within_s)

    def close(self) -> None:
        for board in self._boards:
            board.close()
        self._loop.run(self._server.stop())
        self._loop.end()


class SimulatedPanel:
    """`tests.contract.rig.Panel` of `sim.board.display`."""

    def __init__(self, folder: Path) -> None:
        self._address = str(folder / "board.sock")
        size = {"width": 7, "height": 5}
        self.framebuffer = RemoteFramebuffer({"address": self._address, "display": size})
        self._loop = Loop()
        self.mend()

    def mend(self) -> None:
        self._display = Display()
        self._loop.run(self._display.start(self._address))

    def lose(self) -> None:
        self._loop.run(self._display.stop())

    def shows(self, pixels: Pixels) -> bool:
        """Ask again and again: a picture is on its way when `show` returns, and the display does not tell."""
        until_s = time.monotonic() + PATIENCE_S
        while self._screen() != pixels:
            if time.monotonic() > until_s:
                return False
        return True

    def _screen(self) -> Pixels:
        told = self._display.picture()
        return seen(base64.b64decode(told["rgb565"]), told["width"]) if told["width"] else []

    def close(self) -> None:
        self.framebuffer.close()
        self.lose()
        self._loop.end()
