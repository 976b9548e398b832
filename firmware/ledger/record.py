"""One usage record as an auditor reads it: the fields of docs/OCMF.md, each checked for its form."""

import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

READING_KINDS = frozenset("BCXELRAPST")  # OCMF 1.3, table of TX
_NUMBER = re.compile(r"T([1-9][0-9]*)")
_COST = re.compile(r"[0-9]+\.[0-9]{4}")


class FormError(ValueError):
    """A payload that is no usage record; the text says which field and why."""


@dataclass(frozen=True, slots=True)
class Record:
    """``digest`` is the SHA-256 of the payload, ``before`` the digest that it names as its predecessor's.

    Registers are kWh, ``cost`` main units of ``currency`` including tax, times milliseconds; all but
    ``register`` are cumulative since the transaction began.
    """

    number: int
    station: str
    meter: tuple[str, str]
    transaction_id: str
    kind: str
    register: Decimal
    begin_register: Decimal
    cost: Decimal
    currency: str
    charging_ms: int
    idle_ms: int
    before: str
    digest: str


def parse(payload: str) -> Record:
    """Return the record of an OCMF payload. Raises FormError."""
    fields = _Fields(_object(payload))
    if fields.text("FV") != "1.3":
        raise FormError(f'FV is "{fields.text("FV")}", not "1.3"')
    reading = fields.only_reading()
    return Record(
        number=int(fields.matching("PG", _NUMBER).removeprefix("T")),
        station=fields.text("GS"),
        meter=(fields.text("CI"), fields.text("MS")),
        transaction_id=fields.text("UT"),
        kind=reading.one_of("TX", READING_KINDS),
        register=reading.number("RV"),
        begin_register=fields.number("UB"),
        cost=Decimal(fields.matching("UC", _COST)),
        currency=fields.text("UU"),
        charging_ms=fields.count("UD"),
        idle_ms=fields.count("UW"),
        before=fields.text("UH"),
        digest=hashlib.sha256(payload.encode()).hexdigest(),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object whose members are asked for by name and form."""

    members: dict[str, object]

    def text(self, name: str) -> str:
        value = self.members.get(name)
        return value if isinstance(value, str) else self._wrong(name, "text")

    def matching(self, name: str, form: re.Pattern[str]) -> str:
        value = self.text(name)
        return value if form.fullmatch(value) else self._wrong(name, f"like {form.pattern}")

    def one_of(self, name: str, known: frozenset[str]) -> str:
        value = self.text(name)
        return value if value in known else self._wrong(name, f"one of {', '.join(sorted(known))}")

    def number(self, name: str) -> Decimal:
        value = self.members.get(name)
        return value if isinstance(value, Decimal) else self._wrong(name, "a number with decimals")

    def count(self, name: str) -> int:
        value = self.members.get(name)
        return value if type(value) is int and value >= 0 else self._wrong(name, "a whole number from 0 up")

    def only_reading(self) -> "_Fields":
        match self.members.get("RD"):
            case [dict() as reading]:
                return _Fields(reading)
        return self._wrong("RD", "a list of one reading")

    def _wrong(self, name: str, expected: str) -> NoReturn:
        if name not in self.members:
            raise FormError(f"{name} is missing")
        raise FormError(f"{name} is not {expected}")


def _object(payload: str) -> dict[str, object]:
    try:
        value = json.loads(
            payload, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_without_doubles
        )
    except (ValueError, RecursionError) as error:
        raise FormError(f"the payload is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise FormError("the payload is no JSON object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise FormError(f"{name} is no number")


def _without_doubles(members: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in members]
    if len(set(names)) != len(names):
        raise FormError("a field is there twice")
    return dict(members)
