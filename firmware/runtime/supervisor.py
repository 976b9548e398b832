"""``wattseal run``: starts interlock and agent, starts again what ends, and ends both when it is told to.

On a board systemd may do the same; this is the plain way that works everywhere.
"""

import argparse
import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from config.load import ConfigError, describe_problems
from config.schema import Loaded
from firmware.runtime import log as event_log
from firmware.runtime.interlock_settings import interlock_settings
from firmware.runtime.life_watch import LOOK_EVERY_S, LifeWatch
from firmware.site import load_site

log = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0
_HEALTHY_S = 10.0
_END_S = 5.0


def main(argv: Sequence[str]) -> int:
    """Run a charger until SIGTERM or SIGINT. A site file that is wrong starts nothing and exits with 2."""
    parser = argparse.ArgumentParser(prog="wattseal run", description="Run a charger from its site file.")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the site file (TOML)")
    path = parser.parse_args(argv).config.absolute()
    try:
        loaded = load_site(path)
    except ConfigError as error:
        sys.stderr.write(describe_problems(error) + "\n")
        return 2
    event_log.to_stderr()
    try:
        folders(loaded)
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}; state_dir and run_dir must be writable\n")
        return 2
    Supervisor(loaded).run()
    return 0


def folders(loaded: Loaded) -> None:
    """Make the state and run folders, for this user alone."""
    for folder in (loaded.site.state_dir, loaded.site.run_dir):
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)


_FRUGAL = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MALLOC_MMAP_THRESHOLD_": "16384",
    "MALLOC_TOP_PAD_": "4096",
}
"""glibc's allocator, told to give memory back and to keep one arena for all threads (mallopt(3)): the agent's
resident memory falls by a tenth; `make bench ONLY=rss_agent_mib` shows it."""


class Child:
    """One process that is kept running; its pid is in the run folder.

    One with a ``watch`` must give signs of life, and is killed when it does not: what was stopped or stuck
    is then started anew, and puts its outputs to safe when it opens its board.
    """

    def __init__(self, name: str, command: list[str], run_dir: Path, watch: LifeWatch | None = None) -> None:
        self.name = name
        self._command = command
        self._watch = watch
        self._environment = {**os.environ, **_FRUGAL, **(watch.environment if watch else {})}
        self._pid_file = run_dir / f"{name}.pid"
        self._wait_s = 0.0
        self._started_s = 0.0
        self._start_at_s = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def keep_running(self) -> float:
        """Start the process if it is its time; return how long until there is something to do."""
        now = time.monotonic()
        self._kill_if_it_hangs(now)
        if self.process is not None and self.process.poll() is not None:
            self._ended(now, self.process.returncode)
        if self.process is None and now >= self._start_at_s:
            self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, env=self._environment)
            self._started_s = now
            self._pid_file.write_text(f"{self.process.pid}\n")
            if self._watch is not None:
                self._watch.begin()
            log.info("process.started", extra={"process_name": self.name, "pid": self.process.pid})
        if self.process is None:
            return max(0.0, self._start_at_s - now)
        return LOOK_EVERY_S if self._watch is not None else _LONGEST_WAIT_S

    def _kill_if_it_hangs(self, now: float) -> None:
        if self._watch is None or self.process is None or not self._watch.hangs(now):
            return
        log.error("process.hangs", extra={"process_name": self.name, "pid": self.process.pid})
        self.process.kill()
        self.process.wait()

    def _ended(self, now: float, code: int) -> None:
        """Start again at once; a process that ends again and again waits longer each time."""
        if now - self._started_s > _HEALTHY_S:
            self._wait_s = 0.0
        self._start_at_s = now + self._wait_s
        self._wait_s = min(max(self._wait_s * 2, _FIRST_WAIT_S), _LONGEST_WAIT_S)
        self.process = None
        extra = {"process_name": self.name, "code": code, "again_in_s": self._start_at_s - now}
        log.error("process.ended", extra=extra)

    def end(self) -> None:
        """End the process in good order, or the hard way when it does not listen."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._pid_file.unlink(missing_ok=True)
        if self._watch is not None:
            self._watch.close()


class Supervisor:
    """Keeps interlock and agent running. The interlock starts first and ends last."""

    def __init__(self, loaded: Loaded) -> None:
        run_dir = Path(loaded.site.run_dir)
        self._pid_file = run_dir / "supervisor.pid"
        interlock = [sys.executable, "-m", "firmware.interlock", interlock_settings(loaded)]
        agent = [sys.executable, "-m", "firmware.runtime", str(loaded.path)]
        self._children = (
            Child("interlock", interlock, run_dir, LifeWatch(run_dir / "alive.sock")),
            Child("agent", agent, run_dir),
        )
        self._ending = False

    def run(self) -> None:
        """Run until a signal says to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler makes the wait below end early
        wake, signal_end = os.pipe()
        os.set_blocking(signal_end, False)
        signal.set_wakeup_fd(signal_end)
        self._pid_file.write_text(f"{os.getpid()}\n")
        while not self._ending:
            wait_s = min(child.keep_running() for child in self._children)
            if not self._ending:
                _wait(wake, wait_s)
        for child in reversed(self._children):
            child.end()
        self._pid_file.unlink(missing_ok=True)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True


def _wait(wake: int, seconds: float) -> None:
    readable, _, _ = select.select([wake], [], [], seconds)
    if readable:
        with contextlib.suppress(BlockingIOError):
            os.read(wake, 64)
