"""A charge at life's own speed, left alone: what agent and interlock take of memory and processor."""

import asyncio
import time
from itertools import pairwise
from typing import Literal, NamedTuple

from tests.bench import proc
from tests.bench.benches import Tell, agent_pid, begin_charge, interlock_pid, running_bench
from tests.bench.table import Row, mean_row, row

WINDOWS = 10
WINDOW_S = 10
_SETTLE_S = 5.0  # the vehicle's ramp and the first pictures are over


async def measure(tell: Tell) -> list[Row]:
    """Return resident memory, sampled each second, and processor time in windows, of both."""
    async with running_bench("resources", speed=1) as bench:
        await begin_charge(bench, minutes=60)
        await asyncio.sleep(_SETTLE_S)
        agent, interlock = agent_pid(bench), interlock_pid(bench)
        watch = _Watch(agent, interlock)
        for window in range(1, WINDOWS + 1):
            await watch.window()
            percent = watch.agent_percents()[-1]
            tell(f"{window * WINDOW_S} of {WINDOWS * WINDOW_S} s charged, {percent:.1f} % of a core")
        bench.check_alive()
        return [
            row("rss_agent_mib", _memory("agent", agent), "MiB", watch.agent_mib, hold=100, bar=64),
            row(
                "rss_interlock_mib",
                _memory("interlock", interlock),
                "MiB",
                watch.interlock_mib,
                hold=100,
                bar=16,
            ),
            *watch.cpu_rows(),
        ]


class _Watch:
    """Samples of two processes while a charge goes on."""

    def __init__(self, agent: int, interlock: int) -> None:
        self.agent_mib: list[float] = []
        self.interlock_mib: list[float] = []
        self._agent, self._interlock = agent, interlock
        self._points = [self._point()]

    async def window(self) -> None:
        """Watch for one window."""
        begin_s = self._points[-1].at_s
        for second in range(1, WINDOW_S + 1):
            await asyncio.sleep(max(0.0, begin_s + second - time.monotonic()))
            self.agent_mib.append(proc.memory_mib(self._agent, "VmRSS"))
            self.interlock_mib.append(proc.memory_mib(self._interlock, "VmRSS"))
        self._points.append(self._point())

    def agent_percents(self) -> list[float]:
        """Return the agent's share of a core in each window so far."""
        return [_percent(before, after, "agent_s") for before, after in pairwise(self._points)]

    def cpu_rows(self) -> list[Row]:
        """Return the processor time of both over the whole span."""
        first, last = self._points[0], self._points[-1]
        agent = (
            f"agent's processor time while charging at 1×, 1 Hz metering, display on, windows of {WINDOW_S} s"
        )
        interlock = (
            "interlock's processor time over the same charge: one EVSE closed, PWM on, the board's sign of"
            " life ten times a second"
        )
        interlock_percents = [_percent(*pair, "interlock_s") for pair in pairwise(self._points)]
        unit = "% of a core"
        return [
            mean_row(
                "cpu_percent",
                agent,
                unit,
                self.agent_percents(),
                mean=_percent(first, last, "agent_s"),
                bar=3,
            ),
            mean_row(
                "interlock_cpu_percent",
                interlock,
                unit,
                interlock_percents,
                mean=_percent(first, last, "interlock_s"),
                bar=3,
            ),
        ]

    def _point(self) -> "_Point":
        return _Point(time.monotonic(), proc.cpu_s(self._agent), proc.cpu_s(self._interlock))


class _Point(NamedTuple):
    """A moment and the processor seconds used until then."""

    at_s: float
    agent_s: float
    interlock_s: float


def _percent(begin: _Point, end: _Point, process: Literal["agent_s", "interlock_s"]) -> float:
    used_s: float = getattr(end, process) - getattr(begin, process)
    return 100 * used_s / (end.at_s - begin.at_s)


def _memory(name: str, pid: int) -> str:
    peak_mib = proc.memory_mib(pid, "VmHWM")
    return (
        f"{name}: resident memory while charging, display on (high-water mark since its start {peak_mib:.1f})"
    )
