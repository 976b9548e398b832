"""An eight-hour charge in virtual time, in a process of its own: this one's memory costs it nothing."""

import json

from sim.processes import Child
from tests.bench.benches import Tell, fresh_dir
from tests.bench.table import Row, percentile, row

RUNS = 5
_WITHIN_S = 120.0


async def measure(tell: Tell) -> list[Row]:
    """Return the row, and in it how much of the time is sealing and storing."""
    directory = fresh_dir("computing")
    command = ["-m", "tests.bench.virtual_charge", str(directory / "runs"), str(RUNS)]
    child = await Child.start("virtual charge", command, directory / "virtual.log")
    try:
        runs = json.loads(await child.first_line(_WITHIN_S))
    finally:
        await child.stop()
    walls = [run["wall_s"] for run in runs]
    storing_s = percentile([run["storing_s"] for run in runs], 50)
    tell(f"{RUNS} runs, median {percentile(walls, 50):.2f} s, {storing_s:.2f} s of it sealing and storing")
    what = (
        f"an eight-hour charge in virtual time, {runs[0]['records']} records: core, pricing, seals, ledger"
        f" ({storing_s:.2f} of it sealing and storing)"
    )
    return [row("virtual_8h_s", what, "s", walls, hold=50, bar=1.0)]
