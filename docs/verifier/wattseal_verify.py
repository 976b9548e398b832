#!/usr/bin/env python3
"""Verifies a Wattseal station's usage records one by one and prices them anew: one file, for backends.

Needs Python 3.9 or newer and the package `cryptography`, nothing else of Wattseal, whose licence it shares.
What is checked, and what cannot be known from records: README.md beside this file.

    verifier = Verifier(key_hex, [Tariff(json.loads(text, parse_float=Decimal))])
    record = verifier.feed(ocmf_text)    # raises BadRecord, and then has taken nothing in
    saved = json.dumps(verifier.state)   # does not grow; Verifier.resume(json.loads(saved), tariffs) goes on
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Optional

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

ECDSA = ec.ECDSA(SHA256())
EPOCH = datetime(1970, 1, 1)
ENDED_KEPT = 256  # ids of ended transactions that are remembered, so that one which begins again is noticed
AHEAD_MS = 60_000  # counted times go on while the answer to a reading is under way
NEW_REGISTER = {"exchanged", "rolled-over", "by-engineer"}  # flags of a begin whose register is another one
NOT_B, END_ONLY = "CXELRAPST", ("last-believed", "silent", "implausible", "frozen", "energy-while-open")
FLAG_KINDS = {"gap": NOT_B, "rejected": NOT_B, "by-engineer": "B", "exchanged": "BE", "rolled-over": "BE"}
FLAG_KINDS.update(dict.fromkeys(END_ONLY, "E"))  # the readings that a flag may stand on; others may anywhere
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CONDITIONS = {"startTimeOfDay", "endTimeOfDay", "dayOfWeek", "validFromDate", "validToDate", "customData"}

ANY, SOME, HEX, HASH = r"(?s:.*)", r"(?s:.+)", r"(?:[0-9a-f]{2})+", r"(?:[0-9a-f]{64})?"
COUNT, E4 = r"0|[1-9][0-9]{0,17}", r"(?:0|[1-9][0-9]{0,17})\.[0-9]{4}"
TIME = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}),([0-9]{3})"
    r"([+-])([0-9]{2})([0-5][0-9]) ([UISR])"
)
SEAL = re.compile(r'\{"SA":"ECDSA-secp256r1-SHA256","SD":"((?:[0-9a-f]{2})+)"\}')
# What each text and each number must look like, in every record, in those of usage and in those of a new key.
HEAD = {"FV": r"1\.3", "GS": ANY, "PG": r"[TF][1-9][0-9]{0,17}", "UH": HASH, "UT": ANY}
TEXTS = dict.fromkeys(("ID", "MV", "MM", "MS", "CI", "UI", "UV", "UU"), ANY)
TEXTS.update(UT=SOME, UC=E4, UR=r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?")
READING = {"TM": TIME, "TX": r"[BCXELRAPST]", "ST": r"G", "RU": r"kWh", "EF": r"t?"}
NUMBERS = {"UB": E4, "UD": COUNT, "UW": COUNT, "UM": COUNT}
NEW_KEY = {"UK": HEX, "UN": HEX, "UA": TIME, "UT": r""}


class BadRecord(Exception):
    """A record that is not as the station sealed it, or that contradicts those before it."""


class Repeated(BadRecord):
    """A record at or before the newest. Sent again? Its payload must be the very one that you have kept."""


class Record(NamedTuple):
    """One record that holds. Registers in 0.1 Wh, cost (1/10000 main unit, taxed) and times from the begin.

    ``priced_e4`` is the cost by the tariff, None where that is not known. Where ``cost_e4`` is lower, a limit
    held it: compare it with the limit that you gave. ``at``: UTC in ms, local offset in minutes, status of
    the clock. The record of a new key has its first three fields only.
    """

    name: str
    station: str
    digest: str
    transaction_id: str = ""
    evse: str = ""
    driver: str = ""
    kind: str = ""
    at: tuple[int, int, str] = (0, 0, "")
    mono_ms: int = 0
    begun_ms: int = 0
    meter: tuple[str, ...] = ()
    register_dwh: int = 0
    begin_dwh: int = 0
    cost_e4: int = 0
    currency: str = ""
    tariff: tuple[str, str] = ("", "")
    charging_ms: int = 0
    idle_ms: int = 0
    flags: tuple[str, ...] = ()
    priced_e4: int | None = None

    @property
    def local(self) -> datetime:
        return EPOCH + timedelta(minutes=self.at[0] // 60_000 + self.at[1])


# A transaction's exact cost so far, where a limit holds it, its begin in local time
Bill = tuple[int, Optional[int], str]  # noqa: UP045 -- Python 3.9


class Verifier:
    """One station's stream, from its first record or any other that no transaction is running before."""

    def __init__(self, key_hex: str, tariffs: Iterable[Tariff] = (), station: str = "") -> None:
        self._key = public_key(key_hex)
        self._tariffs = {(tariff.id, tariff.version): tariff for tariff in tariffs}
        self._evses: dict[str, tuple[Record, Bill | None]] = {}  # the last record of each EVSE
        self._known: dict[str, Any] = {
            "format": 1, "key": key_hex.strip().lower(), "station": station, "digest": "", "begins_at": "",
            "numbers": {}, "ended": [], "records": 0, "transactions": 0, "unpriced": 0,
        }  # fmt: skip

    @classmethod
    def resume(cls, state: dict[str, Any], tariffs: Iterable[Tariff] = ()) -> Verifier:
        """Go on where a saved state stands. Raises ValueError where it cannot."""
        if state.get("format") != 1:
            raise ValueError("no state of this verifier")
        verifier = cls(state["key"], tariffs)
        verifier._known = {name: value for name, value in state.items() if name != "evses"}
        for evse, (last, bill) in state["evses"].items():
            record = Record._make(tuple(value) if isinstance(value, list) else value for value in last)
            if bill and record.tariff not in verifier._tariffs:
                raise ValueError(f"the tariff {' '.join(record.tariff)} is needed to go on from this state")
            verifier._evses[evse] = record, tuple(bill) if bill else None
        return verifier

    @property
    def state(self) -> dict[str, Any]:
        """What has been seen, as plain JSON: keep it with the record that brought it here."""
        return {**self._known, "evses": dict(self._evses)}

    @property
    def running(self) -> list[str]:
        """The transactions that have begun and not ended."""
        return [last.transaction_id for last, _ in self._evses.values() if last.kind != "E"]

    def feed(self, text: str) -> Record:
        """Take the next OCMF text. Raises BadRecord or Repeated; then everything is as it was before."""
        known, payload = self._known, self._unsealed(text)
        fields = _members(payload)
        _check_forms(fields, HEAD)
        record = Record(fields["PG"], fields["GS"], hashlib.sha256(payload.encode()).hexdigest())
        changes = self._linked(record, fields["UH"])
        if record.name[0] == "F":
            self._key, changes["key"] = self._new_key(fields, payload)
        else:
            record, bill = self._followed(_usage(record, fields))
            changes["transactions"] = known["transactions"] + (record.kind == "B")
            changes["unpriced"] = known["unpriced"] + (bill is None)
            if record.kind == "E":
                changes["ended"] = [*known["ended"], record.transaction_id][-ENDED_KEPT:]
            self._evses[record.evse] = record, bill
        self._known = {**known, **changes}
        return record

    def _unsealed(self, text: str) -> str:
        """Return the payload of a text whose seal holds and is spelt as stations spell it."""
        parts = text.split("|")
        seal = SEAL.fullmatch(parts[2]) if len(parts) == 3 and parts[0] == "OCMF" else None
        if seal is None:
            raise BadRecord("no OCMF text, or its seal is not spelt as stations spell it")
        if not _signed(self._key, parts[1], seal.group(1)):
            raise BadRecord("the seal does not hold: the record was changed, or another key sealed it")
        return parts[1]

    def _linked(self, record: Record, before: str) -> dict[str, Any]:
        """Return what a record that follows the last one changes. T counts records, F new keys."""
        known, name, number = self._known, record.name, int(record.name[1:])
        first = not known["digest"]
        if known["station"] and record.station != known["station"]:
            raise BadRecord(f'{name}: of station "{record.station}", not "{known["station"]}"')
        numbers = {"T": 0, "F": 0} if first and not before else known["numbers"]
        newest = numbers.get(name[0], number - 1)
        if number <= newest:
            raise Repeated(f"{name}: after {name[0]}{newest}; repeated or out of order")
        if number != newest + 1:
            raise BadRecord(f"{name}: the newest before it is {name[0]}{newest}; a record is missing")
        if not first and before != known["digest"]:
            raise BadRecord(f"{name}: its hash (UH) is not that of the record before")
        begins_at = name if first and before else known["begins_at"]
        changes = {"station": record.station, "digest": record.digest, "records": known["records"] + 1}
        return {**changes, "numbers": {**numbers, name[0]: number}, "begins_at": begins_at}

    def _new_key(self, fields: dict[str, Any], payload: str) -> tuple[ec.EllipticCurvePublicKey, str]:
        """Return the key that seals from here on. It has signed the payload without its own signature."""
        _check_forms(fields, NEW_KEY)
        _time(fields["UA"])
        new, tail = fields["UK"], f'"UN":"{fields["UN"]}"}}'
        if fields.get("RD") != [] or not payload.endswith(tail):
            raise BadRecord("the record of a new key has no reading, and ends with UN")
        try:
            key = public_key(new)
        except ValueError as error:
            raise BadRecord(f"the new key (UK) is {error}") from error
        signed = payload[: -len(tail)] + '"UN":""}'
        if new == self._known["key"] or not _signed(key, signed, fields["UN"]):
            raise BadRecord("the new key (UK) is the old one, or has not signed its record (UN)")
        return key, new

    def _followed(self, record: Record) -> tuple[Record, Bill | None]:
        """Hold a usage record against those before it; return it priced, with its transaction's bill."""
        ids = (*self._known["ended"], *self.running)
        if record.kind == "B" and record.transaction_id in ids:
            raise BadRecord(f"{record.name}: transaction {record.transaction_id} has begun before")
        last, bill = self._evses.get(record.evse, (None, None))
        begun_ms = record.mono_ms if last is None or record.kind == "B" else last.begun_ms
        record = record._replace(begun_ms=begun_ms)
        for why in _contradictions(last, record):
            raise BadRecord(f"{record.name}: {why}")
        if last is None or record.kind == "B":
            bill = (0, None, record.local.isoformat()) if record.tariff in self._tariffs else None
        return self._priced(last or record, bill, record) if bill else (record, None)

    def _priced(self, last: Record, bill: Bill, record: Record) -> tuple[Record, Bill]:
        """Raises BadRecord for a cost that neither the tariff nor a limit makes."""
        tariff, (cost, held_e4, begun) = self._tariffs[record.tariff], bill
        if record.kind != "B":
            cost += tariff.exact(last, record)
        energy_dwh = record.register_dwh - record.begin_dwh
        priced_e4 = tariff.total_e4(cost, energy_dwh, datetime.fromisoformat(begun))
        held = held_e4 == record.cost_e4 < priced_e4 or (held_e4 is None and record.cost_e4 < priced_e4)
        if tariff.currency != record.currency or not (record.cost_e4 == priced_e4 or held):
            wrong = f"{record.cost_e4} {record.currency}, by the tariff {priced_e4} {tariff.currency}"
            raise BadRecord(f"{record.name}: the cost (UC) in 1/10000 is {wrong}")
        held_e4 = held_e4 if record.cost_e4 == priced_e4 else record.cost_e4
        return record._replace(priced_e4=priced_e4), (cost, held_e4, begun)


