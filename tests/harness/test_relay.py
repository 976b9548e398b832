"""The relay between agent and interlock: it changes nothing, and tells when each Grant came by."""

import asyncio
import time
from pathlib import Path

from firmware.interlock.lease import Grant, SetLock, encode
from sim.processes import Child

PATIENCE_S = 20.0


def test_what_the_agent_says_arrives_unchanged_and_its_grants_are_timed(tmp_path: Path) -> None:
    path, log = tmp_path / "interlock.sock", tmp_path / "relay.log"
    said = (
        encode(SetLock(1, 1, 1)) + encode(Grant(1, 2, 16_000, 15_000)) + encode(Grant(2, 3, 16_000, 15_000))
    )
    heard = bytearray()

    async def interlock(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = await reader.read(len(said))  # none: the connection that makes the agent come back
        heard.extend(words)
        if words:
            writer.write(b"status")
        writer.close()

    async def play() -> bytes:
        server = await asyncio.start_unix_server(interlock, path)
        relay = await Child.start("relay", ["-m", "tests.bench.relay", str(path)], log)
        try:
            await relay.first_line(PATIENCE_S)
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(said)
            told = await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.close()
            return told
        finally:
            await relay.stop()
            server.close()

    before_ns = time.monotonic_ns()
    told = asyncio.run(play())
    grants = [line.split() for line in log.read_text().splitlines()]

    assert (bytes(heard), told) == (said, b"status")
    assert [evse for evse, _ in grants] == ["1", "2"]
    assert all(before_ns < int(at_ns) < time.monotonic_ns() for _, at_ns in grants)
