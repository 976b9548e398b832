"""Plays a scenario's steps on a running bench, in their order."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from sim.bench import Bench
from sim.scenario import Scenario, Step
from sim.watch import Watch

PATIENCE_S = 20.0
"""Real seconds that a wait may take beyond its billing minutes: processes start, wires are slow."""

Tell = Callable[[str], None]


class StepFailedError(RuntimeError):
    """A step could not be carried out, or what it waited for did not come; the text says which and why."""


async def play(scenario: Scenario, bench: Bench, watch: Watch, tell: Tell) -> None:
    """Carry out all steps. Raises StepFailedError at the first that fails."""
    for number, step in enumerate(scenario.steps):
        tell(f"{step}")
        try:
            await _play_step(step, bench, watch)
        except StepFailedError:
            raise
        except (RuntimeError, OSError) as error:
            raise StepFailedError(f"steps[{number}] {step}: {error}") from error
        if watch.failure is not None:
            raise StepFailedError(f"steps[{number}] {step}: {watch.failure}") from watch.failure


async def _play_step(step: Step, bench: Bench, watch: Watch) -> None:
    assert bench.csms is not None
    arguments = dict(step.arguments)
    if step.do not in ("wait", "wait_until", "check"):
        await watch.settled()
    doings: dict[str, Callable[[], Awaitable[object]]] = {
        "wait": lambda: _wait(bench, **arguments),
        "wait_until": lambda: _wait_until(step, bench, watch),
        "check": lambda: _check(step, watch),
        "pay": lambda: _pay(bench, arguments),
        "stop_from_phone": lambda: _stop(bench, **arguments),
        "reset_evse": lambda: _reset_evse(bench, **arguments),
        "kill_agent": bench.kill_agent,
        "cut_power": bench.cut_power,
        "restore_power": bench.restore_power,
    }
    await doings.get(step.do, lambda: bench.board.do(step.do, **arguments))()


async def _pay(bench: Bench, choice: dict[str, int]) -> None:
    assert bench.csms is not None
    await bench.csms.pay(**choice)


async def _stop(bench: Bench, evse: int | None = None) -> None:
    assert bench.csms is not None
    await bench.csms.stop(evse=evse)


async def _reset_evse(bench: Bench, evse: int = 1) -> None:
    """The backend clears what it may clear, by OCPP's Reset of one EVSE."""
    assert bench.csms is not None
    reply = await bench.csms.call("Reset", {"type": "Immediate", "evseId": evse})
    answer = reply["answer"] or {}
    if answer.get("status") != "Accepted":
        raise StepFailedError(f"reset_evse: the station answered {reply['error'] or answer}")


async def _wait(bench: Bench, minutes: float = 0, real_seconds: float = 0) -> None:
    await asyncio.sleep(minutes * 60 / bench.options.speed + real_seconds)


async def _wait_until(step: Step, bench: Bench, watch: Watch) -> None:
    conditions = dict(step.arguments)
    within_minutes, evse = conditions.pop("within_minutes", 0), conditions.pop("evse", 1)
    deadline = time.monotonic() + within_minutes * 60 / bench.options.speed + PATIENCE_S
    while not (facts := await watch.look(evse)).meets(conditions):
        bench.check_alive()
        if time.monotonic() > deadline:
            raise StepFailedError(f"{step}: did not come true in time: {'; '.join(facts.unmet(conditions))}")
        await asyncio.sleep(0.05)


async def _check(step: Step, watch: Watch) -> None:
    conditions = dict(step.arguments)
    unmet = (await watch.look(conditions.pop("evse", 1))).unmet(conditions)
    if unmet:
        raise StepFailedError(f"{step}: {'; '.join(unmet)}")
