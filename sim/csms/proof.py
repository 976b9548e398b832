"""What a driver needs to check a charge without believing this backend: the signed begin and end, the key.

The XML of the S.A.F.E. transparency software (github.com/SAFE-eV/transparenzsoftware, examples in
src/test/resources/xml).
"""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from sim.csms.ocmf import PublicKey, Record
from sim.csms.transaction import Transaction
from sim.csms.verify import Stream

_CONTEXTS = {"B": "Transaction.Begin", "E": "Transaction.End"}


def values_xml(transaction: Transaction, stream: Stream) -> str:
    """Return the file; a record whose key is not known here goes without one."""
    keys = [*([stream.key] if stream.key else []), *(rotation.key for rotation in stream.rotations)]
    records = [minute.record for minute in transaction.minutes]
    number = records[0].page if records else 0
    values = _values((record for record in records if record.kind in _CONTEXTS), keys, number)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<values>\n{"".join(values)}</values>\n'


def _values(records: Iterable[Record], keys: list[PublicKey], number: int) -> Iterator[str]:
    for record in records:
        key = next((key for key in keys if key.has_sealed(record)), None)
        yield (
            f'<value transactionId="{number}" context="{_CONTEXTS[record.kind]}">'
            + (f'<publicKey encoding="hex">{key.hex}</publicKey>' if key else "")
            + f'<signedData format="OCMF" encoding="plain">{escape(record.text)}</signedData></value>\n'
        )