def _contradictions(last: Record | None, now: Record) -> Iterator[str]:  # noqa: C901 -- a list of rules
    """Yield where a record contradicts the last one of its EVSE, which has one transaction at a time."""
    begins = now.kind == "B"
    for flag in now.flags:
        if now.kind not in FLAG_KINDS.get(flag, now.kind):
            yield f"the flag {flag} (UF) does not belong on a reading {now.kind}"
    if not now.evse.startswith(f"{now.station}*"):
        yield f'EVSE "{now.evse}" (CI) is not of "{now.station}"'
    if begins != (last is None or last.kind == "E"):
        yield "the transaction before it has no end" if begins else "no begin record before it"
    if begins and (now.register_dwh != now.begin_dwh or now.cost_e4 or now.charging_ms or now.idle_ms):
        yield "begins with energy (UB), cost (UC) or time (UD, UW) already counted"
    if last is None:
        return
    if now.mono_ms < last.mono_ms:
        yield "the station's clock (UM) runs back"
    if now.at[2] == last.at[2] == "S" and now.at[0] < last.at[0]:
        yield f"stamped before {last.name}, both by a synchronised clock (TM)"
    another_register = now.meter != last.meter or (begins and NEW_REGISTER & set(now.flags))
    if now.register_dwh < last.register_dwh and not another_register:
        yield "the register (RV) runs back"
    if begins:
        return
    for what in ("transaction_id", "driver", "begin_dwh", "currency", "tariff", "meter"):
        if getattr(now, what) != getattr(last, what):
            yield f"{what} changes within a transaction"
    charging_ms, idle_ms = now.charging_ms - last.charging_ms, now.idle_ms - last.idle_ms
    if charging_ms < 0 or idle_ms < 0 or now.cost_e4 < last.cost_e4:
        yield "cost (UC) or time (UD, UW) falls"
    passed_ms = now.mono_ms - now.begun_ms
    if now.charging_ms + now.idle_ms > passed_ms + AHEAD_MS and "last-believed" not in now.flags:
        yield "more time is counted (UD, UW) than has passed (UM)"
    used = (now.register_dwh - last.register_dwh, charging_ms, idle_ms)
    if now.cost_e4 != last.cost_e4 and not any(used):
        yield "the cost (UC) rises without energy or time"


