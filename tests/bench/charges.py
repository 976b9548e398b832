"""Many short charges through all processes: how soon the lock is released, how soon the end is settled."""

import asyncio
import random
from dataclasses import dataclass

from sim.bench import Bench
from tests.bench.benches import Json, MeasurementError, Tell, backend, begin_charge, running_bench, until
from tests.bench.table import Row, percentile, row

CHARGES = 60
SPEED = 60
_SHORTEST_S, _LONGEST_S = 0.6, 1.8
_QUIET_S = 0.4  # nobody is asked anything while the end is on its way


@dataclass(frozen=True)
class Charge:
    """What one charge brought: ``pulled`` by the plug, or stopped from the phone."""

    pulled: bool
    unlock_ms: float
    settled_ms: float


async def measure(tell: Tell) -> list[Row]:
    """Return both rows, of the same charges; every other one is ended by the plug."""
    lengths = random.Random(2)
    charges: list[Charge] = []
    async with running_bench("charges", SPEED) as bench:
        for number in range(CHARGES):
            seconds = lengths.uniform(_SHORTEST_S, _LONGEST_S)
            charges.append(await _charge(bench, pulled=number % 2 == 1, seconds=seconds))
            if number % 20 == 19:
                tell(f"{number + 1} of {CHARGES} charges settled")
    return [_settled_row(charges), _unlock_row(charges)]


def _settled_row(charges: list[Charge]) -> Row:
    phone = [charge.settled_ms for charge in charges if not charge.pulled]
    plug = [charge.settled_ms for charge in charges if charge.pulled]
    what = (
        f"contactor open → Ended acknowledged and settled by the backend, billing at {SPEED}×"
        f" (from the phone p50 {percentile(phone, 50):.0f}, plug pulled p50 {percentile(plug, 50):.0f})"
    )
    settled = [charge.settled_ms for charge in charges]
    return row("settled_ms", what, "ms", settled, hold=99, bar=250, limit=60_000)


def _unlock_row(charges: list[Charge]) -> Row:
    what = "RequestStartTransaction sent by the backend → connector lock released"
    unlocked = [charge.unlock_ms for charge in charges]
    return row("unlock_ms", what, "ms", unlocked, hold=99, bar=100, limit=30_000)


async def _charge(bench: Bench, *, pulled: bool, seconds: float) -> Charge:
    """Play one charge from the phone's payment to the settled bill and back to an idle charger."""
    transaction_id = await begin_charge(bench, minutes=60)
    await asyncio.sleep(seconds)
    await (bench.board.do("unplug") if pulled else backend(bench).stop(transaction_id))
    await asyncio.sleep(_QUIET_S)
    receipt = await _receipt(bench, transaction_id)
    marks = (await bench.board.state())["marks"]
    charge = Charge(
        pulled=pulled,
        unlock_ms=_unlock_ms(bench),
        settled_ms=(receipt["settled_ns"] - marks["contactor_opened"]) / 1e6,
    )
    if not pulled:
        await bench.board.do("unplug")
    await until("the charger is available again", lambda: _is_available(bench))
    return charge


async def _receipt(bench: Bench, transaction_id: str) -> Json:
    """Return the receipt when there is one. Raises MeasurementError when it was not settled and verified."""
    found: list[Json] = []

    async def is_there() -> bool:
        found[:] = [(await backend(bench).transaction(transaction_id)).get("receipt") or {}]
        return bool(found[0].get("settled_ns"))

    await until(f"{transaction_id} is closed at the backend", is_there)
    (receipt,) = found
    if not (receipt["settled"] and receipt["verified"]):
        raise MeasurementError(f"{transaction_id} was not settled: {receipt['problems']}")
    return receipt


def _unlock_ms(bench: Bench) -> float:
    """Return the time from the newest start request on the wire to the first release after it."""
    started_ns = bench.wire.read_on().starts_ns[-1]
    released = [at_ns for at_ns in bench.board.seen["lock_released"] if at_ns > started_ns]
    if not released:
        raise MeasurementError("the board saw no release of the lock after the start request")
    return (released[0] - started_ns) / 1e6


async def _is_available(bench: Bench) -> bool:
    (station,) = (await backend(bench).state())["stations"]
    return all(connector["status"] == "Available" for connector in station["connectors"])
