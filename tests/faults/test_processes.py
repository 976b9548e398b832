"""The station's processes stopped, killed, starved in mid-charge: what the contactor does, and the bill."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sim.processes import descendants
from tests.faults import results
from tests.faults.rig import SPEED, Rig, open_transaction

LEASE_MS = 15_000
RAMP_MS = 6_000
WATCHDOG_MS = 1_000
HOST_MS = 1_500
"""For a host that has much else to do."""

pytestmark = pytest.mark.timeout(300)
slow = pytest.mark.skipif(not results.TORTURE, reason="make torture runs it")


def pid_of(rig: Rig, name: str) -> int:
    """Return the pid of one of this bench's own processes."""
    return int((rig.bench.run_dir / f"{name}.pid").read_text())


async def new_pid(rig: Rig, name: str, old: int, within_s: float = 20) -> int:
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(OSError, ValueError):
            if (pid := pid_of(rig, name)) != old:
                return pid
        assert time.monotonic() < deadline, f"the {name} was not started again within {within_s:.0f} s"
        await asyncio.sleep(0.02)


@contextlib.contextmanager
def burning(cpus: tuple[int, ...], each: int = 1) -> Iterator[None]:
    """Keep processors busy with ``each`` processes per processor; they end by themselves in a minute."""
    burn = "import os,sys,time\nos.sched_setaffinity(0, {int(sys.argv[1])})\nend = time.time() + 60\n"
    burn += "while time.time() < end: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", burn, str(cpu)]) for cpu in cpus for _ in range(each)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


async def opened_ms(rig: Rig, since_ns: int, within_s: float) -> float:
    """Return ms until the coil was commanded off."""
    facts = await rig.until(
        "contactor open", lambda f: (f.board["marks"]["commanded_open"] or 0) > since_ns, within_s
    )
    return float((facts.board["marks"]["commanded_open"] - since_ns) / 1e6)


async def goes_on(rig: Rig, since_ns: int, minutes: int) -> None:
    """So many further minutes of the same charge, the contactor never moved."""
    before = (await rig.look()).minutes
    facts = await rig.until("further minutes", lambda f: f.minutes >= before + minutes, 60)
    assert facts.contactor == "closed"
    assert (facts.board["marks"]["commanded_open"] or 0) < since_ns, "the contactor moved"


async def longest_gap_s(rig: Rig) -> float:
    """Return the longest billing time between two records of the newest charge."""
    facts = await rig.look()
    assert facts.transaction is not None
    own = rig.calculated(facts.transaction["minutes"])
    assert own is not None
    return max((b.at - a.at).total_seconds() for a, b in pairwise(own[0]))


Drill = Callable[[Rig, int], Awaitable[dict[str, Any]]]


def drill(name: str, work: Path, steps: Drill) -> dict[str, Any]:
    """Charge, carry out ``steps`` (bench, present moment), end the charge, check the books, charge again."""

    async def whole() -> dict[str, Any]:
        rig = await Rig.start(work)
        try:
            await rig.bring_to("charging")
            before = len(await rig.alarms())
            seen = {"open_ms": None, "else": "", **await steps(rig, time.monotonic_ns())}
            seen["faults"] = sorted({*(await rig.alarms())[before:]} - {"Faulted"})
            await rig.bench.board.do("ready", value=True)
            await rig.end_charge()
            newest = (await rig.look()).transaction or {}
            seen |= {"reason": newest["stopped_reason"], "bill": newest["receipt"]["total"]}
            await rig.until_idle()
            await rig.charge_once()
            await rig.check_books(rig.bench.import_wh_at_start, seen.pop("unmeasured_wh", 0))
            return seen
        finally:
            await rig.bench.stop()

    seen = asyncio.run(whole())
    results.note("processes", name, "seen", seen)
    return seen


