"""A simulated meter behind Modbus TCP (Messaging on TCP/IP V1.0b, 3.1.3); its gateway knows no other unit."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sim.board.meter_map import Measured, SimMap, read_map

_HEADER = struct.Struct(">HHHBBHH")
_ILLEGAL_ADDRESS, _NOBODY_BEHIND_THE_GATEWAY = 2, 11


@asynccontextmanager
async def tcp_meter(name: str, unit: int, measured: Measured) -> AsyncIterator[int]:
    """Have a meter of that map as ``unit``; give its port."""
    kind = SimMap(read_map(name))

    def pdu(asked: int, function: int, at: int, count: int) -> bytes:
        if asked != unit:
            return bytes((function | 0x80, _NOBODY_BEHIND_THE_GATEWAY))
        if not kind.answers(function, at, count):
            return bytes((function | 0x80, _ILLEGAL_ADDRESS))
        held = kind.registers(measured, unit)
        words = (held[function, address] for address in range(at, at + count))
        return struct.pack(f">BB{count}H", function, 2 * count, *words)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                number, _, _, asked, *rest = _HEADER.unpack(await reader.readexactly(_HEADER.size))
                answer = pdu(asked, *rest)
                writer.write(struct.pack(">HHHB", number, 0, len(answer) + 1, asked) + answer)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
