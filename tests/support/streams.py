"""Streams of sealed records as stations make them: the real core in virtual time, real seals, new keys.

Together they hold every kind of record: begin, minute, pause, price change, end; several EVSEs at once,
restarts, limits, a silent meter, tariffs that change, keys that change.
"""

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from firmware.core import events as ev
from firmware.core.entries import Entry, KeyRotated, UsageRecorded
from firmware.core.journal import apply
from firmware.core.key_rotation import StationName, rotation_payload
from firmware.core.state import State
from firmware.core.tariff_type import parse
from firmware.signing.seal import Sealer
from tests.core.garage import Garage
from tests.ledger.samples import KnownKey
from tests.support.virtual import VirtualStation

Json = dict[str, Any]
_TARIFFS = Path(__file__).parents[2] / "config" / "tariffs"
TIME_OF_USE: Json = tomllib.loads((_TARIFFS / "chu_time_of_use.toml").read_text(), parse_float=Decimal)


def _at(price: str, **conditions: Any) -> Json:
    return {"priceKwh": Decimal(price), "conditions": conditions}


WITH_EVERYTHING: Json = {
    "tariffId": "everything",
    "currency": "CNY",
    "energy": {
        "prices": [
            _at("1.23457", startTimeOfDay="10:00", endTimeOfDay="10:07"),
            _at("0.5", dayOfWeek=["Saturday"], validToDate="2026-12-31"),
            _at("2.5", startTimeOfDay="23:00", endTimeOfDay="10:00"),
        ],
        "taxRates": [{"type": "VAT", "tax": Decimal("19")}, {"type": "city", "tax": Decimal("0.25")}],
    },
    "chargingTime": {
        "prices": [{"priceMinute": Decimal("0.02001")}], "taxRates": [{"type": "VAT", "tax": 7}],
    },
    "idleTime": {"prices": [{"priceMinute": Decimal("0.1")}]},
    "fixedFee": {"prices": [{"priceFixed": Decimal("0.35")}], "taxRates": [{"type": "VAT", "tax": 19}]},
    "minCost": {"inclTax": Decimal("1.25")},
    "maxCost": {"inclTax": Decimal("2.2")},
}  # fmt: skip
TARIFFS = (TIME_OF_USE, WITH_EVERYTHING)


def as_json(tariff: Json) -> str:
    """Return a TariffType as JSON, its numbers with their own digits."""
    return re.sub(r'"#([^"]*)#"', r"\1", json.dumps(tariff, default=lambda number: f"#{number}#"))


class Sealed(NamedTuple):
    """What a station wrote: all entries, the texts among them, its public keys with the oldest first."""

    entries: tuple[Entry, ...]
    texts: tuple[bytes, ...]
    keys: tuple[bytes, ...]


class Book:
    """Seals what a core appends, and puts new keys between."""

    def __init__(self) -> None:
        self.keys = [KnownKey(1)]
        self.entries: list[Entry] = []

    def seal(self, entries: Sequence[Entry]) -> None:
        """Seal the entries that are new since the last time, with the newest key."""
        self.entries += [self._sealed(entry) for entry in entries[len(self.entries) :]]

    def rotate(self, station: Garage | VirtualStation) -> None:
        """Give the station a new key, as ``wattseal key rotate`` does between two starts."""
        self.seal(station.entries)  # type: ignore[arg-type]
        old, new = self.keys[-1], KnownKey(len(self.keys) + 1)
        state: State = station.state
        name = StationName("Wattseal AC", "chu-003", "test")
        public = new.public_key_der.hex()
        unproven = rotation_payload(state.chain, name, station.stamp(), public)
        proven = rotation_payload(
            state.chain, name, station.stamp(), public, new.sign(unproven.encode()).hex()
        )
        rotated = KeyRotated(
            station.stamp(),
            state.chain.rotations + 1,
            public,
            old.public_key_der.hex(),
            Sealer(old).seal(proven),
        )
        self.keys.append(new)
        station.entries.append(rotated)
        station.state = apply(state, rotated)
        self.entries.append(rotated)

    def close(self, station: Garage | VirtualStation) -> Sealed:
        self.seal(station.entries)  # type: ignore[arg-type]
        texts = (
            entry.ocmf.encode() for entry in self.entries if isinstance(entry, UsageRecorded | KeyRotated)
        )
        return Sealed(tuple(self.entries), tuple(texts), tuple(key.public_key_der for key in self.keys))

    def _sealed(self, entry: Entry) -> Entry:
        if isinstance(entry, UsageRecorded):
            return replace(entry, payload="", ocmf=Sealer(self.keys[-1]).seal(entry.payload))
        return entry


def garage() -> Sealed:
    """Three EVSEs at once, restarts, a new key, a new tariff, another new key."""
    station, book = Garage(200_000, [(1, 2, 3)] * 3, tariff=parse(TIME_OF_USE)), Book()
    _hour(station, (1, 2, 3))
    book.rotate(station)
    station.feed(ev.TariffSet(station.stamp(), "call", 0, parse(WITH_EVERYTHING)))
    _hour(station, (3, 1))
    book.rotate(station)
    book.rotate(station)
    _hour(station, (2,))
    return book.close(station)


def _hour(station: Garage, evses: tuple[int, ...]) -> None:
    for evse in evses:
        station.plug_in(evse)
        station.run(seconds=71)
    station.outlets[evses[0]].wants_ma = 0
    station.run(seconds=45)
    station.outlets[evses[0]].wants_ma = 9_000
    station.restart()
    station.run(seconds=90)
    for evse in evses:
        station.unplug(evse)
        station.run(seconds=13)


def one_evse() -> Sealed:
    """Paid by time and by amount; a full vehicle, a killed agent, a power cut, a silent meter."""
    station, book = VirtualStation(parse(WITH_EVERYTHING)), Book()
    station.scan_and_pay(minutes=4).plug_in().run(minutes=2).fill_vehicle().run(minutes=3).unplug()
    station.vehicle_wants = True
    station.run(minutes=3).scan_and_pay(yuan=1).plug_in().run(minutes=5).unplug().run(minutes=3)
    book.rotate(station)
    station.scan_and_pay(minutes=60).plug_in().run(minutes=2).kill_agent(3_000).run(minutes=2)
    station.cut_power(120_000).run(minutes=3).stop_from_phone().unplug().run(minutes=3)
    station.scan_and_pay(minutes=60).plug_in().run(minutes=2).silence_meter().run(minutes=1).unplug()
    return book.close(station)


STREAMS: dict[str, Callable[[], Sealed]] = {"garage": cache(garage), "one EVSE": cache(one_evse)}
