"""One charge's ledger entries, as the core writes them, and a station to send them from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from firmware.core.entries import (
    ChargingBegan,
    CostSummary,
    Entry,
    FaultCleared,
    FaultRaised,
    LimitAccepted,
    ReadingKind,
    TransactionEnded,
    TransactionStarted,
    UsageRecorded,
    VehicleConnected,
)
from firmware.core.events import Limit
from firmware.core.fault import ENGINEER, Fault
from firmware.core.tariff import Tariff
from firmware.core.units import Stamp
from firmware.csms.messages import Identity

DER = bytes.fromhex("3059301306072a8648ce3d0201")
TX = "5f3c9a52-0e3d-4f6a-9c55-0d7a3a0c1b11"
IDENTITY = Identity("Wattseal", "Wattseal AC", "S-1", "0.1.0")
TARIFF = Tariff("chu-ac-2026-1", "CNY")
CATALOGUE = {
    "EmergencyStop": Fault(
        name="EmergencyStop",
        severity=1,
        left_by=ENGINEER,
        tech_code="CX012",
        title=("急停按下", "Emergency stop pressed"),
        reaction=("", ""),
        causes=(),
        remedy=("", ""),
    )
}
TARIFF_TYPE = {"tariffId": "night", "currency": "CNY", "energy": {"prices": [{"priceKwh": Decimal("0.65")}]}}


def stamp(seconds: int = 0) -> Stamp:
    """2026-06-01T02:00:00Z and some."""
    return Stamp(seconds * 1000, 1_780_279_200_000 + seconds * 1000, "synchronised", 480)


def ocmf(kind: str, time: str) -> str:
    payload = f'{{"FV":"1.3","RD":[{{"TM":"2026-06-01T{time},000+0800 S","TX":"{kind}"}}]}}'
    return f'OCMF|{payload}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"3044"}}'


STARTED = TransactionStarted(stamp(), 1, TX, 0, False, 77, "psp-4711", "DirectPayment", TARIFF)
LIMIT = LimitAccepted(stamp(1), 1, TX, 1, False, Limit(cost_e4=100_000, time_ms=3_600_000))
PLUGGED = VehicleConnected(stamp(9), 1, TX, 2, False)
CHARGING = ChargingBegan(stamp(14), 1, TX, 4, False)
COST = CostSummary(
    currency="CNY", kind="NormalCost", total_minor=1500, total_excl_tax_e4=149_999, total_e4=149_999,
    energy_cost_e4=104_342, charging_time_cost_e4=12_000, idle_time_cost_e4=0, fixed_cost_e4=5_000,
    energy_dwh=71_960, charging_ms=3_600_000, idle_ms=30_500, service_cost_e4=35_980,
)  # fmt: skip
ENDED = TransactionEnded(
    stamp(3700), 1, TX, 66, False, "TimeLimitReached", "TimeLimitReached", "", COST, 123_456_789, 123_528_749
)
STOPPED = FaultRaised(stamp(20), 1, "EmergencyStop", "button 1", TX)
RELEASED = FaultCleared(stamp(60), 1, "EmergencyStop")


def usage(kind: ReadingKind = "C", seq_no: int = 5, trigger: str = "MeterValuePeriodic") -> UsageRecorded:
    return UsageRecorded(
        stamp(60), 1, TX, seq_no, False, kind, trigger, "Charging", 3, 123_468_790, 12_001, 60_000, 0, 18_000,
        7_200, ocmf=ocmf(kind, "10:01:00"),
    )  # fmt: skip


@dataclass(frozen=True)
class Item:
    seq: int
    message_id: str
    entry: Entry
    signed: tuple[str, ...] = ()
    sealed_by: str = ""


def item(entry: Entry, seq: int = 1) -> Item:
    signed: tuple[str, ...] = ()
    if isinstance(entry, UsageRecorded):
        signed = (entry.ocmf,)
    elif isinstance(entry, TransactionEnded):
        signed = (ocmf("B", "10:00:12"), ocmf("E", "11:01:40"))
    return Item(seq, f"m-{seq}", entry, signed)


@dataclass
class ListOutbox:
    """An outbox over a list, for tests: the ledger's own is tested in its room."""

    items: list[Item] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    parked: list[tuple[int, str]] = field(default_factory=list)
    changed: Callable[[], None] = lambda: None

    def put(self, *entries: Entry) -> None:
        self.items += [item(entry, len(self.items) + n) for n, entry in enumerate(entries, 1)]

    def next_unacknowledged(self) -> Item | None:
        done = {*self.acknowledged, *(seq for seq, _ in self.parked)}
        return next((item for item in self.items if item.seq not in done), None)

    def acknowledge(self, seq: int) -> None:
        self.acknowledged.append(seq)
        self.changed()

    def park(self, seq: int, why: str) -> None:
        self.parked.append((seq, why))
        self.changed()
