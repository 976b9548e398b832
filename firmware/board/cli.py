"""``wattseal board check FILE`` and ``wattseal board watch FILE``; FILE is a board file or a site file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from config.load import ConfigError, describe_problems
from firmware.board.check import check
from firmware.board.file import named
from firmware.board.watch import watch


def main(argv: Sequence[str]) -> int:
    """Run ``wattseal board …``.

    0: all is as the file says. 1: something is not, or the board is lost. 2: the file or the command line is
    wrong.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leave:  # argparse has said why
        return int(leave.code or 0)
    try:
        board = named(arguments.file)
    except ConfigError as error:
        sys.stderr.write(describe_problems(error) + "\n")
        return 2
    try:
        return watch(board, arguments.lines) if arguments.command == "watch" else check(board)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"wattseal board: {error.name} is missing; install wattseal[linux]\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wattseal board", description="Look at a board.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="check | watch")
    checking = commands.add_parser("check", help="try each part that the file names; drives nothing")
    watching = commands.add_parser("watch", help="show every input live; drives nothing")
    for each in (checking, watching):
        each.add_argument("file", type=Path, metavar="FILE", help="a board file, or a site file")
    watching.add_argument("--lines", action="store_true", help="a line for each change, as into a pipe")
    return parser
