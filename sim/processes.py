"""Child processes of the bench: started on a leash, with a log file, and ended for certain."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""Where the packages `sim` and `firmware` are; children find them whatever the working directory is."""


class ProcessFailedError(RuntimeError):
    """A child ended, or was not ready in time; the text ends with its last log lines."""


class Child:
    """One child process. It gets SIGTERM when this process dies, and its stdin closes."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._drain: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, name: str, command: list[str], log: Path) -> "Child":
        """Start ``python COMMAND…``; its stderr is appended to ``log``, its stdout is read here."""
        with log.open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sim.leash", str(os.getpid()), sys.executable, *command),
                stdin=PIPE,
                stdout=PIPE,
                stderr=stderr,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the bench, which then ends its children in order
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def first_line(self, within_s: float) -> str:
        """Return the first line of stdout. Raises ProcessFailedError when it does not come in time."""
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), within_s)
        except TimeoutError:
            raise self.failure(f"was not ready within {within_s:.0f} s") from None
        if not line:
            raise self.failure(f"ended at once with exit code {await self._process.wait()}")
        self.keep_draining()
        return line.decode().strip()

    def keep_draining(self) -> None:
        """Copy the rest of stdout to the log, so that a full pipe never stops the child."""
        self._drain = asyncio.create_task(self._copy_stdout())

    async def _copy_stdout(self) -> None:
        assert self._process.stdout is not None
        while chunk := await self._process.stdout.read(65536):
            with self.log.open("ab") as log:
                log.write(chunk)

    def failure(self, what: str) -> ProcessFailedError:
        """Return the error that says what happened to this child, with its last log lines."""
        return ProcessFailedError(f"{self.name} {what}. The end of {self.log}:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the log, indented."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (empty)"

    async def stop(self, within_s: float = 8.0) -> int:
        """Ask the child to end (SIGTERM), wait, and kill it and what it started if it does not."""
        family = [self.pid, *descendants(self.pid)] if self.alive else []
        if self.alive:
            self._process.terminate()
        try:
            code = await asyncio.wait_for(self._process.wait(), within_s)
        except TimeoutError:
            kill(family)
            code = await self._process.wait()
        await self._close()
        return code

    async def kill(self) -> None:
        """End the child and everything it started at once (SIGKILL), the parents first."""
        if self.alive:
            kill([self.pid, *descendants(self.pid)])
        await self._process.wait()
        await self._close()

    async def _close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._drain is not None:
            await self._drain


def descendants(pid: int) -> list[int]:
    """Return the process ids of the children of ``pid``, and of theirs, parents first (proc(5), children)."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def kill(pids: list[int]) -> None:
    """End all at one moment: none of them sees another one die. Those that are gone already are fine."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
