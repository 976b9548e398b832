"""Charges as the core would record them, sealed: what the ledger's tests store, spoil and check."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.core.entries import (
    CostSummary,
    Entry,
    LimitAccepted,
    TransactionEnded,
    TransactionStarted,
    UsageRecorded,
    VehicleConnected,
)
from firmware.core.events import Limit
from firmware.core.tariff import Dimension, Price, Tariff
from firmware.core.units import Stamp
from firmware.signing.seal import Sealer

VERSION = "0123456789abcdef"
TARIFF = Tariff("chu-ac-2026-1", "CNY", energy=Dimension((Price(115_000, 45_000),)), version=VERSION)
MINUTE_DWH = 1200
MINUTE_E4 = 1380


class KnownKey:
    """A key store whose key is the same in every run."""

    def __init__(self, number: int = 1) -> None:
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        self.public_key_der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def number(dwh: int) -> str:
    """Return kWh with four decimals, marked so that `payload` writes it as a JSON number."""
    return f"#{dwh // 10_000}.{dwh % 10_000:04d}#"


def stamp(minute: int) -> Stamp:
    return Stamp(mono_ms=minute * 60_000, utc_ms=1_780_279_200_000 + minute * 60_000, trust="synchronised")


@dataclass
class Recorder:
    """A station's chain of sealed records. ``lie`` overwrites fields of the payload before it is sealed."""

    station: str = "chu-003"
    keys: KnownKey = field(default_factory=KnownKey)
    number: int = 0
    previous: str = ""
    register: int = 123_456_789
    minute: int = 0
    lie: dict[str, object] = field(default_factory=dict)
    lie_in_reading: dict[str, object] = field(default_factory=dict)

    def payload(self, transaction_id: str, kind: str, begin: int, minutes: int, evse: int = 1) -> str:
        """Return the next payload, in the order of docs/OCMF.md, and chain it."""
        self.number += 1
        time = f"2026-06-01T{10 + self.minute // 60:02d}:{self.minute % 60:02d}:00,000+0800 S"
        reading = {
            "TM": time, "TX": kind, "RV": number(self.register), "RI": "1-0:1.8.0", "RU": "kWh", "RT": "AC",
            "EF": "", "ST": "G",
        }  # fmt: skip
        fields: dict[str, object] = {
            "FV": "1.3", "GI": "Wattseal AC", "GS": self.station, "GV": "0.1.0", "PG": f"T{self.number}",
            "MV": "Eastron", "MM": "SDM630", "MS": f"A{evse}", "IS": True, "IL": "NONE", "IF": [],
            "IT": "NONE", "ID": "", "CT": "EVSEID", "CI": f"{self.station}*{evse}", "TT": "chu-ac-2026-1",
            "RD": [{**reading, **self.lie_in_reading}], "UT": transaction_id, "UH": self.previous,
            "UI": "chu-ac-2026-1", "UV": VERSION, "UR": "0.1", "UB": number(begin),
            "UC": f"{minutes * MINUTE_E4 // 10_000}.{minutes * MINUTE_E4 % 10_000:04d}", "UU": "CNY",
            "UD": minutes * 60_000, "UW": 0, "UM": self.minute * 60_000,
        }  # fmt: skip
        fields.update(self.lie)
        text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        text = text.replace('"#', "").replace('#"', "")
        self.previous = hashlib.sha256(text.encode()).hexdigest()
        return text

    def charge(self, transaction_id: str, minutes: int = 3, evse: int = 1) -> Iterator[Entry]:
        """Yield all entries of one charge, from the start to the end."""
        head = {"evse": evse, "transaction_id": transaction_id, "offline": False}
        at = stamp(self.minute)
        yield TransactionStarted(
            at=at,
            seq_no=0,
            remote_start_id=7,
            id_token="psp-1",
            token_type="DirectPayment",
            tariff=TARIFF,
            **head,
        )
        yield LimitAccepted(at=at, seq_no=1, limit=Limit(cost_e4=300_000), **head)
        yield VehicleConnected(at=at, seq_no=2, **head)
        begin = self.register
        for count in range(minutes + 2):
            kind = "B" if count == 0 else "E" if count == minutes + 1 else "C"
            if kind == "C":
                self.minute += 1
                self.register += MINUTE_DWH
            used = min(count, minutes)
            yield self._usage(head, kind, begin, used, 3 + count)
        cost = CostSummary(
            "CNY", "NormalCost", minutes * 14, minutes * MINUTE_E4, minutes * MINUTE_E4, minutes * MINUTE_E4,
            0, 0, 0, minutes * MINUTE_DWH, minutes * 60_000, 0,
        )  # fmt: skip
        yield TransactionEnded(
            at=stamp(self.minute), seq_no=5 + minutes, stopped_reason="Remote", trigger="RemoteStop",
            fault="", cost=cost, import_begin_dwh=begin, import_end_dwh=self.register, **head,
        )  # fmt: skip

    def _usage(self, head: dict[str, object], kind: str, begin: int, used: int, seq_no: int) -> UsageRecorded:
        text = self.payload(str(head["transaction_id"]), kind, begin, used, int(str(head["evse"])))
        record = UsageRecorded(
            at=stamp(self.minute), seq_no=seq_no, kind=kind, trigger="MeterValuePeriodic",
            charging_state="Charging", number=self.number, import_dwh=self.register,
            energy_dwh=self.register - begin, charging_ms=used * 60_000, idle_ms=0, cost_e4=used * MINUTE_E4,
            power_w=7380, payload=text, **head,
        )  # fmt: skip
        return replace(record, payload="", ocmf=Sealer(self.keys).seal(text))

    def texts(self, transaction_id: str, minutes: int = 3, evse: int = 1) -> list[str]:
        """Return only the OCMF texts of one charge."""
        entries = self.charge(transaction_id, minutes, evse)
        return [entry.ocmf for entry in entries if isinstance(entry, UsageRecorded)]


def rotated(new: KnownKey | None = None, proof_of: KnownKey | None = None, **lie: object) -> list[bytes]:
    """Return a charge, a new key and another charge; the rotation may be told, or proven, wrongly."""
    recorder, new = Recorder(), new or KnownKey(2)
    texts = [text.encode() for text in recorder.texts("tx-1")]
    fields = {"FV": "1.3", "GS": "chu-003", "PG": "F1", "RD": [], "UT": "", "UH": recorder.previous,
              "UA": "2026-06-01T10:09:00,000+0800 S", "UK": new.public_key_der.hex(), **lie}  # fmt: skip
    unproven = json.dumps({**fields, "UN": ""}, separators=(",", ":"))
    proof = (proof_of or new).sign(unproven.encode()).hex()
    payload = unproven.removesuffix('"}') + proof + '"}'
    texts.append(Sealer(recorder.keys).seal(payload).encode())
    recorder.previous, recorder.keys = hashlib.sha256(payload.encode()).hexdigest(), new
    return [*texts, *(text.encode() for text in recorder.texts("tx-2"))]
