"""Checks a table read from TOML against a schema type and says everything that is wrong, each with its path.

msgspec stops at the first error; a person with a site file wants all of them.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.inspect import DecimalType, IntType, LiteralType, StrType, VarTupleType, type_info
from msgspec.inspect import UnionType as EitherType

_SECRET = "password"  # values under such keys are not shown
_LONGEST_SHOWN = 60
_PATTERNS = {
    "^[A-Z]{3}$": "of three capital letters, like CNY",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": "like 09:30",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "like 2026-01-31",
    "^([0-9]{12})?$": "of twelve digits",
}
_BARE_KEY = re.compile("[A-Za-z0-9_-]+")
_BOUNDS = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))


def closest(word: str, known: Iterable[str]) -> str:
    """Return ``, did you mean "…"?`` for the closest of the known words, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f', did you mean "{found[0]}"?' if found else ""


def joined(where: str, key: str) -> str:
    """Return the path of a key in the table at ``where``, as TOML writes it: ``inputs."evse1.lock"``."""
    written = key if _BARE_KEY.fullmatch(key) else f'"{key}"'
    return f"{where}.{written}" if where else written


@dataclass(frozen=True)
class Shape:
    """A check against schema types. ``elsewhere`` says where keys belong that a table does not know."""

    elsewhere: Mapping[str, str]

    def problems(self, value: object, kind: Any, where: str = "") -> Iterator[str]:
        """Yield each problem of ``value`` as a ``kind``, as "path: what"; ``where`` is the path so far."""
        found = list(_unusable(value, where) or self._inside(value, _bare(kind), where))
        yield from found
        if not found and not _fits(value, kind):
            yield f"{where}: {_mismatch(value, kind, where)}"

    def usable(self, value: object, kind: Any) -> object:
        """Return ``value`` without unknown keys and without optional keys whose value is wrong."""
        bare = _bare(kind)
        if isinstance(value, list) and get_origin(bare) is tuple:
            return [self.usable(item, get_args(bare)[0]) for item in value]
        if isinstance(value, dict) and get_origin(bare) is dict:
            return {key: self.usable(item, get_args(bare)[1]) for key, item in value.items()}
        if not (isinstance(value, dict) and isinstance(bare, type) and issubclass(bare, Struct)):
            return value
        fields = {field.encode_name: field for field in msgspec.structs.fields(bare)}
        kept = {key: self.usable(item, fields[key].type) for key, item in value.items() if key in fields}
        return {
            key: item
            for key, item in kept.items()
            if fields[key].required or not any(self.problems(item, fields[key].type))
        }

    def _inside(self, value: object, kind: Any, where: str) -> Iterator[str]:
        match value, get_origin(kind):
            case dict(), None if isinstance(kind, type) and issubclass(kind, Struct):
                yield from self._table(value, kind, where)
            case dict(), origin if origin is dict:
                for key, item in value.items():
                    yield from self.problems(item, get_args(kind)[1], joined(where, key))
            case list(), origin if origin is tuple:
                for index, item in enumerate(value):
                    yield from self.problems(item, get_args(kind)[0], f"{where}[{index}]")
            case dict() | list(), _ if kind is Any:
                whole = dict[str, Any] if isinstance(value, dict) else tuple[Any, ...]
                yield from self._inside(value, whole, where)

    def _table(self, table: dict[str, object], kind: type[Struct], where: str) -> Iterator[str]:
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for key, item in table.items():
            if key in fields:
                yield from self.problems(item, fields[key].type, joined(where, key))
            else:
                yield f"{joined(where, key)}: {self._unknown(key, fields)}"
        for key, field in fields.items():
            if field.required and key not in table:
                yield f"{joined(where, key)}: missing, it must be {_expected(field.type)}"

    def _unknown(self, key: str, here: Iterable[str]) -> str:
        """Say what was meant: a key of this table, else one of another, else all that there are here."""
        if meant := closest(key, here):
            return "unknown key" + meant
        longer = [name for name in self.elsewhere if name.startswith(key)]
        for name in longer or difflib.get_close_matches(key, self.elsewhere, n=1):
            meant = f', did you mean "{name}"? It' if name != key else " here, it"
            return f"unknown key{meant} belongs into {self.elsewhere[name]}"
        return f"unknown key; the keys here are {', '.join(here)}"


def _fits(value: object, kind: Any) -> bool:
    if isinstance(value, str) and isinstance(type_info(present(kind)), DecimalType):
        return False  # msgspec would read the number in the text
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _unusable(value: object, where: str) -> list[str]:
    """Say of what TOML can write and no key takes: not-a-number and infinity, dates and times."""
    if isinstance(value, Decimal) and not value.is_finite():
        return [f"{where}: {value} is no number to calculate with"]
    if isinstance(value, date | time):
        return [f'{where}: a date or time must be in quotes: "{value.isoformat()}"']
    return []


def _mismatch(value: object, kind: Any, where: str) -> str:
    problem = f"{_shown(value, where)} is not {_expected(kind)}"
    if isinstance(value, str):
        return problem + closest(value, _options(kind))
    if isinstance(value, dict) and isinstance(type_info(present(kind)), VarTupleType):
        return f"{problem}; write [[{where}]] above each element"
    return problem


def _options(kind: Any) -> list[str]:
    described = type_info(present(kind))
    return [str(value) for value in described.values] if isinstance(described, LiteralType) else []


def _expected(kind: Any) -> str:
    """Return what a value of this kind is, in words: "a whole number from 6 to 80"."""
    match type_info(present(kind)):
        case IntType() as number:
            return "a whole number" + _range(number)
        case DecimalType():
            return "a number"
        case StrType() as text:
            return "text" + _length(text)
        case LiteralType(values=values):
            return "one of " + ", ".join(
                _quoted(value) for value in sorted(values, key=lambda value: (type(value).__name__, value))
            )
        case VarTupleType() as elements:
            return "a list" + _count(elements)
        case EitherType():
            return " or ".join(_expected(option) for option in get_args(present(kind)))
    return "a table"


def _range(number: IntType) -> str:
    if number.ge is not None and number.le is not None:
        return f" from {number.ge} to {number.le}"
    bounds = [(words, getattr(number, name)) for name, words in _BOUNDS]
    return "".join(f" {words} {bound}" for words, bound in bounds if bound is not None)


def _count(elements: VarTupleType) -> str:
    if elements.min_length:
        return f" of at least {elements.min_length}"
    return f" of at most {elements.max_length}" if elements.max_length else ""


def _length(text: StrType) -> str:
    if text.pattern is not None:
        return " " + _PATTERNS.get(text.pattern, f"like {text.pattern}")
    if text.max_length is not None:
        return f" of {text.min_length or 0} to {text.max_length} characters"
    return ""


def _shown(value: object, where: str) -> str:
    if where.rpartition(".")[2] == _SECRET:
        return "this value"
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "a table"
        case list():
            return "an empty list" if not value else "a list"
        case int() | float() | Decimal() | str():
            text = _quoted(value)
            return text if len(text) <= _LONGEST_SHOWN else f"a value of {len(text)} characters"
    return f"a {type(value).__name__}"


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def present(kind: Any) -> Any:
    """Return the type of a value that is there, bounds included: TOML has no null, an absent key is None."""
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(option for option in get_args(kind) if option is not NoneType)]  # noqa: UP007
    return kind


def _bare(kind: Any) -> Any:
    """Return the type without its bounds and without "or None"."""
    kind = present(kind)
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
