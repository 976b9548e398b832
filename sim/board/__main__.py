"""``python -m sim.board``: start a simulated board; prints ``ready`` when it listens."""

import argparse
import asyncio
import os
import selectors
import signal
import stat
import sys
import time
from pathlib import Path

from sim.board.board import BoardOptions, SimBoard
from sim.board.control import Control
from sim.board.evse import Wiring
from sim.board.load import LoadFileError, read_load
from sim.board.meter_map import DEFAULT, UnknownMapError, read_map
from sim.board.timeline import Timeline


def main() -> None:
    """Run a board until SIGTERM or the end of stdin."""
    arguments = _parser().parse_args()
    try:
        load = read_load(arguments.load) if arguments.load else None
        read_map(arguments.meter)
    except (LoadFileError, OSError) as error:
        sys.exit(f"board: --load: {error}")
    except UnknownMapError as error:
        sys.exit(f"board: --meter {error}")
    options = BoardOptions(
        address=arguments.address,
        tty=arguments.tty,
        watts=arguments.watts,
        phases=arguments.phases,
        baudrate=arguments.baudrate,
        evses=arguments.evses,
        start_kwh=arguments.start_kwh,
        load=load,
        wiring=Wiring(arguments.lock, arguments.holster, arguments.economiser),
        heartbeat=arguments.heartbeat,
        meter=arguments.meter,
    )
    timeline = Timeline(arguments.rate, arguments.anchor_monotonic_ns, arguments.anchor_utc_ms)
    with asyncio.Runner(loop_factory=_exact_loop) as runner:
        runner.run(_run(options, timeline))


def _exact_loop() -> asyncio.AbstractEventLoop:
    """Return a loop with timers as exact as a wire: epoll, the usual one's, waits whole milliseconds."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def _run(options: BoardOptions, timeline: Timeline) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    _watch_stdin(loop, stop)
    board = SimBoard(options, timeline)
    control = Control(board)
    await board.start()
    await control.start(options.address)
    print("ready", flush=True)
    await stop.wait()
    await control.stop()
    await board.stop()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """End with the process that started this one: its end of the pipe closes."""
    mode = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    loop.add_reader(0, read)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.board", description=__doc__)
    parser.add_argument("--address", required=True, help="Unix socket of the hal; also .fb and .control")
    parser.add_argument("--tty", required=True, help="symbolic link to make to the meters' serial line")
    parser.add_argument("--rate", type=_positive, default=1, help="billing time per real time")
    parser.add_argument("--anchor-monotonic-ns", type=int, default=time.monotonic_ns())
    parser.add_argument("--anchor-utc-ms", type=int, default=time.time_ns() // 1_000_000)
    parser.add_argument("--watts", type=float, default=7200.0, help="what the vehicle draws at most")
    parser.add_argument("--phases", type=int, choices=(1, 3), default=3, help="phases the vehicle uses")
    parser.add_argument("--load", type=Path, help="CSV of a recorded load: seconds,watts")
    parser.add_argument(
        "--meter", default=DEFAULT, metavar="MAP", help="which meters: a map of config/meters"
    )
    parser.add_argument("--baudrate", type=_positive, default=9600)
    parser.add_argument("--evses", type=_positive, default=1)
    parser.add_argument("--start-kwh", type=float, default=1234.5678, help="the first meter's register")
    parser.add_argument("--lock", choices=("motor", "solenoid"), default="motor")
    parser.add_argument("--holster", action="store_true", help="the lock holds a cable of the charger's own")
    parser.add_argument("--economiser", action="store_true", help="coils are driven by PWM evse<n>.contactor")
    parser.add_argument("--heartbeat", action="store_true", help="coils need the output heartbeat to toggle")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value


if __name__ == "__main__":
    main()
