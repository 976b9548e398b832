"""``python -m tests.bench.drill_board --address … --evses N``: a simulated board that drills itself.

Prints ``ready`` when it listens. At ``<address>.drill`` it takes one JSON object a connection,
``{"cause": "c", "samples": 1000, "seed": 1, "agent": "/path/interlock.sock" or null}``, runs that series and
answers ``{"took_ms": [0.7, …]}`` or ``{"error": "…"}``.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import random
import signal
import time
from typing import Any

from sim.board.board import BoardOptions, SimBoard
from sim.board.sockets import SocketServer
from sim.board.timeline import Timeline
from tests.bench.drill import Drill, StuckError
from tests.bench.lease_holder import LeaseHolder

_PRIORITY = 10  # below the interlock's own 20
_RATE = 60  # only the vehicle's ramps are faster; contactor, lock and the interlock's clock are real
_WATTS = 100.0
_REACTION_MS = 1.0


def main() -> None:
    """Run the board until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.drill_board")
    parser.add_argument("--address", required=True)
    parser.add_argument("--evses", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.address, arguments.evses))


async def _run(address: str, evses: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    options = BoardOptions(address, f"{address}.tty", watts=_WATTS, evses=evses, reaction_ms=_REACTION_MS)
    board = SimBoard(options, Timeline(_RATE, time.monotonic_ns(), time.time_ns() // 1_000_000))
    server = SocketServer(lambda reader, writer: _serve(board, reader, writer))
    await board.start()
    await server.start(f"{address}.drill")
    _be_hardware()
    print("ready", flush=True)
    await stop.wait()
    await server.stop()
    await board.stop()


async def _serve(board: SimBoard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reply = await _series(board, json.loads(await reader.readline()))
    writer.write(json.dumps(reply).encode() + b"\n")
    await writer.drain()


async def _series(board: SimBoard, request: dict[str, Any]) -> dict[str, Any]:
    path = request["agent"]
    agent = await LeaseHolder.connect(path, board.evses) if path is not None else None
    try:
        drill = Drill(board, random.Random(request["seed"]), agent)
        return {"took_ms": await drill.series(request["cause"], request["samples"])}
    except StuckError as error:
        return {"error": str(error)}
    finally:
        if agent is not None:
            agent.close()


def _be_hardware() -> None:
    """Let neither load nor a garbage collection delay what stands for hardware: that would be measured.

    Where the kernel refuses the priority, the figures are that much too high.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    gc.collect()
    gc.freeze()
    gc.disable()


if __name__ == "__main__":
    main()
