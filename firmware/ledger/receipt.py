"""What a driver's receipt says: one transaction's sealed records, each checked before it is believed.

A ledger also knows how the bill is made up; a file of records knows its sum.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from firmware.core.entries import TransactionEnded
from firmware.ledger.account import BadRecordError, check_succession, kwh
from firmware.ledger.export import of_transaction
from firmware.ledger.export_xml import read_record, sealing_key
from firmware.ledger.record import Record
from firmware.ledger.source import Source, SourceError


class Receipt(NamedTuple):
    """One ended transaction.

    ``texts`` are its OCMF texts, the begin first, the end last, and ``keys_der`` the keys that sealed these
    two. ``tariff_text`` is TT; ``ended`` is None where only the records are known.
    """

    begin: Record
    end: Record
    texts: tuple[bytes, ...]
    keys_der: tuple[bytes, bytes]
    tariff_text: str
    ended: TransactionEnded | None


def receipt_of(source: Source, transaction_id: str, keys_der: Sequence[bytes]) -> Receipt:
    """Return the receipt of a transaction.

    Raises SourceError when it is not there or has not ended, BadRecordError when a seal does not hold or the
    records contradict each other or the bill: there is no receipt for what cannot be checked.
    """
    texts = tuple(of_transaction(source.texts, transaction_id))
    if not texts:
        raise SourceError(f"{source.path}: there is no record of a transaction {transaction_id} in it")
    keys = [sealing_key(text, number, keys_der) for number, text in enumerate(texts, start=1)]
    records = _in_order(texts)
    if records[-1].kind != "E":
        raise SourceError(
            f"{source.path}: transaction {transaction_id} has not ended: there is no receipt yet"
        )
    ended = source.knowledge.ended(transaction_id) if source.knowledge else None
    if ended is not None:
        _check_bill(records[-1], ended)
    tariff_text = json.loads(texts[0].split(b"|")[1])["TT"]
    return Receipt(records[0], records[-1], texts, (keys[0], keys[-1]), str(tariff_text), ended)


def _in_order(texts: Sequence[bytes]) -> list[Record]:
    records = [record for number, text in enumerate(texts, 1) if (record := read_record(text, number))]
    check_succession(None, records[0])
    for before, record in pairwise(records):
        check_succession(before, record)
    return records


def _check_bill(end: Record, ended: TransactionEnded) -> None:
    """The bill that the ledger keeps is not sealed; the end record is."""
    if ended.cost.total_e4 != end.cost_e4 or ended.cost.currency != end.currency:
        raise BadRecordError(
            f"{end.name}: the bill in the ledger ({kwh(ended.cost.total_e4)} {ended.cost.currency}) is not "
            f"the sealed cost (UC, {kwh(end.cost_e4)} {end.currency})"
        )
    if ended.cost.energy_dwh != end.register_dwh - end.begin_dwh:
        raise BadRecordError(f"{end.name}: the energy of the bill in the ledger is not that of the registers")
