"""``python -m sim.coprocessor``: start a simulated pilot coprocessor; prints ``ready`` when it talks."""

import argparse
import asyncio
import os
import signal
import sys
import tty
from pathlib import Path

from sim.coprocessor.bench import CoprocessorBench
from sim.coprocessor.control import Control
from sim.coprocessor.line import Pty


def main() -> None:
    """Run a coprocessor until SIGTERM."""
    arguments = _parser().parse_args()
    try:
        descriptor = _linked(arguments.tty) if arguments.tty else _opened(arguments.device)
    except OSError as error:
        sys.exit(f"coprocessor: {error.filename}: {error.strerror}")
    asyncio.run(_run(CoprocessorBench(descriptor, arguments.evses, arguments.baudrate), arguments.control))
    if arguments.tty:
        Path(arguments.tty).unlink(missing_ok=True)


async def _run(bench: CoprocessorBench, address: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    control = Control(bench)
    await control.start(address)
    bench.start()
    print("ready", flush=True)
    await stop.wait()
    await control.stop()
    bench.stop()


def _linked(path: str) -> int:
    """Make a pty and link its host's end to ``path``; it lives as long as this process."""
    pty = Pty()
    pty.link(path)
    return pty.descriptor


def _opened(path: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(descriptor)
    return descriptor


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.coprocessor", description=__doc__)
    line = parser.add_mutually_exclusive_group(required=True)
    line.add_argument("--tty", help="symbolic link to make to the host's end of a pty")
    line.add_argument("--device", help="an existing serial port to talk on, such as a virtual machine's")
    parser.add_argument("--control", required=True, help="Unix socket for the hands at it")
    parser.add_argument("--evses", type=int, choices=range(1, 5), default=1, help="how many pilots")
    parser.add_argument("--baudrate", type=int, default=115_200)
    return parser


if __name__ == "__main__":
    main()
