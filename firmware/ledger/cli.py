"""``wattseal ledger``: the tools for whoever audits a station's records."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware.ledger.errors import LedgerError
from firmware.ledger.export import export
from firmware.ledger.source import SourceError, find_key, open_source
from firmware.ledger.verify import BadRecordError, counted_as, verify


def main(argv: Sequence[str]) -> int:
    """Run ``verify FILE|DIR [--key HEX|FILE]`` or ``export FILE|DIR --out FILE``; return the exit code.

    0: all holds, or exported. 1: a record is bad, said on stderr. 2: it could not be looked at.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leave:  # argparse has said why
        return int(leave.code or 0)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except (SourceError, LedgerError, OSError) as error:
        return _complain(str(error), 2)


def _verify(arguments: argparse.Namespace) -> int:
    with open_source(arguments.source) as source:
        key = find_key(arguments.key, beside=source.path)
        try:
            verdict = verify(source.texts, key, source.still_open)
        except BadRecordError as error:
            return _complain(f"{source.path}: {error}", 1)
        if verdict.records == 0:
            return _complain(f"{source.path}: there are no records in it", 2)
    sys.stdout.write(f"{verdict}\n")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    with open_source(arguments.source) as source:
        count = export(source.texts, arguments.out)
    sys.stdout.write(f"{counted_as(count, 'record')} in {arguments.out}\n")
    return 0


def _complain(why: str, code: int) -> int:
    sys.stderr.write(f"wattseal ledger: {why}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wattseal ledger", description="Look after a station's records.")
    commands = parser.add_subparsers(required=True, metavar="verify|export")
    verifying = commands.add_parser("verify", help="check every seal, the chain, and what the records say")
    verifying.set_defaults(command=_verify)
    verifying.add_argument(
        "--key", metavar="HEX|FILE", help="public key; else public_key.hex beside the records"
    )
    exporting = commands.add_parser("export", help="write the records out, one OCMF text a line")
    exporting.set_defaults(command=_export)
    exporting.add_argument("--out", type=Path, required=True, metavar="FILE", help="e.g. records.ocmf")
    for command in (verifying, exporting):
        command.add_argument(
            "source", type=Path, metavar="FILE|DIR", help="records.ocmf, ledger.db, or where they are"
        )
    return parser
