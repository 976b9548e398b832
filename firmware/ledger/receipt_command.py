"""``wattseal ledger receipt``: a folder for a driver with one charge and everything needed to check it."""

import argparse
import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

from firmware.ledger.account import BadRecordError
from firmware.ledger.export import ocmf_lines
from firmware.ledger.export_xml import xml_lines
from firmware.ledger.receipt import Receipt, receipt_of
from firmware.ledger.receipt_page import page
from firmware.ledger.source import SourceError, find_keys, open_source
from firmware.signing.durable import write_durably

PAGE_FILE = "receipt.html"


def add_receipt(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its arguments to the parser of ``wattseal ledger``."""
    parser = commands.add_parser(
        "receipt", help="write a driver's receipt with all that is needed to check it"
    )
    parser.set_defaults(command=run)
    parser.add_argument(
        "source", type=Path, metavar="FILE|DIR", help="records.ocmf, ledger.db, or where they are"
    )
    parser.add_argument("transaction", metavar="TRANSACTION", help="the transaction's id (UT)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or an empty folder")
    parser.add_argument("--key", metavar="HEX|FILE", help="public key; else the keys beside the records")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder; return the exit code: 0 written, 1 a record is bad, said on stderr.

    Raises SourceError, LedgerError or OSError.
    """
    out: Path = arguments.out
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise SourceError(f"{out}: is there already; name a new or an empty folder with --out")
    with open_source(arguments.source) as source:
        keys = find_keys(arguments.key, beside=source.path)
        try:
            receipt = receipt_of(source, arguments.transaction, keys.ders)
        except BadRecordError as error:
            sys.stderr.write(
                f"wattseal ledger: {source.path}: transaction {arguments.transaction}: {error}\n"
            )
            return 1
    out.mkdir(parents=True, exist_ok=True)
    for name, content in _files(receipt):
        write_durably(out / name, (content,), mode=0o644)
    sys.stdout.write(f"receipt of {arguments.transaction} in {out / PAGE_FILE}\n")
    return 0


def _files(receipt: Receipt) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents; the page comes last, so that where it is, all is."""
    pair = (receipt.texts[0], receipt.texts[-1])
    for name, text, key_der in zip(("begin", "end"), pair, receipt.keys_der, strict=True):
        yield f"{name}.ocmf", text + b"\n"
        yield f"public_key_{name}.pem", _pem(key_der)
    keys = dict.fromkeys(receipt.keys_der)
    yield "public_key.hex", b"".join(key.hex().encode() + b"\n" for key in keys)
    yield "records.ocmf", b"".join(ocmf_lines(receipt.texts))
    yield "charge.xml", b"".join(xml_lines(pair, tuple(keys)))
    yield PAGE_FILE, page(receipt).encode()


def _pem(key_der: bytes) -> bytes:
    """Return a public key as PEM (RFC 7468, section 13)."""
    lines = wrap(base64.b64encode(key_der).decode(), 64)
    return "\n".join(("-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", "")).encode()
