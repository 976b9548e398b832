"""Children of the bench: told when ready, never left behind, their last words shown."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sim.processes import ROOT, Child, ProcessFailedError, descendants

READY_THEN_WAIT = "import sys, signal; print('ready'); signal.pause()"
STUBBORN = (
    "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
    "print(child.pid); signal.pause()"
)


def ends_soon(pid: int) -> bool:
    """Whether a process (not necessarily a child of ours) ends within five seconds (pidfd_open(2))."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 5)[0])
    finally:
        os.close(watched)


def test_a_child_tells_that_it_is_ready_and_ends_on_sigterm(tmp_path: Path) -> None:
    async def script() -> int:
        child = await Child.start("board", ["-c", READY_THEN_WAIT], tmp_path / "board.log")
        assert await child.first_line(5) == "ready"
        assert child.alive
        return await child.stop()

    assert asyncio.run(script()) == -signal.SIGTERM


def test_a_child_that_fails_to_start_is_told_with_its_last_log_lines(tmp_path: Path) -> None:
    async def script() -> None:
        child = await Child.start(
            "csms", ["-c", "raise SystemExit('port 9000 is taken')"], tmp_path / "csms.log"
        )
        await child.first_line(5)

    with pytest.raises(
        ProcessFailedError, match=r"csms ended at once with exit code 1(.|\n)*port 9000 is taken"
    ):
        asyncio.run(script())


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    async def script() -> None:
        child = await Child.start("board", ["-c", "import signal; signal.pause()"], tmp_path / "board.log")
        try:
            await child.first_line(0.3)
        finally:
            await child.kill()

    with pytest.raises(ProcessFailedError, match="board was not ready within"):
        asyncio.run(script())


def test_a_child_that_ignores_sigterm_is_killed_with_what_it_started(tmp_path: Path) -> None:
    async def script() -> None:
        child = await Child.start("station", ["-c", STUBBORN], tmp_path / "station.log")
        grandchild = int(await child.first_line(5))
        assert descendants(child.pid) == [grandchild]
        assert await child.stop(within_s=0.3) == -signal.SIGKILL
        assert ends_soon(grandchild)

    asyncio.run(script())


def test_children_end_when_the_bench_is_killed(tmp_path: Path) -> None:
    bench = (
        "import asyncio, pathlib, signal; from sim.processes import Child\n"
        "async def main():\n"
        f"    log = pathlib.Path({str(tmp_path / 'x.log')!r})\n"
        f"    child = await Child.start('x', ['-c', {READY_THEN_WAIT!r}], log)\n"
        "    await child.first_line(5); print(child.pid, flush=True); signal.pause()\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", bench]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    assert ends_soon(pid)
