"""Each fault in each phase of a charge: energy off in time, the right name, the right bill, and recovery."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults import results
from tests.faults.cases import CASES, CLOSED, PHASES, QUICK, Case, Phase
from tests.faults.rig import Rig, open_transaction, told

CHOSEN = CASES if results.TORTURE else {name: CASES[name] for name in QUICK}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CHOSEN.values(), ids=CHOSEN.keys())
def test_a_fault_in_each_phase_of_a_charge(case: Case, tmp_path: Path) -> None:
    phases = case.phases if results.TORTURE else QUICK[case.name]
    failed = asyncio.run(_all_phases(case, phases, tmp_path))
    assert not failed, "\n".join(failed)


async def _all_phases(case: Case, phases: tuple[str, ...], work: Path) -> list[str]:
    """One bench a fault; after a phase that failed the next one has a new bench."""
    failed: list[str] = []
    rig: Rig | None = None
    for phase in phases:
        try:
            rig = rig or await Rig.start(work / phase)
            cell = await asyncio.wait_for(_one_phase(case, phase, rig), 150)  # type: ignore[arg-type]
        except (AssertionError, RuntimeError, OSError, TimeoutError) as error:
            failed.append(f"{case.name}, {phase}: {error or type(error).__name__}")
            cell = {"failed": str(error).splitlines()[0] if str(error) else type(error).__name__}
            if rig is not None:
                await rig.bench.stop()
            rig = None
        results.note("matrix", case.name, phase, cell)
    if rig is not None:
        await rig.bench.stop()
    return failed


async def _one_phase(case: Case, phase: Phase, rig: Rig) -> dict[str, Any]:
    await rig.bring_to(phase)
    before = await rig.alarms()
    was_closed = phase in CLOSED
    broken_ns = time.monotonic_ns()
    await rig.do(case.breaks)
    at_once = phase in case.shows
    cell: dict[str, Any] = {"at_once": at_once}
    if at_once and was_closed:
        cell["open_ms"] = await _opened_in_time(case, rig, broken_ns)
    if not at_once:
        await _provoke(case, phase, rig)
    await _told(case, rig, len(before))
    await _energy_is_off(case, rig, at_once=at_once)
    await rig.do_if_sensible(case.mends)
    cell["reason"] = await _ended(rig)
    cell["faults"] = await _only_these(case, rig, len(before))
    cell["cleared_by"] = await _clear(case, rig)
    await rig.until_idle()
    facts = await rig.look()
    receipt = (facts.transaction or {}).get("receipt") or {}
    cell["bill"] = receipt.get("total") if phase != "idle" or not at_once else None
    await rig.charge_once()
    await rig.check_books(rig.bench.import_wh_at_start, case.unmeasured_wh)
    return cell


async def _opened_in_time(case: Case, rig: Rig, broken_ns: int) -> float:
    """Return ms from the cause to the coil's command (or to open contacts where no command is needed)."""
    facts = await rig.until(
        "the contactor is open", lambda f: (f.board["marks"]["commanded_open"] or 0) > broken_ns
    )
    marks = facts.board["marks"]
    since_ns = max(marks.get(case.mark) or 0, broken_ns) if case.mark else broken_ns
    open_ms = (marks["commanded_open"] - since_ns) / 1e6
    assert open_ms <= case.limit_ms, f"commanded open after {open_ms:.1f} ms, the limit is {case.limit_ms}"
    return float(open_ms)


Doing = tuple[Callable[[], Awaitable[object]], float]
"""Something to do, and for how many seconds to look afterwards."""


def _provocations(case: Case, phase: Phase, rig: Rig) -> list[Doing]:
    async def go_on() -> None:
        await rig.bench.board.do("ready", value=True)

    async def end() -> None:
        await rig.end_charge()
        await rig.do(act for act in case.breaks if act[0] == "stubborn")

    async def plug_in() -> None:
        if not (await rig.look()).board["plugged"]:
            await rig.plug_in()

    patience_s = max(8, case.limit_ms / 1000 + 4)
    this_charge: dict[str, list[Doing]] = {
        "charging": [(rig.stop, 8)],
        "stopping": [(rig.look, 8)],
        "paused": [(go_on, patience_s), (rig.stop, 8)],
    }
    next_charge: list[Doing] = [(rig.start_paying, 3), (plug_in, patience_s), (rig.stop, 8)]
    if phase == "paid":
        return next_charge[1:]
    return [*this_charge.get(phase, []), (end, 0.5), *next_charge]


async def _provoke(case: Case, phase: Phase, rig: Rig) -> None:
    """What did not show must show when it matters: at this charge's end, or at the latest in the next one."""

    def shown() -> bool:
        return rig.facts is not None and bool(rig.facts.active_alarms & case.faults)

    for do, patience_s in _provocations(case, phase, rig):
        await do()
        if await rig.comes(shown, patience_s):
            return


async def _told(case: Case, rig: Rig, before: int) -> None:
    """The backend is told each of the fault's names; a moment of it is enough where the cause is gone."""
    deadline = time.monotonic() + 30
    while case.faults - set((await rig.alarms())[before:]):
        assert time.monotonic() < deadline, f"no {sorted(case.faults)}; {told(await rig.look())}"
        await asyncio.sleep(0.05)


async def _energy_is_off(case: Case, rig: Rig, *, at_once: bool) -> None:
    """With the contacts welded energy goes on: then the plug must stay locked."""
    if "weld_contactor" in dict(case.breaks):
        facts = await rig.until("the plug stays locked", lambda f: f.board["lock"] == "locked")
        assert facts.board["limit_a"] == 0, told(facts)
        return
    facts = await rig.until("no energy", lambda f: f.contactor == "open" and not f.board["watts"])
    if case.keeps_locked and facts.board["plugged"]:
        assert facts.board["lock"] == "locked", told(facts)


async def _ended(rig: Rig) -> str | None:
    """End what still runs; return why the newest transaction ended."""
    await rig.end_charge()
    facts = await rig.look()
    assert not open_transaction(facts), told(facts)
    return str(facts.transaction["stopped_reason"]) if facts.transaction else None


async def _only_these(case: Case, rig: Rig, before: int) -> list[str]:
    raised = [name for name in (await rig.alarms())[before:] if name != "Faulted"]
    unexpected = set(raised) - case.faults - case.consequences
    assert not unexpected, f"also told: {sorted(unexpected)}"
    return list(dict.fromkeys(raised))


async def _clear(case: Case, rig: Rig) -> str:
    """Who may clear it does; who may not is tried first, and nothing must change."""
    standing = (await rig.look()).active_alarms & (case.faults | case.consequences)
    if case.cleared_by == "engineer":
        assert standing, "it was to stand until an engineer has cleared it"
        await rig.backend_clears()
        assert (await rig.look()).active_alarms & standing, "the backend cleared what only an engineer may"
        await rig.engineer_clears()
        return "engineer"
    if case.cleared_by == "backend" and standing:
        await rig.backend_clears()
        return "backend"
    return "unplugging" if case.cleared_by == "unplugging" else "itself"


def test_every_phase_has_its_words() -> None:
    assert {phase for case in CASES.values() for phase in case.phases} <= set(PHASES)
