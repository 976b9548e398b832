"""`make torture`: each fault in each phase, each process's end, some at a time; then docs/FAULT_MATRIX.md."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.faults import document, results
from tests.faults.cases import CASES

AT_A_TIME = int(os.environ.get("TORTURE_AT_A_TIME") or 2)


def _pytest(*selection: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider"]
    environment = {**os.environ, "WATTSEAL_TORTURE": "1", "WATTSEAL_TORTURE_NOTES": str(results.NOTES)}
    done = subprocess.run(
        [*command, *selection], env=environment, capture_output=True, text=True, check=False
    )
    print(f"{selection[0]}: {'ok' if done.returncode == 0 else done.stdout}", flush=True)
    return done.returncode


def main() -> int:
    """Run what the arguments name, everything if there are none; draw the page; 0 if all passed."""
    chosen = sys.argv[1:] or [*CASES, "processes"]
    tests = [name for name in chosen if name != "processes"]
    matrix = "tests/faults/test_matrix.py::test_a_fault_in_each_phase_of_a_charge[{}]"
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        codes = list(pool.map(lambda name: _pytest(matrix.format(name)), tests))
    if "processes" in chosen:
        codes.append(_pytest("tests/faults/test_processes.py"))
    document.write()
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
