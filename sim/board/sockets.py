"""A Unix socket server whose connections end when it stops."""

import asyncio
from collections.abc import Awaitable, Callable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class SocketServer:
    """Serves each connection with ``handler``; a connection that breaks off ends its handler, no more."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self, path: str, limit: int = 2**16) -> None:
        """Listen at ``path``; ``limit`` is the size of a connection's read buffer."""
        self._server = await asyncio.start_unix_server(self._serve, path, limit=limit)

    async def stop(self) -> None:
        """Close all connections and wait until their handlers have ended."""
        if self._server is not None:
            self._server.close()
        tasks = [task for task in self._open.values() if task is not None]
        for writer in tuple(self._open):
            writer.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            await self._handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the other side is gone: the handler has cleaned up
        finally:
            del self._open[writer]
            writer.close()
