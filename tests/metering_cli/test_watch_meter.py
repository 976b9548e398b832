"""``wattseal meter watch``: what a person sees on a terminal, and what goes into a pipe."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.metering_cli.conftest import ROOT, Place, Said, interrupted, meters, run, start
from tests.support.terminal import Terminal


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[Terminal, Place]]:
    """A terminal on which a meter is watched."""
    async with meters("abb_b23", 9600) as place:
        words = ("watch", "--port", place.tty, "--map", "abb_b23")
        terminal = Terminal([sys.executable, "-m", "firmware", "meter", *words], ROOT)
        try:
            yield terminal, place
        finally:
            terminal.close()


def test_a_person_sees_values_and_absences_in_place() -> None:
    async def scene() -> None:
        async with watched() as (terminal, place):
            first = await asyncio.to_thread(terminal.until, "q ends")
            assert "  import register  1234.5600 kWh, in steps of 0.0100 kWh" in first
            assert "  since the start  +0.0000 kWh in " in first
            place.meters.health[1] = "silent"
            absent = await asyncio.to_thread(terminal.until, "absent for")
            assert "  no reading       unit 1 gave no reply in " in absent
            assert "  last reading     1234.5600 kWh, " in absent
            assert "6900 W" not in absent
            place.meters.health[1] = "ok"
            back = await asyncio.to_thread(terminal.until, "6900 W")
            assert re.search(r"  readings         \d+, \d+ failed, the last: unit 1 gave no reply", back)
            terminal.press(b"q")
            code, left = await asyncio.to_thread(terminal.end)
            assert code == 0
            assert "  power            6900 W" in left

    asyncio.run(scene())


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_terminal_is_as_before_when_it_is_ended_otherwise(end: signal.Signals) -> None:
    async def scene() -> None:
        async with watched() as (terminal, _):
            await asyncio.to_thread(terminal.until, "q ends")
            terminal.process.send_signal(end)
            code, left = await asyncio.to_thread(terminal.end)
            assert code == 0
            assert "Traceback" not in left

    asyncio.run(scene())


def test_watching_into_a_pipe_is_a_line_each_second_and_control_c_ends_it() -> None:
    async def scene() -> Said:
        async with meters("abb_b23", 9600) as place:
            process = await start("watch", "--port", place.tty, "--map", "abb_b23")
            assert process.stdout is not None
            first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
            assert re.fullmatch(r"20\S+Z \S+: abb_b23 \(ABB B23/B24\): 1234\.5600 kWh, 6900 W, .* A\n", first)
            place.meters.health[1] = "silent"
            return await interrupted(
                process, lambda line: "no reading: unit 1 gave no reply" in line, "stdout"
            )

    said = asyncio.run(scene())
    assert (said.code, said.err) == (0, "")


def test_watching_a_port_that_is_not_there_ends_at_once() -> None:
    said = asyncio.run(run("watch", "--port", "/dev/not-there", "--map", "abb_b23"))
    assert said.code == 1
    assert "/dev/not-there is not there; technician: check the adapter's cable" in said.err
