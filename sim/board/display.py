"""The board's display: keeps the newest picture that the station has sent."""

import asyncio
import base64
import struct
from typing import Any

from sim.board.sockets import SocketServer

_HEADER = struct.Struct("!HH")


class Display:
    """Listens at ``<address>.fb`` for frames of ``u16 width | u16 height | RGB565 little-endian``."""

    def __init__(self) -> None:
        self._width = self._height = 0
        self._rgb565 = b""
        self._server = SocketServer(self._serve)

    async def start(self, address: str) -> None:
        """Listen for pictures."""
        await self._server.start(f"{address}.fb", limit=2**21)

    async def stop(self) -> None:
        """Take no more pictures."""
        await self._server.stop()

    def picture(self) -> dict[str, Any]:
        """Return width, height and the pixels in base64; 0, 0 and "" before the first picture."""
        pixels = base64.b64encode(self._rgb565).decode()
        return {"width": self._width, "height": self._height, "rgb565": pixels}

    async def _serve(self, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while True:
            width, height = _HEADER.unpack(await reader.readexactly(_HEADER.size))
            pixels = await reader.readexactly(width * height * 2)
            self._width, self._height, self._rgb565 = width, height, pixels
