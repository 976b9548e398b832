"""``python -m sim.csms``: the simulated backend as a process of its own.

It prints one JSON line with its addresses once it listens, and ends on SIGTERM or when its stdin closes.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from hal.clock import ScaledClock
from sim.csms.backend import Backend
from sim.csms.listening import VERSIONS, FrontDoor
from sim.csms.pricing import TariffError
from sim.csms.provisioning import on_wire
from sim.csms.server import make_app
from sim.csms.site import SiteFileError, load_site, load_tariff
from sim.csms.trace import Trace


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end. Returns the exit code: 2 when a file or an argument is wrong."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("ocpp").setLevel(logging.CRITICAL)  # it logs every frame; the trace does that better
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    try:
        site, tariff = load_site(options.site), load_tariff(options.tariff)
        on_wire(tariff)
        clock = ScaledClock(options.rate, options.anchor_monotonic_ns, options.anchor_utc_ms)
        backend = Backend(site, tariff, clock)
        asyncio.run(_run(backend, options))
    except (SiteFileError, TariffError, ValueError) as error:
        print(f"sim.csms: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"sim.csms: {error.strerror}; is another backend running on this port?", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.csms", description=__doc__)
    parser.add_argument("--site", type=Path, required=True, help="the operator's site.toml")
    parser.add_argument("--tariff", type=Path, required=True, help="the tariff given to stations (TOML)")
    parser.add_argument("--ocpp-port", type=int, default=0, help="0 is any free port")
    parser.add_argument("--pay-port", type=int, default=0, help="0 is any free port")
    parser.add_argument("--rate", type=int, default=1, help="billing time: so many times real time")
    parser.add_argument("--anchor-monotonic-ns", type=int, default=time.monotonic_ns())
    parser.add_argument("--anchor-utc-ms", type=int, default=time.time_ns() // 1_000_000)
    parser.add_argument("--trace", type=Path, help="file that takes every OCPP frame as a JSON line")
    parser.add_argument("--versions", type=_versions, default=VERSIONS, help="subprotocols, e.g. ocpp2.1")
    return parser


def _versions(text: str) -> tuple[str, ...]:
    versions = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [version for version in versions if version not in VERSIONS]
    if unknown or not versions:
        raise argparse.ArgumentTypeError(f"{text}: this backend speaks {', '.join(VERSIONS)}")
    return versions


class _HttpServer(uvicorn.Server):
    """uvicorn without its own signal handlers: this process has one place that ends it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(backend: Backend, options: argparse.Namespace) -> None:
    trace = Trace(options.trace, backend.utc_now)
    pay_socket = socket.create_server(("127.0.0.1", options.pay_port))
    backend.pay_address = f"http://127.0.0.1:{pay_socket.getsockname()[1]}"
    config = uvicorn.Config(make_app(backend), log_level="warning", access_log=False, lifespan="off")
    http = _HttpServer(config)
    serving = asyncio.create_task(http.serve(sockets=[pay_socket]))
    door = await FrontDoor(backend, trace).open(options.ocpp_port, options.versions)
    ocpp_port = door.sockets[0].getsockname()[1]
    await http.listening.wait()
    print(json.dumps({"ocpp": f"ws://127.0.0.1:{ocpp_port}/ocpp", "pay": backend.pay_address}), flush=True)
    await _told_to_end()
    door.close()
    http.should_exit = True
    await serving
    await door.wait_closed()
    trace.close()


async def _told_to_end() -> None:
    """Return on SIGTERM, SIGINT, or when stdin closes (a terminal or /dev/null is not waited for)."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        loop.add_reader(sys.stdin.fileno(), _on_stdin, told)
    await told.wait()


def _on_stdin(told: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        told.set()


if __name__ == "__main__":
    sys.exit(main())
