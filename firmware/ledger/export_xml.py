"""The XML file that transparency software for drivers opens: signed begin and end values with their keys.

The S.A.F.E. transparency software's own format (github.com/SAFE-eV/transparenzsoftware: values.xsd,
Value.java, examples in src/test/resources/xml): ``values`` of ``value``, paired by ``transactionId``, a whole
number, and ``context``. Its schema spells the begin "Transaction.Start", its code and examples
"Transaction.Begin": the code opens the file, so its word is written.
"""

from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

from firmware.ledger.account import BadRecordError
from firmware.ledger.record import FormError, Record, parse
from firmware.signing.seal import signature_holds

_CONTEXTS = {"B": "Transaction.Begin", "E": "Transaction.End"}


def xml_lines(texts: Iterable[bytes], keys_der: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the file: the begin and the end record of each transaction, each with the key that sealed it.

    The records between stay out: the software wants one begin and one end of each id. Raises BadRecordError
    for a text that is no record, or that none of the keys has sealed.
    """
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<values>\n'
    numbers: dict[str, int] = {}
    for position, text in enumerate(texts, start=1):
        record = read_record(text, position)
        if record is None or record.kind not in _CONTEXTS:
            continue
        if record.kind == "B":
            numbers[record.transaction_id] = record.number
            number = record.number
        else:
            number = numbers.pop(record.transaction_id, record.number)
        yield _value(text.decode(), number, _CONTEXTS[record.kind], sealing_key(text, position, keys_der))
    yield b"</values>\n"


def read_record(text: bytes, position: int) -> Record | None:
    """Return a text's usage record, None for a key's rotation. Raises BadRecordError with the position."""
    try:
        record = parse(text.decode().split("|")[1])
    except (FormError, IndexError, UnicodeDecodeError) as error:
        raise BadRecordError(f"record {position}: it is no record of a station: {error}") from error
    return record if isinstance(record, Record) else None


def sealing_key(text: bytes, position: int, keys_der: Sequence[bytes]) -> bytes:
    """Return which of the keys sealed a text. Raises BadRecordError when none did."""
    for key in reversed(keys_der):
        if signature_holds(text.decode(), key):
            return key
    raise BadRecordError(
        f"record {position}: its seal does not hold: it was changed, or another key sealed it"
    )


def _value(text: str, number: int, context: str, key_der: bytes) -> bytes:
    return (
        f'<value transactionId="{number}" context="{context}">'
        f'<publicKey encoding="hex">{key_der.hex()}</publicKey>'
        f'<signedData format="OCMF" encoding="plain">{escape(text)}</signedData></value>\n'
    ).encode()
