"""``wattseal ledger``: the tools for whoever audits a station's records."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware.ledger.account import BadRecordError, counted_as
from firmware.ledger.errors import LedgerError
from firmware.ledger.export_command import add_export
from firmware.ledger.meter_seals import export_meter_seals
from firmware.ledger.price_list import PriceList, PriceListError
from firmware.ledger.receipt_command import add_receipt
from firmware.ledger.reprice import Repricer
from firmware.ledger.source import Keys, Source, SourceError, find_keys, open_source
from firmware.ledger.verify import Verdict, verify


def main(argv: Sequence[str]) -> int:
    """Run ``verify``, ``export``, ``receipt`` or ``meter-seals`` (see --help); return the exit code.

    0: all holds, or written. 1: a record is bad, said on stderr. 2: it could not be looked at.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leave:  # argparse has said why
        return int(leave.code or 0)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except (SourceError, PriceListError, LedgerError, OSError) as error:
        return _complain(str(error), 2)


def _verify(arguments: argparse.Namespace) -> int:
    price_list = PriceList.read(arguments.tariff)
    with open_source(arguments.source) as source:
        keys = find_keys(arguments.key, beside=source.path)
        try:
            verdict = _verdict(source, keys, arguments.station or keys.station, price_list)
        except BadRecordError as error:
            return _complain(f"{source.path}: {error}", 1)
        if verdict.records == 0:
            return _complain(f"{source.path}: there are no records in it", 2)
    led_elsewhere = arguments.key is None and verdict.key_der != keys.ders[-1]
    notes = "; they end with another key than the newest one beside them" if led_elsewhere else ""
    sys.stdout.write(f"{verdict}{notes}\n")
    return 0


def _verdict(source: Source, keys: Keys, station: str, price_list: PriceList) -> Verdict:
    """Return what holds. A ledger knows the tariffs itself; a file is priced with those that are given."""
    knowledge = source.knowledge
    pricing = Repricer(knowledge or price_list) if knowledge or price_list else None
    verdict = verify(source.texts, keys.ders, source.still_open, station=station, pricing=pricing)
    if knowledge is not None and (wrong := knowledge.missing() or knowledge.contradiction()):
        raise BadRecordError(wrong)
    return verdict


def _export_meter_seals(arguments: argparse.Namespace) -> int:
    with open_source(arguments.source) as source:
        count = export_meter_seals(source.meter_seals, arguments.out)
    sys.stdout.write(f"{counted_as(count, 'text')} in {arguments.out}, keys in {arguments.out}.keys\n")
    return 0


def _complain(why: str, code: int) -> int:
    sys.stderr.write(f"wattseal ledger: {why}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wattseal ledger", description="Look after a station's records.")
    commands = parser.add_subparsers(required=True, metavar="verify|export|receipt|meter-seals")
    verifying = commands.add_parser("verify", help="check every seal, the chain, and what the records say")
    verifying.set_defaults(command=_verify)
    verifying.add_argument(
        "--key", metavar="HEX|FILE", help="public key; else public_key.hex beside the records"
    )
    verifying.add_argument("--station", metavar="ID", default="", help="the station that the key belongs to")
    verifying.add_argument(
        "--tariff",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="price a file's records with this OCPP 2.1 TariffType (.json or .toml); again for more",
    )
    add_export(commands)
    add_receipt(commands)
    sealing = commands.add_parser("meter-seals", help="write out what a signing meter has itself signed")
    sealing.set_defaults(command=_export_meter_seals)
    sealing.add_argument("--out", type=Path, required=True, metavar="FILE", help="e.g. meter.ocmf")
    for command in (verifying, sealing):
        command.add_argument(
            "source", type=Path, metavar="FILE|DIR", help="records.ocmf, ledger.db, or where they are"
        )
    return parser
