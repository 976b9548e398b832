"""What can be done to a stream of sealed records by somebody without the key, and by a station that lies.

A `Tampered` stream begins like the true one: verifiers take it up at the checkpoint before the difference.
"""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from firmware.signing.seal import Sealer
from tests.ledger.samples import KnownKey

Texts = list[bytes]


class Tampered(NamedTuple):
    """``texts`` from index ``first`` on, where they begin to differ from the true ones."""

    what: str
    first: int
    texts: Texts


def tamper(true: Sequence[bytes], chance: random.Random) -> Tampered:
    """Return the stream with one change, made without the key.

    The last record is never just taken away: nothing in a stream can tell that there was one more.
    """
    while True:
        what = chance.choice(_WAYS)
        texts = what(list(true), chance)
        first = next(
            (index for index, pair in enumerate(zip(true, texts, strict=False)) if pair[0] != pair[1]), None
        )
        if first is None:
            if len(texts) <= len(true):
                continue  # nothing changed, or only the end was taken away
            first = len(true)
        return Tampered(what.__name__.strip("_"), first, texts[first:])


def _one_byte(texts: Texts, chance: random.Random) -> Texts:
    at, text = _one(texts, chance)
    text[chance.randrange(len(text))] ^= chance.randrange(1, 256)
    return _with(texts, at, text)


def _one_bit(texts: Texts, chance: random.Random) -> Texts:
    at, text = _one(texts, chance)
    text[chance.randrange(len(text))] ^= 1 << chance.randrange(8)
    return _with(texts, at, text)


def _byte_lost(texts: Texts, chance: random.Random) -> Texts:
    at, text = _one(texts, chance)
    del text[chance.randrange(len(text))]
    return _with(texts, at, text)


def _byte_more(texts: Texts, chance: random.Random) -> Texts:
    at, text = _one(texts, chance)
    text.insert(chance.randrange(len(text) + 1), chance.randrange(256))
    return _with(texts, at, text)


def _cut_short(texts: Texts, chance: random.Random) -> Texts:
    at, text = _one(texts, chance)
    return _with(texts, at, text[: chance.randrange(len(text))])


def _digit_for_digit(texts: Texts, chance: random.Random) -> Texts:
    at, text = _one(texts, chance)
    digits = [index for index, byte in enumerate(text) if chr(byte).isdigit()]
    text[chance.choice(digits)] = ord(chance.choice("0123456789"))
    return _with(texts, at, text)


def _other_seal(texts: Texts, chance: random.Random) -> Texts:
    at, other = chance.sample(range(len(texts)), 2)
    texts[at] = b"|".join([*texts[at].split(b"|")[:2], texts[other].split(b"|")[2]])
    return texts


def _removed(texts: Texts, chance: random.Random) -> Texts:
    del texts[chance.randrange(len(texts))]
    return texts


def _repeated(texts: Texts, chance: random.Random) -> Texts:
    texts.insert(chance.randrange(len(texts) + 1), chance.choice(texts))
    return texts


def _replaced(texts: Texts, chance: random.Random) -> Texts:
    texts[chance.randrange(len(texts))] = chance.choice(texts)
    return texts


def _swapped(texts: Texts, chance: random.Random) -> Texts:
    one, other = chance.sample(range(len(texts)), 2)
    texts[one], texts[other] = texts[other], texts[one]
    return texts


def _moved(texts: Texts, chance: random.Random) -> Texts:
    texts.insert(chance.randrange(len(texts)), texts.pop(chance.randrange(len(texts))))
    return texts


_WAYS: tuple[Callable[[Texts, random.Random], Texts], ...] = (
    _one_byte, _one_bit, _byte_lost, _byte_more, _cut_short, _digit_for_digit, _other_seal, _removed,
    _repeated, _replaced, _swapped, _moved,
)  # fmt: skip


def _one(texts: Texts, chance: random.Random) -> tuple[int, bytearray]:
    at = chance.randrange(len(texts))
    return at, bytearray(texts[at])


def _with(texts: Texts, at: int, text: bytearray) -> Texts:
    texts[at] = bytes(text)
    return texts


