"""Vehicle leaves C → contactor commanded open: the real interlock at a simulated board, every core busy.

The interlock process and the board are the real ones; the agent's place is taken by a lease client of the
bench's own. Several EVSEs of one board take turns, because a contactor rests a second between switchings.
"""

import asyncio
import contextlib
import json
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from firmware.interlock.lease import Grant, SetLock, encode
from sim.clients import BoardClient
from sim.processes import Child
from tests.bench.benches import MeasurementError, Tell, fresh_dir, socket_dir, until
from tests.bench.table import Row, percentile, row

EVSES = 6
IDLE_SAMPLES = 120
LOADED_SAMPLES = 360
SPEED = 60  # only the simulated vehicle's ramps are faster; the interlock's clock is real
_LEASE_MS, _RENEW_S = 15_000, 5.0
_LEAVES = ({"do": "unplug"}, {"do": "ready", "value": False})
_RETURNS = ({"do": "plug_in"}, {"do": "ready", "value": True})
_QUIET_S = 0.3
_BURN = "while True: pass"
_BOARD_PRIORITY = 10  # below the interlock's own 20


async def measure(tell: Tell) -> list[Row]:
    """Return the row of the loaded series; the idle one is told in it."""
    logs = fresh_dir("interlock")
    async with socket_dir() as sockets, _interlock(sockets, logs) as board:
        idle = await _series(board, IDLE_SAMPLES, seed=1)
        tell(f"{len(idle)} openings on an idle machine, greatest {max(idle):.2f} ms")
        async with _every_core_busy(logs):
            loaded = await _series(board, LOADED_SAMPLES, seed=2)
        tell(f"{len(loaded)} openings with every core busy, greatest {max(loaded):.2f} ms")
    refused = "SCHED_FIFO" in _refused(logs / "interlock.log")
    what = (
        "vehicle leaves state C → contactor commanded open, every core busy, real-time priority"
        f" {'refused' if refused else 'granted'}"
        f" (idle: p50 {percentile(idle, 50):.2f}, greatest {max(idle):.2f})"
    )
    return [row("open_after_c_ms", what, "ms", loaded, hold=99.9, bar=10, limit=100)]


@asynccontextmanager
async def _interlock(sockets: Path, logs: Path) -> AsyncIterator[BoardClient]:
    """Run board and interlock with a lease that stands on every EVSE; give the hands at the board."""
    address, agent_socket = sockets / "board.sock", sockets / "interlock.sock"
    command = ["--address", str(address), "--tty", str(sockets / "tty"), "--evses", str(EVSES)]
    command += ["--rate", str(SPEED)]
    board = await Child.start("board", ["-m", "sim.board", *command], logs / "board.log")
    hands = BoardClient(Path(f"{address}.control"))
    interlock = None
    try:
        await board.first_line(20)
        _be_hardware(board.pid)
        settings = {
            "socket": str(agent_socket),
            "board": {"backend": "remote", "address": str(address)},
            "evses": [{"id": evse, "rules": {"max_current_ma": 32_000}} for evse in range(1, EVSES + 1)],
        }
        arguments = ["-m", "firmware.interlock", json.dumps(settings)]
        interlock = await Child.start("interlock", arguments, logs / "interlock.log")
        interlock.keep_draining()
        await until("the interlock listens", lambda: _exists(agent_socket))
        async with _leases(agent_socket):
            yield hands
    finally:
        await hands.close()
        for child in (interlock, board):
            if child is not None:
                await child.stop()


@asynccontextmanager
async def _leases(path: Path) -> AsyncIterator[None]:
    """Stand in for the agent: grant every EVSE and go on renewing, listen to what comes."""
    reader, writer = await asyncio.open_unix_connection(path)

    async def renew() -> None:
        seq = 0
        while True:
            for evse in range(1, EVSES + 1):
                writer.write(
                    encode(SetLock(evse, seq + 1, 1)) + encode(Grant(evse, seq + 2, 16_000, _LEASE_MS))
                )
            seq += 2
            await asyncio.sleep(_RENEW_S)

    async def listen() -> None:
        while await reader.read(65_536):
            pass

    tasks = [asyncio.create_task(renew()), asyncio.create_task(listen())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        writer.close()


async def _series(board: BoardClient, samples: int, seed: int) -> list[float]:
    """Let the EVSEs' vehicles leave and return independently until there are enough samples."""
    chance = random.Random(seed)
    each = -(-samples // EVSES)
    taken = await asyncio.gather(
        *(_openings_ms(board, evse, each, random.Random(chance.random())) for evse in range(1, EVSES + 1))
    )
    return [sample for of_one in taken for sample in of_one]


async def _openings_ms(board: BoardClient, evse: int, samples: int, chance: random.Random) -> list[float]:
    taken = []
    for number in range(samples):
        await _come_back(board, evse, number)
        await asyncio.sleep(chance.uniform(0.05, 0.35))
        await _do(board, evse, _LEAVES[number % 2])
        await asyncio.sleep(_QUIET_S)
        taken.append(await _opened_ms(board, evse))
    await _come_back(board, evse, samples)
    await _do(board, evse, _LEAVES[0])
    await asyncio.sleep(_QUIET_S)  # contacts that are still falling must not look closed to the next series
    return taken


async def _come_back(board: BoardClient, evse: int, number: int) -> None:
    """Undo how the vehicle left the last time, and wait until energy is on."""
    state = await board.state(evse=evse)
    await _do(board, evse, _RETURNS[0] if not state["plugged"] else _RETURNS[1])

    async def is_closed() -> bool:
        return bool((await board.state(evse=evse))["contactor_closed"])

    await until(f"the contactor of EVSE {evse} closes (opening {number})", is_closed)


async def _opened_ms(board: BoardClient, evse: int) -> float:
    """Return the time from leaving C to the coil's command. Raises MeasurementError when it stayed closed."""
    marks = (await board.state(evse=evse))["marks"]
    left_ns, open_ns = marks["left_c"], marks["commanded_open"]
    if not left_ns or not open_ns or open_ns < left_ns:
        raise MeasurementError(
            f"EVSE {evse}: no command to open {_QUIET_S} s after the vehicle left C: {marks}"
        )
    return float(open_ns - left_ns) / 1e6


async def _do(board: BoardClient, evse: int, action: Mapping[str, object]) -> None:
    arguments = {key: value for key, value in action.items() if key != "do"}
    await board.do(str(action["do"]), evse=evse, **arguments)


@asynccontextmanager
async def _every_core_busy(logs: Path) -> AsyncIterator[None]:
    burning = [
        await Child.start(f"load {core}", ["-c", _BURN], logs / "load.log")
        for core in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for child in burning:
            await child.stop()


def _be_hardware(board: int) -> None:
    """Let no load delay what stands for hardware; a board that waits for a core would be what is measured.

    Where the kernel refuses, the row is that much too high.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(board, os.SCHED_FIFO, os.sched_param(_BOARD_PRIORITY))


async def _exists(path: Path) -> bool:
    return await asyncio.to_thread(path.exists)


def _refused(log: Path) -> list[str]:
    """Return what the kernel refused the interlock, from its own log."""
    for line in log.read_text().splitlines():
        if '"interlock.started"' in line:
            return list(json.loads(line)["without"])
    raise MeasurementError(f"the interlock did not say that it started, see {log}")