def test_a_killed_agent_does_not_move_the_contactor(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        agent = pid_of(rig, "agent")
        os.kill(agent, signal.SIGKILL)
        await new_pid(rig, "agent", agent)
        back_ms = (time.monotonic_ns() - now_ns) / 1e6
        await goes_on(rig, now_ns, 3)
        gap_s = await longest_gap_s(rig)
        return {"else": f"started again after {back_ms:.0f} ms; longest gap between records {gap_s:.0f} s"}

    assert drill("agent: SIGKILL", tmp_path, steps)["reason"] == "Remote"


def test_a_killed_interlock_opens_at_once(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        os.kill(pid_of(rig, "interlock"), signal.SIGKILL)
        open_ms = await opened_ms(rig, now_ns, 10)
        assert open_ms <= HOST_MS
        await rig.until("the charge's end", lambda f: not open_transaction(f))
        return {"open_ms": open_ms, "else": "outputs fall to safe with the connection"}

    drill("interlock: SIGKILL", tmp_path, steps)


def test_a_stopped_interlock_is_bitten_by_the_watchdog_and_started_again(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        interlock = pid_of(rig, "interlock")
        os.kill(interlock, signal.SIGSTOP)
        open_ms = await opened_ms(rig, now_ns, 10)
        assert open_ms <= WATCHDOG_MS + HOST_MS
        await new_pid(rig, "interlock", interlock)
        await rig.until("the charge's end", lambda f: not open_transaction(f))
        return {
            "open_ms": open_ms,
            "else": f"the board's watchdog of {WATCHDOG_MS} ms; killed, started again",
        }

    drill("interlock: SIGSTOP", tmp_path, steps)


@slow
def test_a_stopped_agent_loses_its_lease(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        agent = pid_of(rig, "agent")
        os.kill(agent, signal.SIGSTOP)
        try:
            open_ms = await opened_ms(rig, now_ns, 40)
            assert LEASE_MS * 2 / 3 - HOST_MS <= open_ms <= LEASE_MS + RAMP_MS + HOST_MS
        finally:
            os.kill(agent, signal.SIGCONT)
        await rig.until("on or over", lambda f: f.contactor == "closed" or not open_transaction(f))
        went_on = (await rig.look()).contactor == "closed"
        then = "goes on" if went_on else "ends"
        # Ended by MeterSilent before a new reading came, it is billed by the last one before SIGSTOP.
        lease_wh = 7200 * (LEASE_MS + RAMP_MS) / 3_600_000 * SPEED
        return {"open_ms": open_ms, "else": f"after SIGCONT the charge {then}", "unmeasured_wh": lease_wh}

    drill("agent: SIGSTOP, then SIGCONT", tmp_path, steps)


@slow
def test_a_starved_agent_keeps_its_minutes(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        os.sched_setaffinity(pid_of(rig, "agent"), {0})
        with burning((0,), each=3), burning((1,)):
            await goes_on(rig, now_ns, 10)
        gap_s = await longest_gap_s(rig)
        assert gap_s <= 60 + 2 * SPEED, f"{gap_s} s between two records"
        return {"else": f"longest gap between records {gap_s:.0f} s (60 s, 1 s of them real, is on time)"}

    drill("agent: pinned beside three busy processes, both cores busy", tmp_path, steps)


@slow
def test_an_agent_out_of_memory_is_started_again(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        agent = pid_of(rig, "agent")
        resource.prlimit(agent, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
        await new_pid(rig, "agent", agent, 60)
        after_ms = (time.monotonic_ns() - now_ns) / 1e6
        await goes_on(rig, now_ns, 3)
        return {"else": f"ended by itself and started again after {after_ms:.0f} ms, the charge goes on"}

    drill("agent: no memory (RLIMIT_AS)", tmp_path, steps)


@slow
def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        supervisor = pid_of(rig, "supervisor")
        children = descendants(supervisor)
        os.kill(supervisor, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while not ((await rig.bench.board.state())["marks"]["commanded_open"] or 0) > now_ns:
            assert time.monotonic() < deadline, "the contactor is still closed"
            await asyncio.sleep(0.02)
        open_ms = ((await rig.bench.board.state())["marks"]["commanded_open"] - now_ns) / 1e6
        while alive := [pid for pid in children if _runs(pid)]:
            assert time.monotonic() < deadline, f"children live on: {alive}"
            await asyncio.sleep(0.02)
        gone_ms = (time.monotonic_ns() - now_ns) / 1e6
        await rig.bench.cut_power()
        await rig.bench.restore_power()
        await rig.until("on or over", lambda f: f.contactor == "closed" or not open_transaction(f))
        went_on = (await rig.look()).contactor == "closed"
        then = "goes on" if went_on else "ends"
        told = f"both children ended after {gone_ms:.0f} ms; restarted, the charge {then}"
        return {"open_ms": open_ms, "else": told}

    drill("supervisor: SIGKILL", tmp_path, steps)


def _runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


@slow
def test_an_emergency_stop_on_a_busy_host(tmp_path: Path) -> None:
    async def steps(rig: Rig, now_ns: int) -> dict[str, Any]:
        with burning((0, 1), each=2):
            await goes_on(rig, now_ns, 5)
            await rig.bench.board.do("press_emergency_stop")
            pressed_ns = (await rig.bench.board.state())["marks"]["estop_pressed"]
            open_ms = await opened_ms(rig, pressed_ns, 10)
            assert open_ms <= 100
            await rig.until("the charge's end", lambda f: not open_transaction(f))
        await rig.bench.board.do("release_emergency_stop")
        return {"open_ms": open_ms, "else": "emergency stop pressed after five minutes on time"}

    drill("host: both cores busy twice over, emergency stop", tmp_path, steps)
