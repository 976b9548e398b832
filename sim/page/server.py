"""The page's server: one FastAPI application with the API, the pictures and NiceGUI, on one loopback port."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from nicegui import ui

from sim import api
from sim.bench import Bench
from sim.csms.fonts import chinese
from sim.page.layout import SEAL, build
from sim.page.moment import Lookout

STATIC = Path(__file__).parent / "static"
_started: list[str] = []


class PageError(RuntimeError):
    """The page cannot be served; the text says why and what to do."""


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to its owner: the bench has processes to end in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """A page that is being served: its ``url``, and `stop`."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket, lookout: Lookout) -> None:
        self._server = server
        self._lookout = lookout
        host, port = listening.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self._task = asyncio.create_task(server.serve(sockets=[listening]))

    async def stop(self) -> None:
        """Part from the browsers and stop listening; the bench goes on."""
        self._server.should_exit = True
        await self._task
        await self._lookout.end()

    async def wait(self) -> None:
        """Return when the server has ended by itself."""
        await asyncio.shield(self._task)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket (port 0 = any free one). Raises PageError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PageError(f"port {port} on {host}: {error.strerror}; choose another with --port") from None
    return listening


async def start_on(bench: Bench, listening: socket.socket) -> Server:
    """Serve the page of ``bench`` on a bound socket; return when it answers.

    NiceGUI keeps one set of pages in a process, so a process serves one bench; a second raises PageError.
    """
    if _started:
        raise PageError(f"this process has served a page already ({_started[0]}); start another process")
    lookout = Lookout(bench)
    app = application(bench, lookout)
    config = uvicorn.Config(app, log_level="warning", ws_ping_interval=20, timeout_graceful_shutdown=2)
    server = Server(_Uvicorn(config), listening, lookout)
    _started.append(server.url)
    lookout.begin()
    while not server._server.started:
        if server._task.done():
            await server._task
            raise PageError("the page's server ended at once")
        await asyncio.sleep(0.01)
    return server


def application(bench: Bench, lookout: Lookout) -> FastAPI:
    """Return the application: API, documentation, pictures, and the page at ``/``."""
    app = FastAPI(title="Wattseal bench", version="1", docs_url=None, redoc_url=None)
    app.openapi_version = "3.1.0"
    api.install(app, bench)
    app.mount("/assets", StaticFiles(directory=STATIC))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html")

    @app.get("/font/cjk.otf", include_in_schema=False)
    async def font() -> FileResponse:
        path = chinese()
        if path is None:
            raise HTTPException(404, "no font with Chinese glyphs is installed")
        return FileResponse(path, headers={"Cache-Control": "max-age=86400"})

    @app.get("/display/{version}.png", include_in_schema=False)
    async def display(version: str) -> Response:
        cache = {"Cache-Control": "max-age=60" if version == lookout.now.picture else "no-store"}
        return Response(lookout.picture_png, media_type="image/png", headers=cache)

    @ui.page("/", title="Wattseal bench", favicon=SEAL)
    def page() -> None:
        build(bench, lookout)

    ui.run_with(
        app, show_welcome_message=False, tailwind=False, binding_refresh_interval=None, language="en-US"
    )
    return app