class Literal(str):
    """A JSON number as it is spelt: 12.0000 is not 1.2E1."""


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(members)) != len(members):
        raise ValueError("a field is there twice")
    return dict(members)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


JSON = json.JSONDecoder(
    parse_float=Literal, parse_int=Literal, parse_constant=_no_number, object_pairs_hook=_once_each
)


def _members(payload: str) -> dict[str, Any]:
    try:
        members = JSON.decode(payload)
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"the payload is no JSON: {error}") from error
    return members if isinstance(members, dict) else {}


def _check_forms(members: dict[str, Any], forms: dict[str, str], kind: type = str) -> None:
    for name, form in forms.items():
        value = members.get(name)
        if type(value) is not kind or not re.fullmatch(form, str(value)):
            raise BadRecord(f"{name} is missing, or not of its form")


def _usage(head: Record, fields: dict[str, Any]) -> Record:
    """Return a usage record's fields, each held against its form."""
    readings, flags = fields.get("RD"), fields.get("UF", [])
    if not isinstance(readings, list) or len(readings) != 1 or not isinstance(readings[0], dict):
        raise BadRecord("RD is not a list of one reading")
    _check_forms(fields, TEXTS)
    _check_forms(fields, NUMBERS, Literal)
    _check_forms(readings[0], READING)
    _check_forms(readings[0], {"RV": E4}, Literal)
    if not isinstance(flags, list) or len(set(map(str, flags))) != len(flags):
        raise BadRecord("UF is not a list in which each name stands once")
    for flag in flags:
        _check_forms({"UF": flag}, {"UF": r"[a-z][a-z0-9-]*"})
    at = _time(readings[0]["TM"])
    if (readings[0]["EF"] == "t") != (at[2] == "U"):
        raise BadRecord("EF is not t just where the clock (TM) is unsynchronised")
    digits = {name: int(fields[name].replace(".", "")) for name in ("UB", "UC", "UD", "UW", "UM")}
    return head._replace(
        transaction_id=fields["UT"], evse=fields["CI"], driver=fields["ID"], kind=readings[0]["TX"],
        at=at, mono_ms=digits["UM"], meter=(fields["MV"], fields["MM"], fields["MS"]),
        register_dwh=int(readings[0]["RV"].replace(".", "")), begin_dwh=digits["UB"],
        cost_e4=digits["UC"], currency=fields["UU"], tariff=(fields["UI"], fields["UV"]),
        charging_ms=digits["UD"], idle_ms=digits["UW"], flags=tuple(flags),
    )  # fmt: skip


