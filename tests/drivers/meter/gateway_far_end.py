"""A scripted Modbus TCP gateway on a real socket."""

import asyncio
import struct
from collections.abc import Callable

Reply = tuple[float, bytes]
Script = Callable[[bytes], list[Reply]]


def reply(request: bytes, pdu: bytes, *, number: int | None = None, unit: int | None = None) -> bytes:
    """A frame for a request, or with other fields (Messaging on TCP/IP V1.0b, 3.1.3)."""
    asked, _protocol, _length, asked_unit = struct.unpack(">HHHB", request[:7])
    header = (asked if number is None else number, 0, len(pdu) + 1, asked_unit if unit is None else unit)
    return struct.pack(">HHHB", *header) + pdu


class ScriptedGateway:
    """Meters behind a gateway: ``script(request)`` gives (seconds from now, bytes); ``b""`` breaks off.

    Without a script it answers at once and right, with ``kwh``.
    """

    def __init__(self) -> None:
        self.kwh = 1234.5
        self.port = 0
        self.requests: list[bytes] = []
        self.connections = 0
        self.script: Script = lambda request: [(0.0, self.answer(request))]
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """As if switched off and on again: the port is closed, its connections are broken off."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    def answer(self, request: bytes) -> bytes:
        return reply(request, self.pdu(request))

    def pdu(self, request: bytes) -> bytes:
        """The right answer to a read of input registers."""
        function, at, count = struct.unpack(">BHH", request[7:12])
        registers = [0] * 80
        registers[0x48:0x4A] = struct.unpack(">HH", struct.pack(">f", self.kwh))
        return struct.pack(f">BB{count}H", function, 2 * count, *registers[at : at + count])

    def counts(self) -> list[int]:
        return [int.from_bytes(request[10:12], "big") for request in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        loop = asyncio.get_running_loop()
        try:
            while True:
                request = await reader.readexactly(12)
                self.requests.append(request)
                for delay_s, data in self.script(request):
                    loop.call_later(delay_s, self._say, writer, data)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    @staticmethod
    def _say(writer: asyncio.StreamWriter, data: bytes) -> None:
        if data:
            writer.write(data)
        else:
            writer.transport.abort()
