"""``python -m tests.bench [--only id,id]``: prints one Markdown table, writes build/bench.json.

Exit 1 when a measurement failed (the others still run), 2 for an id that there is none of. A bar that is
missed is a row of the table, not a failure.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.processes import ROOT
from tests.bench import (
    charges,
    computing,
    interlock,
    renewals,
    resources,
    sealing,
    starting,
    storage,
    verification,
    wire,
)
from tests.bench.benches import Tell
from tests.bench.table import Row, markdown, write_json

OUT = ROOT / "build" / "bench.json"


@dataclass(frozen=True)
class Measurement:
    """Rows that come from one run, which is broken off after ``within_s``."""

    ids: tuple[str, ...]
    measure: Callable[[Tell], Awaitable[list[Row]]]
    within_s: float


MEASUREMENTS = (
    Measurement(("settled_ms", "unlock_ms"), charges.measure, 400),
    Measurement(
        (
            "wire_ratio_9600",
            "wire_ratio_19200",
            "wire_ratio_115200",
            "bus_reading_ms_9600",
            "bus_reading_ms_115200",
        ),
        wire.measure,
        180,
    ),
    Measurement(("dead_meter_s", "meter_back_s"), wire.measure_death, 120),
    Measurement(
        ("rss_agent_mib", "rss_interlock_mib", "cpu_percent", "interlock_cpu_percent"),
        resources.measure,
        180,
    ),
    Measurement(("boot_s",), starting.measure, 180),
    Measurement(("bytes_per_minute",), storage.measure, 180),
    Measurement(("seal_file_ms", "seal_softhsm_ms", "seal_swtpm_ms"), sealing.measure, 120),
    Measurement(
        ("verify_records_s", "verify_one_file_s", "verify_rss_mib"),
        verification.measure,
        3000,
    ),
    Measurement(("mutations",), verification.measure_mutations, 3000),
    Measurement(("signed_bytes_per_minute",), verification.measure_size, 60),
    Measurement(("virtual_8h_s",), computing.measure, 150),
    Measurement(
        ("open_after_c_ms", "open_after_estop_ms", "open_after_rcd_ms", "interlock_start_ms"),
        interlock.measure,
        1500,
    ),
    Measurement(("lease_jitter_ms",), renewals.measure, 400),
)


def main(argv: list[str], *, measurements: Sequence[Measurement] = MEASUREMENTS, out: Path = OUT) -> int:
    """Measure what was asked for, print the table, write the rows to ``out``; return the exit code."""
    known = [id_ for measurement in measurements for id_ in measurement.ids]
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the real paths.")
    parser.add_argument("--only", default="", metavar="ID,ID", help=", ".join(known))
    wanted = [id_.strip() for id_ in parser.parse_args(argv).only.split(",") if id_.strip()] or known
    if unknown := sorted(set(wanted) - set(known)):
        _tell(f"{', '.join(unknown)}: no such row; there are {', '.join(known)}")
        return 2
    begin_s = time.monotonic()
    rows = [row for each in measurements if set(each.ids) & set(wanted) for row in _rows(each)]
    rows = [row for row in rows if row.id in wanted]
    write_json(rows, out)
    print(markdown(rows), flush=True)
    _tell(f"{len(rows)} rows in {time.monotonic() - begin_s:.0f} s, written to {out}")
    if missing := [id_ for id_ in wanted if id_ not in {row.id for row in rows}]:
        _tell(f"not measured: {', '.join(missing)}")
    return 1 if missing else 0


def _rows(measurement: Measurement) -> list[Row]:
    """Run one measurement; when it fails, say so: the other rows are still wanted."""
    _tell(f"{', '.join(measurement.ids)} … (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
    try:
        return asyncio.run(_bounded(measurement))
    except Exception:  # noqa: BLE001 -- whatever it is, it is told and the exit code says it
        _tell(f"{', '.join(measurement.ids)}: the measurement failed\n{traceback.format_exc()}")
        return []


async def _bounded(measurement: Measurement) -> list[Row]:
    async with asyncio.timeout(measurement.within_s):
        return await measurement.measure(lambda text: _tell(f"  {text}"))


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended, as by Ctrl-C
    sys.exit(main(sys.argv[1:]))
