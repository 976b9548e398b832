"""``wattseal``: the command line. A command's module is imported only when it is asked for.

The table names functions and imports none: a charger's image ships without the bench.
"""

import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "run": ("firmware.runtime.supervisor:main", "run a charger from its site file"),
    "config": ("firmware.site_check:main", "check a site file: wattseal config check --config FILE"),
    "faults": (
        "firmware.runtime.faults_command:main",
        "show a station's faults: wattseal faults [--clear] --config FILE",
    ),
    "board": (
        "firmware.board.cli:main",
        "try a board's parts, or watch its inputs: wattseal board check FILE",
    ),
    "meter": (
        "firmware.metering_cli.cli:main",
        "find, read or watch a meter: wattseal meter probe --port DEV",
    ),
    "ledger": ("firmware.ledger.cli:main", "verify or export usage records: wattseal ledger verify DIR|FILE"),
    "key": (
        "firmware.signing.cli:main",
        "make, show or replace the signing key: wattseal key show --config FILE",
    ),
    "sim": ("sim.cli:main", "the bench: wattseal sim [SCENARIO.toml --out DIR]"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(_usage())
        return 0 if arguments else 2
    name, *rest = arguments
    if name not in COMMANDS:
        sys.stderr.write(f"wattseal: {name}: unknown command\n{_usage()}")
        return 2
    module, _, function = COMMANDS[name][0].partition(":")
    try:
        command = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"wattseal {name}: not installed here ({error.name} is missing)\n")
        return 2
    code: int = command(rest)
    return code


def _usage() -> str:
    lines = (f"  {name:8} {text}\n" for name, (_, text) in COMMANDS.items())
    return "usage: wattseal COMMAND …\n" + "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
