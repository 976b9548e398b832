"""One sealed record as an auditor reads it: its fields (docs/OCMF.md, docs/KEYS.md), checked for their form.

Numbers are held against their spelling: a text is signed, and no station writes 12.0000 as 1.2E1.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple, NoReturn

READING_KINDS = frozenset("BCXELRAPST")  # OCMF 1.3, table of TX
_GOOD = frozenset("G")  # of OCMF 1.3's table of ST: no other reading is billed
_EPOCH_DAY = date(1970, 1, 1).toordinal()

_USAGE_PAGE = re.compile(r"T[1-9][0-9]{0,17}")
_ROTATION_PAGE = re.compile(r"F[1-9][0-9]{0,17}")
_E4 = re.compile(r"(?:0|[1-9][0-9]{0,17})\.[0-9]{4}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,17}")
_WATT_HOURS = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?")
_HASH = re.compile(r"(?:[0-9a-f]{64})?")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_FLAG = re.compile(r"[a-z][a-z0-9-]*")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]),([0-9]{3})"
    r"([+-])([0-9]{2})([0-5][0-9]) ([UISR])"
)


class FormError(ValueError):
    """A payload that is no record of ours; the text says which field and why."""


class Moment(NamedTuple):
    """A reading's time: UTC in milliseconds, the local offset in minutes, the clock's status (OCMF's TM)."""

    utc_ms: int
    offset_min: int
    status: str


class Record(NamedTuple):
    """A usage record. ``digest`` is the SHA-256 of its payload, ``before`` the one it names before it.

    ``evse`` is CI, ``driver`` ID, ``meter`` vendor, model and number. Registers are 0.1 Wh, ``cost_e4``
    1/10000 of the main unit including tax, times milliseconds; all but ``register_dwh`` are cumulative since
    the begin.
    """

    number: int
    station: str
    evse: str
    driver: str
    meter: tuple[str, str, str]
    transaction_id: str
    kind: str
    at: Moment
    mono_ms: int
    register_dwh: int
    begin_dwh: int
    resolution_wh: str
    cost_e4: int
    currency: str
    tariff: tuple[str, str]
    charging_ms: int
    idle_ms: int
    flags: tuple[str, ...]
    before: str
    digest: str
    begun_ms: int = 0
    """``mono_ms`` of the begin record: known to whoever follows the records."""

    @property
    def name(self) -> str:
        return f"T{self.number}"


class Rotation(NamedTuple):
    """The record of a new key, which has signed ``countersigned`` with ``countersignature``."""

    number: int
    station: str
    new_key_der: bytes
    countersigned: str
    countersignature: bytes
    before: str
    digest: str

    @property
    def name(self) -> str:
        return f"F{self.number}"


def parse(payload: str) -> Record | Rotation:
    """Return the record of an OCMF payload. Raises FormError."""
    fields = _Fields(_object(payload))
    if fields.text("FV") != "1.3":
        raise FormError(f'FV is "{fields.text("FV")}", not "1.3"')
    digest = hashlib.sha256(payload.encode()).hexdigest()
    return _rotation(fields, payload, digest) if fields.is_rotation() else _usage(fields, digest)


def _usage(fields: "_Fields", digest: str) -> Record:
    reading = fields.only_reading()
    reading.one_of("ST", _GOOD)
    reading.one_of("RU", frozenset({"kWh"}))
    at = reading.moment("TM")
    if reading.text("EF") != ("t" if at.status == "U" else ""):
        raise FormError('EF is not "t" just where the clock (TM) is unsynchronised')
    return Record(
        number=int(fields.matching("PG", _USAGE_PAGE)[1:]),
        station=fields.text("GS"),
        evse=fields.text("CI"),
        driver=fields.text("ID"),
        meter=(fields.text("MV"), fields.text("MM"), fields.text("MS")),
        transaction_id=fields.some_text("UT"),
        kind=reading.one_of("TX", READING_KINDS),
        at=at,
        mono_ms=fields.number("UM", _COUNT, "a whole number from 0 up"),
        register_dwh=reading.number("RV", _E4, "a number with four decimals"),
        begin_dwh=fields.number("UB", _E4, "a number with four decimals"),
        resolution_wh=fields.matching("UR", _WATT_HOURS),
        cost_e4=int(fields.matching("UC", _E4).replace(".", "")),
        currency=fields.text("UU"),
        tariff=(fields.text("UI"), fields.text("UV")),
        charging_ms=fields.number("UD", _COUNT, "a whole number from 0 up"),
        idle_ms=fields.number("UW", _COUNT, "a whole number from 0 up"),
        flags=fields.names("UF"),
        before=fields.matching("UH", _HASH),
        digest=digest,
    )


def _rotation(fields: "_Fields", payload: str, digest: str) -> Rotation:
    if fields.members.get("RD") != [] or fields.text("UT"):
        raise FormError("a record of a new key has no reading (RD) and no transaction (UT)")
    countersignature = fields.matching("UN", _HEX)
    if not payload.endswith(f'"UN":"{countersignature}"}}'):
        raise FormError("UN is not the last field, spelt as the new key signed it")
    fields.moment("UA")
    return Rotation(
        number=int(fields.matching("PG", _ROTATION_PAGE)[1:]),
        station=fields.text("GS"),
        new_key_der=bytes.fromhex(fields.matching("UK", _HEX)),
        countersigned=payload.removesuffix(f'{countersignature}"}}') + '"}',
        countersignature=bytes.fromhex(countersignature),
        before=fields.matching("UH", _HASH),
        digest=digest,
    )


class _Literal(str):
    """A JSON number as it is spelt."""

    __slots__ = ()


class _Fields(NamedTuple):
    """A JSON object whose members are asked for by name and form. Each method raises FormError."""

    members: dict[str, object]

    def is_rotation(self) -> bool:
        return self.text("PG").startswith("F")

    def text(self, name: str) -> str:
        value = self.members.get(name)
        return value if type(value) is str else self._wrong(name, "text")

    def some_text(self, name: str) -> str:
        return self.text(name) or self._wrong(name, "a text with something in it")

    def matching(self, name: str, form: re.Pattern[str]) -> str:
        value = self.text(name)
        return value if form.fullmatch(value) else self._wrong(name, f"like {form.pattern}")

    def one_of(self, name: str, known: frozenset[str]) -> str:
        value = self.text(name)
        return value if value in known else self._wrong(name, f"one of {', '.join(sorted(known))}")

    def number(self, name: str, form: re.Pattern[str], expected: str) -> int:
        """Return a JSON number's digits as one integer: 12.3456 is 123456."""
        value = self.members.get(name)
        if type(value) is _Literal and form.fullmatch(value):
            return int(value.replace(".", ""))
        return self._wrong(name, expected)

    def moment(self, name: str) -> Moment:
        match = _TIME.fullmatch(self.text(name))
        if match is None:
            self._wrong(name, "a time like 2026-06-01T10:00:00,000+0800 S")
        year, month, day, hour, minute, second, ms, sign, hours, minutes, status = match.groups()
        try:
            days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
        except ValueError:
            self._wrong(name, "a day that there is")
        offset_min = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
        of_day_min = int(hour) * 60 + int(minute)
        local_ms = ((days * 1440 + of_day_min) * 60 + int(second)) * 1000 + int(ms)
        return Moment(local_ms - offset_min * 60_000, offset_min, status)

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of different names; an absent one is empty."""
        value = self.members.get(name, [])
        if not isinstance(value, list) or any(
            type(item) is not str or not _FLAG.fullmatch(item) for item in value
        ):
            self._wrong(name, "a list of names")
        if len(set(value)) != len(value):
            self._wrong(name, "a list in which each name stands once")
        return tuple(value)

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
        value = _decode(payload)
    except (ValueError, RecursionError) as error:
        raise FormError(f"the payload is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise FormError("the payload is no JSON object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise FormError(f"{name} is no number")


def _without_doubles(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) != len(members):
        raise FormError("a field is there twice")
    return found


_decode: Callable[[str], object] = json.JSONDecoder(
    parse_float=_Literal, parse_int=_Literal, parse_constant=_no_constant, object_pairs_hook=_without_doubles
).decode
