"""``python -m tests.bench [--only id,id]``: prints one Markdown table, writes build/bench.json.

Exit 1 when a measurement failed (the others still run), 2 for an id that there is none of.
"""

import argparse
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.bench import charges, computing, interlock, resources, starting, wire
from tests.bench.table import Row, markdown, write_json

OUT = Path(__file__).parents[2] / "build" / "bench.json"

MEASUREMENTS: tuple[tuple[tuple[str, ...], Callable[[], list[Row]]], ...] = (
    (("wire_ratio_9600",), wire.measure),
    (("virtual_8h_s",), computing.measure),
    (("boot_s",), starting.measure),
    (("settled_ms", "unlock_ms"), charges.measure),
    (("bytes_per_minute",), resources.measure_storage),
    (("rss_agent_mib", "rss_interlock_mib", "cpu_percent"), resources.measure_load),
    (("open_after_c_ms",), interlock.measure),
)


def main(argv: list[str]) -> int:
    """Measure what was asked for and print the table."""
    known = [id_ for ids, _ in MEASUREMENTS for id_ in ids]
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the real paths.")
    parser.add_argument("--only", default="", metavar="ID,ID", help=", ".join(known))
    wanted = [id_.strip() for id_ in parser.parse_args(argv).only.split(",") if id_.strip()]
    if unknown := sorted(set(wanted) - set(known)):
        sys.stderr.write(f"bench: {', '.join(unknown)}: no such row; there are {', '.join(known)}\n")
        return 2
    rows: list[Row] = []
    failed = False
    for ids, measure in MEASUREMENTS:
        if wanted and not set(ids) & set(wanted):
            continue
        sys.stderr.write(f"measuring {', '.join(ids)} …\n")
        try:
            rows += [each for each in measure() if not wanted or each.id in wanted]
        except (OSError, RuntimeError, AssertionError):
            failed = True
            sys.stderr.write(f"bench: {', '.join(ids)}: the measurement failed\n{traceback.format_exc()}")
    write_json(rows, OUT)
    print(markdown(rows))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
