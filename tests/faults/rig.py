"""A bench with a driver's hands: brings it to a phase of a charge, breaks and mends, reads the books."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sim.bench import Bench, BenchOptions
from sim.clients import BackendRefusedError, BoardRefusedError
from sim.facts import Facts, gather
from tests.faults.cases import Act, Phase
from tests.scenario.bill import Reading, costs, half_up, readings, tariff_from

ROOT = Path(__file__).parents[2]
SPEED = 60
PATIENCE_S = 45.0
LOOK_EVERY_S = 0.03
CENT = Fraction(1, 100)


class Rig:
    """One bench and what was done to it. ``facts`` is the last look."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.facts: Facts | None = None

    @classmethod
    async def start(cls, work_dir: Path, watts: int = 7200) -> "Rig":
        transactions = {"vehicle_full_s": 60 * SPEED}  # a pause lasts long enough to break something in it
        options = BenchOptions(
            work_dir,
            speed=SPEED,
            starts_at=datetime.fromisoformat("2026-06-01T20:00:00+08:00"),
            watts=watts,
            site={"transactions": transactions},
        )
        return cls(await Bench.start(options))

    async def look(self) -> Facts:
        self.bench.check_alive()
        self.facts = await gather(self.bench)
        return self.facts

    async def until(self, what: str, true: Callable[[Facts], bool], within_s: float = PATIENCE_S) -> Facts:
        """Wait for a condition. Raises AssertionError that says what is true instead."""
        deadline = time.monotonic() + within_s
        while not true(facts := await self.look()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {within_s:.0f} s: {what}; {told(facts)}")
            await asyncio.sleep(LOOK_EVERY_S)
        return facts

    async def do(self, acts: Iterable[Act]) -> None:
        """Carry out actions at the board, in order."""
        for name, arguments in acts:
            await self.bench.board.do(name, **arguments)

    async def do_if_sensible(self, acts: Iterable[Act]) -> None:
        """As `do`; what makes no sense any more is passed over."""
        for act in acts:
            with contextlib.suppress(BoardRefusedError):
                await self.do([act])

    async def comes(self, true: Callable[[], bool], within_s: float) -> bool:
        """Look until something is true, or the time is over; return whether it came."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            await self.look()
            if true():
                return True
            await asyncio.sleep(LOOK_EVERY_S)
        return False

    # -- phases --------------------------------------------------------------------------------------------

    async def bring_to(self, phase: Phase) -> None:
        """From idle to a phase of a new charge."""
        if phase == "idle":
            return
        await self.pay()
        if phase == "paid":
            return
        await self.plug_in(ready=phase != "waiting")
        if phase == "waiting":
            await self.until("current is on offer", lambda f: f.board["limit_a"] >= 6)
            return
        await self.until_charging()
        if phase == "paused":
            await self.bench.board.do("ready", value=False)
            await self.until("the vehicle's pause", lambda f: f.contactor == "open")
        if phase == "stopping":
            await self.bench.board.do("stubborn", value=True)
            await self.csms.stop()
            await self.until("the ramp", lambda f: f.board["limit_a"] == 0 and f.contactor == "closed")
        if phase == "receipt":
            await self.csms.stop()
            await self.until("settled", lambda f: f.phase == "settled")

    async def start_paying(self) -> None:
        """Pay, whether or not the lock then opens; a refusal is a refusal."""
        with contextlib.suppress(BackendRefusedError):
            await self.csms.pay(minutes=180)

    async def stop(self) -> None:
        """Stop from the phone, if anything runs."""
        if open_transaction(await self.look()):
            with contextlib.suppress(BackendRefusedError):
                await self.csms.stop()

    async def pay(self) -> None:
        await self.csms.pay(minutes=180)
        await self.until("unlocked after paying", lambda f: f.board["lock"] == "released")

    async def plug_in(self, *, ready: bool = True) -> None:
        await self.bench.board.do("plug_in", ready=ready)

    async def until_charging(self) -> Facts:
        return await self.until(
            "charging, with a minute's record",
            lambda f: f.phase == "charging" and f.minutes >= 1 and f.energy_wh > 0 and f.board["watts"] > 0,
        )

    async def end_charge(self) -> None:
        """Whatever runs is stopped by phone, settled, and the plug pulled."""
        await self.stop()
        await self.until("settled", lambda f: f.phase in ("none", "settled"))
        await self.bench.board.do("stubborn", value=False)
        if (await self.look()).board["plugged"]:
            await self.bench.board.do("unplug")

    async def charge_once(self) -> None:
        """A whole charge, from idle to idle."""
        await self.bring_to("charging")
        await self.end_charge()
        await self.until_idle()

    async def until_idle(self) -> None:
        await self.until("in service, no fault", lambda f: not f.active_alarms and f.connector == "Available")

    # -- clearing ------------------------------------------------------------------------------------------

    async def backend_clears(self) -> None:
        await self.csms.call("Reset", {"type": "Immediate", "evseId": 1})

    async def engineer_clears(self) -> None:
        command = [
            sys.executable,
            "-m",
            "firmware",
            "faults",
            "--config",
            str(self.bench.site_path),
            "--clear",
        ]
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr

    # -- books ---------------------------------------------------------------------------------------------

    @property
    def csms(self) -> Any:
        assert self.bench.csms is not None
        return self.bench.csms

    async def alarms(self) -> list[str]:
        """Return the names of all alarms ever raised, oldest first."""
        return [str(a.get("fault") or a.get("code") or "") for a in (await self.csms.state())["alarms"]]

    async def check_books(self, begin_wh: float, unmeasured_wh: float = 0) -> None:
        """Every transaction is settled, sealed and billed as this test calculates; none was forgotten."""
        summaries = await self.csms.transactions()
        transactions = [await self.csms.transaction(summary["id"]) for summary in summaries]
        billed_wh = 0.0
        for transaction in transactions:
            billed_wh += self._checked(transaction)
        measured_wh = (await self.bench.board.state())["import_wh"] - begin_wh
        slack_wh = 2.1 * len(transactions) + 0.1
        gap_wh = measured_wh - billed_wh
        assert -slack_wh <= gap_wh <= slack_wh + unmeasured_wh, (
            f"billed {billed_wh} Wh, the meter counted {measured_wh:.1f} Wh"
        )

    def _checked(self, transaction: dict[str, Any]) -> float:
        minutes, receipt = transaction["minutes"], transaction["receipt"]
        name = transaction["id"]
        assert transaction["state"] == "Ended", f"{name} has not ended"
        assert transaction["settled"], f"{name} is not settled"
        assert not [m["why"] for m in minutes if not m["verified"]], f"{name}: a seal is wrong"
        assert not receipt["problems"], receipt["problems"]
        own = self.calculated(minutes)
        if own is None:
            assert receipt["total"] == "0.00", f"{name}: {receipt['total']} billed without a record"
            return 0.0
        charge, cost = own
        assert f"{float(cost):.2f}" == receipt["total"], (
            f"{name}: calculated {cost}, billed {receipt['total']}"
        )
        energy_wh = float(charge[-1].register_wh - charge[0].register_wh)
        assert abs(energy_wh - float(transaction["energy_wh"])) < 0.01, f"{name}: {energy_wh}"
        return energy_wh

    def calculated(self, minutes: list[dict[str, Any]]) -> tuple[list[Reading], Fraction] | None:
        """Return a charge's readings and its bill by this test's own calculation, None without records."""
        lines = [minute["ocmf"] for minute in minutes if minute["ocmf"]]
        if not lines:
            return None
        path = self.bench.work_dir / "charge.ocmf"
        path.write_text("\n".join(lines) + "\n")
        (charge,) = readings(path).values()
        cost = costs(tariff_from(self.bench.tariff_path), charge)[-1]
        return charge, half_up(cost, CENT)


def open_transaction(facts: Facts) -> bool:
    return facts.transaction is not None and facts.transaction["state"] != "Ended"


def told(facts: Facts) -> str:
    """Return a moment in one line, for an error."""
    board = facts.board
    at_board = {k: board[k] for k in ("pilot", "plugged", "contactor_closed", "lock", "limit_a", "watts")}
    return f"{facts.phase}, {facts.connector}, alarms {sorted(facts.active_alarms)}, {at_board}"
