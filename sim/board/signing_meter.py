"""Simulated meters that sign: the signing registers of an Iskra WM3M4C and a Bauer BSM-WS36A, with own keys.

They do what is known of the real ones (docs/SELF_SIGNING_METERS.md names the sources), and where nothing is
known the simplest: they sign what they are told to, after the time that a crypto chip takes.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Protocol

from sim.board.signing_parts import Chip, Memory, MeterClock


class Signer(Protocol):
    """The signing registers of one simulated meter. ``refuse``: it takes commands and does not sign."""

    refuse: bool

    def holds(self, at: int, count: int) -> bool: ...
    def read(self, at: int, count: int) -> list[int]: ...
    def write(self, at: int, words: Iterable[int]) -> None: ...
    def lose_power(self) -> None: ...


class IskraSigner:
    """A WM3M4C: told what a charge is about, it signs begin and end in one OCMF text.

    ``import_wh`` is its register now, ``now_ms`` the pace of its clock.
    """

    STATE, COMMAND, STATUS, ZONE, TIME, DATASET_BYTES = 7000, 7051, 7052, 7053, 7054, 7056
    TEXT_BYTES, SIGNATURE_BYTES, ALGORITHM, CLOCK, DATASET = 7057, 7058, 7060, 7071, 7100
    TEXT, KEY, SIGNATURE = 7612, 8124, 8188

    def __init__(self, import_wh: Callable[[], float], now_ms: Callable[[], float], serial: str) -> None:
        self.refuse = False
        self.chip = Chip()
        self._import_wh, self._serial = import_wh, serial
        self._clock = MeterClock(now_ms)
        self._memory = Memory(7000, 1300)
        self._memory.put(self.STATUS, 1)
        self._memory.put_bytes(self.KEY, self.chip.public_der[-64:])
        self._readings: list[dict[str, Any]] = []
        self._page = 240
        self._high_time = 0

    def holds(self, at: int, count: int) -> bool:
        return self._memory.holds(at, count)

    def read(self, at: int, count: int) -> list[int]:
        words = self._memory.get(at, count)
        if self.chip.busy and at <= self.STATUS < at + count:
            words[self.STATUS - at] = 2
        return words

    def write(self, at: int, words: Iterable[int]) -> None:
        for address, word in enumerate(words, at):
            self._memory.put(address, word)
            if address == self.TIME + 1:
                self._clock.set(self._memory[self.TIME] << 16 | word)
            if address == self.COMMAND:
                self._memory.put(self.STATUS, self._obey(chr(word >> 8)))

    def lose_power(self) -> None:
        """Supply gone and back: clock and message are lost, an open record stays open."""
        self._clock.lose()
        self._memory.put_bytes(self.DATASET, b"", 512)
        self._memory.put(self.DATASET_BYTES, 0, 0, 0)
        if self._memory[self.STATE]:
            self._memory.put(self.STATE, 2)

    def _obey(self, letter: str) -> int:
        """Carry out a command and return the status of its signature."""
        if self.refuse:
            return 254
        if not self._clock.is_set:
            return 128
        is_begin, is_end = letter == "B", letter in "Er"
        if not (is_begin or is_end):
            return 130
        if is_begin == bool(self._memory[self.STATE]):
            return 131
        try:
            about = json.loads(self._memory.text(self.DATASET, self._memory[self.DATASET_BYTES]))
        except ValueError:
            return 252
        if is_begin:
            self._readings = []
        self._readings.append(self._reading("B" if is_begin else "E"))
        self._publish(about, self._readings if letter == "r" else self._readings[-1:])
        self._memory.put(self.STATE, 1 if is_begin else 0)
        return 15

    def _reading(self, reason: str) -> dict[str, Any]:
        zone_min = self._memory[self.ZONE] - (self._memory[self.ZONE] & 0x8000) * 2
        return {
            "TM": self._clock.stamp(zone_min, "UISR"[self._memory[self.CLOCK] & 3]),
            "TX": reason,
            "RV": round(self._import_wh() / 1000, 2),
            "RI": "1-b:1.8.0",
            "RU": "kWh",
            "RT": "AC",
            "EF": "",
            "ST": "G",
        }

    def _publish(self, about: dict[str, Any], readings: list[dict[str, Any]]) -> None:
        self._page += 1
        own = {"PG": f"T{self._page}", "MV": "Iskra", "MM": "WM3M4C", "MS": self._serial, "MF": "2.05"}
        text = json.dumps({**about, **own, "RD": readings}, separators=(",", ":"))
        signature = self.chip.sign(text, padded=True)
        self._memory.put(self.TEXT_BYTES, len(text), len(signature))
        self._memory.put_bytes(self.TEXT, text.encode())
        self._memory.put_bytes(self.SIGNATURE, signature)


class BauerSigner:
    """A BSM-WS36A: a start and an end snapshot, each with an OCMF text of its own."""

    EPOCH, META, KEY_BYTES, KEY = 40260, 40279, 40450, 40451
    SNAPSHOTS: ClassVar = {41283: (43291, "B", 3), 41537: (43791, "E", 4)}
    """Of each snapshot its OCMF text's place, its reason and its type."""

    def __init__(self, import_wh: Callable[[], float], now_ms: Callable[[], float], serial: str) -> None:
        self.refuse = False
        self.chip = Chip()
        self._import_wh, self._serial = import_wh, serial
        self._clock = MeterClock(now_ms)
        self._memory = Memory(40197, 4200)
        self._start_wh = 0.0
        self._count = 22977
        self._memory.put(self.KEY_BYTES - 1, 48, len(self.chip.public_der))
        self._memory.put_bytes(self.KEY, self.chip.public_der)
        self.lose_power()

    def holds(self, at: int, count: int) -> bool:
        return self._memory.holds(at, count)

    def read(self, at: int, count: int) -> list[int]:
        self._memory.put_bytes(
            self.EPOCH, (self._clock.utc_s() if self._clock.is_set else 0xFFFF_FFFF).to_bytes(4, "big")
        )
        words = self._memory.get(at, count)
        for snapshot in self.SNAPSHOTS:
            if self.chip.busy and at <= snapshot + 3 < at + count:
                words[snapshot + 3 - at] = 2
        return words

    def write(self, at: int, words: Iterable[int]) -> None:
        words = list(words)
        self._memory.put(at, *words)
        if at == self.EPOCH:
            self._clock.set(words[0] << 16 | words[1])
        if at - 3 in self.SNAPSHOTS and words == [2]:
            self._memory.put(at, self._take(at - 3))

    def lose_power(self) -> None:
        """Supply gone and back: time, metadata and snapshots are lost."""
        self._clock.lose()
        self._memory.put_bytes(self.META, b"", 70)
        for snapshot, (text, _, kind) in self.SNAPSHOTS.items():
            self._memory.put(snapshot + 2, kind, 1)
            self._memory.put(text + 2, kind, 1)

    def _take(self, snapshot: int) -> int:
        if self.refuse:
            return 3
        text_at, reason, kind = self.SNAPSHOTS[snapshot]
        self._count += 1
        if reason == "B":
            self._start_wh = self._import_wh()
        text = self._text(reason, kind)
        signature = self.chip.sign(text).hex()
        sealed = f'OCMF|{text}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{signature}"}}'
        self._memory.put(snapshot + 19, self._count >> 16, self._count & 0xFFFF)
        self._memory.put(text_at + 3, 0)
        self._memory.put_bytes(text_at + 4, sealed.encode(), 496)
        return 0

    def _text(self, reason: str, kind: int) -> str:
        zone_min = self._memory[self.EPOCH + 2]
        zone_min -= (zone_min & 0x8000) * 2
        total_wh = self._import_wh()
        reading = {
            "TM": self._clock.stamp(zone_min, "S" if self._clock.is_set else "U"),
            "TX": reason,
            "RV": round((total_wh - self._start_wh) / 1000, 2),
            "RI": "1-0:1.8.0*198",
            "RU": "kWh",
            "XV": round(total_wh / 1000, 2),
            "XI": "1-0:1.8.0*255",
            "XU": "kWh",
            "XT": kind,
            "RT": "AC",
            "EF": "",
            "ST": "G",
        }
        fields = {
            "FV": "1.0",
            "GI": "BAUER Electronic BSM-WS36A-H01-1311-0000",
            "GS": self._serial,
            "GV": "1.9:32CA:AFF4, 01d484f",
            "PG": f"T{self._count}",
            "MV": "BAUER Electronic",
            "MM": "BSM-WS36A-H01-1311-0000",
            "MS": self._serial,
            "IS": True,
            "IT": "UNDEFINED",
            "ID": self._memory.text(self.META, 140).rstrip(b"\0").decode(),
            "RD": [reading],
        }
        return json.dumps(fields, separators=(",", ":"))