def _time(text: str) -> tuple[int, int, str]:
    """Return UTC in milliseconds, the local offset in minutes, the clock's status."""
    clock, ms, sign, hours, minutes, status = re.fullmatch(TIME, text).groups()  # type: ignore[union-attr]
    try:
        seconds = (datetime.fromisoformat(clock) - EPOCH) // timedelta(seconds=1)
    except ValueError as error:
        raise BadRecord(f"{text} is no time that there is") from error
    offset_min = int(f"{sign}1") * (int(hours) * 60 + int(minutes))
    return seconds * 1000 + int(ms) - offset_min * 60_000, offset_min, status


class Tariff:
    """An OCPP 2.1 TariffType, its numbers int or Decimal. ValueError for what stations do not price either.

    Exact costs are integers in 1/60,000,000,000,000 of the main unit: a price has five decimals, a tax two of
    a percent, energy four of a kWh, a minute 60,000 ms. They are rounded once, half up, to 1/10000.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        if {"reservationTime", "reservationFixed", "validFrom"} & set(data):
            raise ValueError("reservations and validFrom are not priced by stations")
        self.id, self.currency = str(data["tariffId"]), str(data["currency"])
        options: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
        text = json.dumps(data, default=_shortest, **options)
        self.version = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._energy, self._fee = _prices(data, "energy", "priceKwh"), _prices(data, "fixedFee", "priceFixed")
        self._charging = _prices(data, "chargingTime", "priceMinute")
        self._idle = _prices(data, "idleTime", "priceMinute")
        self._least_e4 = _scaled(data.get("minCost", {"inclTax": 0})["inclTax"], 4)
        self._most_e4 = _scaled(data.get("maxCost", {"inclTax": 10**12})["inclTax"], 4)

    def exact(self, last: Record, record: Record) -> int:
        """Return what the usage between two records costs, by the prices at the local time of the first."""
        energy = 6 * (record.register_dwh - last.register_dwh) * _price_at(self._energy, last.local)
        charging = (record.charging_ms - last.charging_ms) * _price_at(self._charging, last.local)
        return energy + charging + (record.idle_ms - last.idle_ms) * _price_at(self._idle, last.local)

    def total_e4(self, cost: int, energy_dwh: int, begun: datetime) -> int:
        """Return the cost so far with fee and bounds; fee and minimum are due once energy has flowed."""
        fee, least_e4 = (60_000 * _price_at(self._fee, begun), self._least_e4) if energy_dwh > 0 else (0, 0)
        rounded_e4 = (2 * (cost + fee) + 6_000_000_000) // 12_000_000_000
        return min(max(rounded_e4, least_e4), self._most_e4)


def _shortest(number: Decimal) -> int | str:
    return int(number) if number == int(number) else f"{number.normalize():f}"


def _prices(data: dict[str, Any], name: str, key: str) -> list[tuple[dict[str, Any], int]]:
    """Return a dimension's prices in order: when each applies, and how much it is with tax, in 1e-9."""
    group = data.get(name, {"prices": []})
    if any(rate.get("stack", 0) for rate in group.get("taxRates", [])):
        raise ValueError(f"{name}: stacked taxes are not priced by stations")
    factor = 10_000 + sum(_scaled(rate["tax"], 2) for rate in group.get("taxRates", []))
    prices = [(item.get("conditions", {}), _scaled(item[key], 5) * factor) for item in group["prices"]]
    if any(set(conditions) - CONDITIONS for conditions, _ in prices):
        raise ValueError(f"{name}: stations price no other conditions than {', '.join(sorted(CONDITIONS))}")
    return prices