def lie(true: Sequence[bytes], keys: Sequence[KnownKey], chance: random.Random) -> Tampered:
    """Return the stream of a station that says something else in one record; its seals and chain hold."""
    first = chance.randrange(len(true))
    payloads = [text.decode().split("|")[1] for text in true]
    told, what = _told_otherwise(payloads[first], chance.choice(payloads), chance)
    key = sum('"UK":' in payload for payload in payloads[:first])
    texts, digest = [], ""
    for index, payload in enumerate(payloads[first:], start=first):
        text = told if index == first else payload
        if index > first:
            text = text.replace(f'"UH":"{_digest(payloads[index - 1])}"', f'"UH":"{digest}"')
        if '"UK":' in payload:
            text = _countersigned(text, keys[key + 1])
        digest = _digest(text)
        texts.append(_sealed(text, keys[key]))
        key += '"UK":' in payload
    return Tampered(what, first, texts)


def _digest(payload: str) -> str:
    return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).hexdigest()


def _sealed(payload: str, key: KnownKey) -> bytes:
    try:
        return Sealer(key).seal(payload).encode()
    except (ValueError, UnicodeEncodeError):
        return b"OCMF|what no sealer takes"


def _countersigned(payload: str, key: KnownKey) -> str:
    before, found, _ = payload.rpartition('"UN":"')
    if not found:
        return payload
    proof = key.sign((before + found + '"}').encode()).hex()
    return before + found + proof + '"}'


def _told_otherwise(payload: str, other: str, chance: random.Random) -> tuple[str, str]:
    members = json.loads(payload, parse_float=_Number, parse_int=_Number)
    others = json.loads(other, parse_float=_Number, parse_int=_Number)
    table, source = members, others
    if chance.random() < 0.4 and members["RD"]:
        table, source = members["RD"][0], (others["RD"] or [{}])[0]
    name = chance.choice(sorted(table))
    way = chance.choice(["other", "other", "value", "value", "value", "digit", "gone", "twice"])
    match way:
        case "other":
            table[name] = source.get(name, "")
        case "value":
            table[name] = chance.choice(_VALUES)
        case "digit":
            table[name] = _another_digit(table[name], chance)
        case "gone":
            del table[name]
    text = _compact(members)
    if way == "twice":
        text = text[:-1] + f',"{name}":{_compact(table[name])}}}'
    return text, f"{way} {name}"


class _Number(str):
    """A JSON number as it is spelt."""

    __slots__ = ()


def _words(text: str) -> list[str]:
    return text.split()


_VALUES: tuple[Any, ...] = (
    None, True, [], {}, [1], ["coarse-register"], ["gap", "gap"], ["Gap"], ["rolled-over"], ["last-believed"],
    *map(_Number, _words("0 -0 -1 1.2E1 1E400 0.0000 00.0000 12.34567 12.345 60000 60000.0 NaN Infinity")),
    *map(_Number, ("999999999.0000", "99999999999999999999.0000")),
    *_words("0 1 10 -1 1.0000001 0.0000 0.5000 2.2000 1.0000 00.5000 0.50000 999999.0000 \u0663.0000"),
    *_words("B C E S T X BC G M kWh Wh T1 T2 T99 F1 F2 T01 1.3 1.4 EUR everything x"), "T1\n", "",
    *_words("chu-003 chu-004 chu-003*1 chu-003*2 chu-003*9 chu-004*1"), "A" * 64, "a" * 64,
    "2026-06-01T10:00:00,000+0800 S", "2026-06-01T02:00:00,000+0000 U", "2026-06-31T10:00:00,000+0800 S",
    "2026-06-01T24:00:00,000+0800 S", "2026-06-01T10:00:00,000+0860 S", "2026-06-01T10:00:60,000+0800 S",
    "0000-06-01T10:00:00,000+0800 S", "2026-06-01T10:00:00,000-0800 S", "2026-06-01T10:00:00,000+9900 S",
    "2026-06-01T10:00:00.000+0800 S",
)  # fmt: skip


def _another_digit(value: Any, chance: random.Random) -> Any:
    if not isinstance(value, str) or not any(letter.isdigit() for letter in value):
        return value
    at = chance.choice([index for index, letter in enumerate(value) if letter.isdigit()])
    return type(value)(value[:at] + chance.choice("0123456789") + value[at + 1 :])


def _compact(value: Any) -> str:
    match value:
        case _Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{_compact(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
