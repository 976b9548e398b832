"""The bench page: charger, phone, chart, minutes and backend in a browser, and the API beside it."""

import asyncio
import signal
import sys
from pathlib import Path

from sim.artifacts import write_artifacts
from sim.bench import Bench, BenchOptions, ProcessFailedError
from sim.page.server import PageError, Server, listen, start_on

__all__ = ["PageError", "Server", "serve", "start"]


def serve(
    options: BenchOptions, *, host: str = "127.0.0.1", port: int = 8080, out: Path | None = None
) -> int:
    """Start a bench and serve its page until SIGINT or SIGTERM; returns the exit code.

    With ``out`` the artifacts of the run are written there at the end. What keeps it from starting is said on
    stderr (exit code 1).
    """
    try:
        return asyncio.run(_serve(options, host, port, out))
    except (PageError, ProcessFailedError) as error:
        print(f"the bench did not start: {error}", file=sys.stderr)
        return 1


async def start(bench: Bench, host: str = "127.0.0.1", port: int = 8080) -> Server:
    """Serve the page of a bench that runs already; the bench stays its owner's. Raises PageError."""
    return await start_on(bench, listen(host, port))


async def _serve(options: BenchOptions, host: str, port: int, out: Path | None) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    listening = listen(host, port)
    bench = await _started(options, stopped)
    if bench is None:
        return 0
    async with bench:
        server = await start_on(bench, listening)
        print(f"Wattseal bench: {server.url}   API: {server.url}/docs   (Ctrl-C ends it)", flush=True)
        await stopped.wait()
        await server.stop()
        if out is not None:
            await write_artifacts(bench, out)
            print(f"artifacts are in {out}", flush=True)
    return 0


async def _started(options: BenchOptions, stopped: asyncio.Event) -> Bench | None:
    """Start the bench; None when it was told to stop before it was up."""
    starting = asyncio.create_task(Bench.start(options))
    told_to_stop = asyncio.create_task(stopped.wait())
    await asyncio.wait({starting, told_to_stop}, return_when=asyncio.FIRST_COMPLETED)
    told_to_stop.cancel()
    if starting.done():
        return starting.result()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    return None
