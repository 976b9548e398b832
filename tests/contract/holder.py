"""``python -m tests.contract.holder IO KIND NAME VALUE``: another process that holds a board until it ends.

It says ``holding`` when it drives the port. IO is what `hal.backends.open_board` takes, as JSON; with a
fifth word, the root of a tree of files that stands for the kernel's.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def command(io: dict[str, Any], kind: str, name: str, value: int, *root: str) -> list[str]:
    """Return the command line without the interpreter."""
    return ["-m", "tests.contract.holder", json.dumps(io), kind, name, str(value), *root]


class LocalHolder:
    """It on this machine, holding."""

    def __init__(self, words: list[str]) -> None:
        self._process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"holding\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def main(io: str, kind: str, name: str, value: str, *root: str) -> None:
    if root:
        from hal.linux.board import LinuxBoard

        board: Any = LinuxBoard(json.loads(io), Path(*root))
    else:
        from hal.backends import open_board

        board = open_board(json.loads(io))
    if kind == "output":
        board.output(name).set(bool(int(value)))
    else:
        board.pwm(name).set_duty(int(value))
    print("holding", flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
