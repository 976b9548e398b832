"""The board's client: an answer belongs to its question, also when somebody lost patience."""

import asyncio
import json
from pathlib import Path

from sim.clients import BoardClient


def test_a_question_that_was_given_up_leaves_no_answer_for_the_next(tmp_path: Path) -> None:
    asked = asyncio.Event()
    answer = asyncio.Event()

    async def board(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked.set()
            await answer.wait()
            writer.write(json.dumps({"ok": True, "state": json.loads(line)}).encode() + b"\n")

    async def play() -> str:
        server = await asyncio.start_unix_server(board, tmp_path / "control")
        client = BoardClient(tmp_path / "control")
        patience = asyncio.create_task(client.do("unplug"))
        await asked.wait()
        patience.cancel()
        await asyncio.gather(patience, return_exceptions=True)
        answer.set()
        state = await client.do("plug_in")
        await client.close()
        server.close()
        return str(state["do"])

    assert asyncio.run(asyncio.wait_for(play(), 10)) == "plug_in"
