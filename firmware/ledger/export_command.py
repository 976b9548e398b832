"""``wattseal ledger export``: a station's records for others, as OCMF lines, XML or CSV."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmware.ledger.account import BadRecordError, counted_as
from firmware.ledger.export import Counted, ocmf_lines, of_transaction, write_out
from firmware.ledger.export_csv import csv_lines
from firmware.ledger.export_xml import xml_lines
from firmware.ledger.source import Source, SourceError, find_keys, open_source


def add_export(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its arguments to the parser of ``wattseal ledger``."""
    parser = commands.add_parser("export", help="write the records out: OCMF lines, XML or CSV")
    parser.set_defaults(command=run)
    parser.add_argument(
        "source", type=Path, metavar="FILE|DIR", help="records.ocmf, ledger.db, or where they are"
    )
    parser.add_argument(
        "--format",
        choices=("ocmf", "xml", "csv"),
        default="ocmf",
        help="ocmf: one text a line (as by default); xml: for transparency software; csv: a table",
    )
    parser.add_argument("--transaction", metavar="ID", help="only the records of this one")
    parser.add_argument("--out", type=Path, metavar="FILE", help="else to standard output")
    parser.add_argument("--key", metavar="HEX|FILE", help="for xml; else the keys beside the records")


def run(arguments: argparse.Namespace) -> int:
    """Export; return the exit code: 0 exported, 1 a record is bad, said on stderr.

    Raises SourceError, LedgerError or OSError; then no file was written.
    """
    with open_source(arguments.source) as source:
        refuse_to_overwrite(source.path, arguments.out)
        texts = source.texts
        if arguments.transaction is not None:
            texts = of_transaction(texts, arguments.transaction)
        counted = Counted(texts)
        try:
            write_out(_in_format(counted, source, arguments), arguments.out)
        except BadRecordError as error:
            sys.stderr.write(
                f"wattseal ledger: {source.path}: {error}; wattseal ledger verify looks at all of them\n"
            )
            return 1
        except BrokenPipeError:  # whoever read standard output has had enough
            sys.stderr.close()
            return 0
    if arguments.out is not None:
        sys.stdout.write(f"{counted_as(counted.count, 'record')} in {arguments.out}\n")
    return 0


def _in_format(texts: Counted, source: Source, arguments: argparse.Namespace) -> Iterator[bytes]:
    """Yield the export. Raises SourceError at its end when the transaction was not found."""
    if arguments.format == "xml":
        yield from xml_lines(texts, find_keys(arguments.key, beside=source.path).ders)
    elif arguments.format == "csv":
        yield from csv_lines(texts)
    else:
        yield from ocmf_lines(texts)
    if arguments.transaction is not None and texts.count == 0:
        raise SourceError(f"{source.path}: there is no record of a transaction {arguments.transaction} in it")


def refuse_to_overwrite(records: Path, out: Path | None) -> None:
    """Raise SourceError when ``out`` is where the records themselves are."""
    if out is not None and out.exists() and out.samefile(records):
        raise SourceError(f"{out}: these are the records themselves; name another file with --out")
