"""A charge at life's own speed, left alone: what agent and interlock take of memory and processor."""

import asyncio
import time

from tests.bench import proc
from tests.bench.benches import Tell, agent_pid, begin_charge, interlock_pid, running_bench
from tests.bench.table import Row, mean_row, row

WINDOWS = 10
WINDOW_S = 10
_SETTLE_S = 5.0  # the vehicle's ramp and the first pictures are over


async def measure(tell: Tell) -> list[Row]:
    """Return resident memory, sampled each second, and the agent's processor time in windows."""
    async with running_bench("resources", speed=1) as bench:
        await begin_charge(bench, minutes=60)
        await asyncio.sleep(_SETTLE_S)
        agent, interlock = agent_pid(bench), interlock_pid(bench)
        watch = _Watch(agent, interlock)
        for window in range(1, WINDOWS + 1):
            await watch.window()
            tell(
                f"{window * WINDOW_S} of {WINDOWS * WINDOW_S} s charged, {watch.percents[-1]:.1f} % of a core"
            )
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
            watch.cpu_row(),
        ]


class _Watch:
    """Samples of two processes while a charge goes on."""

    def __init__(self, agent: int, interlock: int) -> None:
        self.agent_mib: list[float] = []
        self.interlock_mib: list[float] = []
        self.percents: list[float] = []
        self._agent, self._interlock = agent, interlock
        self._points = [(time.monotonic(), proc.cpu_s(agent))]

    async def window(self) -> None:
        """Watch for one window."""
        begin_s, _ = self._points[-1]
        for second in range(1, WINDOW_S + 1):
            await asyncio.sleep(max(0.0, begin_s + second - time.monotonic()))
            self.agent_mib.append(proc.memory_mib(self._agent, "VmRSS"))
            self.interlock_mib.append(proc.memory_mib(self._interlock, "VmRSS"))
        self._points.append((time.monotonic(), proc.cpu_s(self._agent)))
        self.percents.append(_percent(*self._points[-2:]))

    def cpu_row(self) -> Row:
        mean = _percent(self._points[0], self._points[-1])
        what = (
            f"agent's processor time while charging at 1×, 1 Hz metering, display on, windows of {WINDOW_S} s"
        )
        return mean_row("cpu_percent", what, "% of a core", self.percents, mean=mean, bar=3)


def _percent(begin: tuple[float, float], end: tuple[float, float]) -> float:
    return 100 * (end[1] - begin[1]) / (end[0] - begin[0])


def _memory(name: str, pid: int) -> str:
    peak_mib = proc.memory_mib(pid, "VmHWM")
    return (
        f"{name}: resident memory while charging, display on (high-water mark since its start {peak_mib:.1f})"
    )