def _price_at(prices: list[tuple[dict[str, Any], int]], at: datetime) -> int:
    """Return the price that applies at a local time; hours that end before they start cross midnight."""
    now, today = f"{at.hour:02}:{at.minute:02}", at.date().isoformat()
    for when, price in prices:
        start, end = when.get("startTimeOfDay", "00:00"), when.get("endTimeOfDay", "24:00")
        in_hours = start <= now < end if start < end else now >= start or now < end
        in_season = when.get("validFromDate", "") <= today < when.get("validToDate", "9999-12-32")
        if in_hours and in_season and WEEKDAYS[at.weekday()] in when.get("dayOfWeek", WEEKDAYS):
            return price
    return 0


def _scaled(value: Any, places: int) -> int:
    """Return an exact number in units of 10**-places."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError(f"{value!r}: read tariffs with json.loads(text, parse_float=Decimal)")
    scaled = Decimal(value).scaleb(places)
    if scaled < 0 or scaled != scaled.to_integral_value():
        raise ValueError(f"{value} is below 0, or has more than {places} decimals")
    return int(scaled)


def public_key(hex_der: str) -> ec.EllipticCurvePublicKey:
    """Return the P-256 key in the hex of a DER SubjectPublicKeyInfo. Raises ValueError."""
    try:
        key = load_der_public_key(bytes.fromhex(hex_der))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("not the hex of a public key in DER (SubjectPublicKeyInfo)") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not an ECDSA P-256 key")
    return key


def _signed(key: ec.EllipticCurvePublicKey, text: str, signature_hex: str) -> bool:
    try:
        key.verify(bytes.fromhex(signature_hex), text.encode(), ECDSA)
    except (InvalidSignature, UnicodeEncodeError):
        return False
    return True


def _verify_file(options: argparse.Namespace) -> str:
    """Verify the records that a command line names; return what is wrong with the first bad one."""
    tariffs = [Tariff(json.loads(path.read_text("utf-8"), parse_float=Decimal)) for path in options.tariff]
    saved = options.state and options.state.exists() and json.loads(options.state.read_text("utf-8"))
    verifier, bad = Verifier.resume(saved, tariffs) if saved else Verifier(options.key, tariffs), ""
    with options.records.open("rb") as file:
        for position, line in enumerate(iter(lambda: file.readline(65_536), b""), start=1):
            try:
                verifier.feed(line.decode().removesuffix("\n"))
            except (BadRecord, UnicodeDecodeError) as error:
                bad = f"record {position}: {error}"
                break
    if options.state:
        unfinished = options.state.with_name(options.state.name + ".new")
        unfinished.write_text(json.dumps(verifier.state), "utf-8")
        unfinished.replace(options.state)
    elif verifier.running and not bad:
        bad = f"no end record of {', '.join(verifier.running)}"
    known = verifier.state
    sys.stdout.write(
        "" if bad else f"{known['records']} records hold, {known['unpriced']} of them not priced\n"
    )
    return bad


def main() -> int:
    """Exit 0: all holds; 1: a record is bad; 2: it could not be looked at."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path, help="a file with one OCMF text a line")
    parser.add_argument("--key", default="", help="hex of the public key; a saved state brings its own")
    parser.add_argument("--tariff", type=Path, action="append", default=[], help="a TariffType in JSON")
    parser.add_argument("--state", type=Path, help="file to go on from, and to leave the new state in")
    try:
        bad, code = _verify_file(parser.parse_args()), 1
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        bad, code = f"{type(error).__name__}: {error}", 2
    sys.stderr.write(f"wattseal_verify: {bad}\n" if bad else "")
    return code if bad else 0


if __name__ == "__main__":
    sys.exit(main())
