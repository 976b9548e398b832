"""What the ledger keeps: durable facts, appended in order, never changed.

A reboot folds them through `charge_point.apply` and has the state back; the uplink maps those the backend
must hear of to messages. All are plain values, so that a ledger row is their JSON.
"""

from dataclasses import dataclass
from typing import Literal

from firmware.core.events import Limit, MeterSeal
from firmware.core.tariff import Tariff
from firmware.core.units import Stamp

ChargingState = Literal["Idle", "EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"]
ReadingKind = Literal["B", "C", "S", "T", "X", "E"]
"""OCMF reading reasons (TX): begin, charging, suspended, tariff change, exception, end."""


@dataclass(frozen=True, slots=True)
class TransactionStarted:
    """A start was accepted; the tariff in force is fixed here for the whole transaction."""

    at: Stamp
    evse: int
    transaction_id: str
    seq_no: int
    offline: bool
    remote_start_id: int
    id_token: str
    token_type: str
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class LimitAccepted:
    at: Stamp
    evse: int
    transaction_id: str
    seq_no: int
    offline: bool
    limit: Limit


@dataclass(frozen=True, slots=True)
class VehicleConnected:
    at: Stamp
    evse: int
    transaction_id: str
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True)
class ChargingBegan:
    """Energy began to flow for the first time in this transaction: what was bought runs from here."""

    at: Stamp
    evse: int
    transaction_id: str
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True)
class UsageRecorded:
    """One cut of usage: the reading, what it came to so far, and the sealed record.

    The core fills ``payload`` with the exact OCMF payload text; on the way into the ledger the signing room
    seals it into ``ocmf`` (the whole text ``OCMF|payload|signature``) and empties ``payload``. Sums are
    cumulative since the transaction's begin. ``trigger`` is an OCPP TriggerReasonEnumType value.
    """

    at: Stamp
    evse: int
    transaction_id: str
    seq_no: int
    offline: bool
    kind: ReadingKind
    trigger: str
    charging_state: ChargingState
    number: int
    import_dwh: int
    energy_dwh: int
    charging_ms: int
    idle_ms: int
    cost_e4: int
    power_w: int | None
    payload: str = ""
    ocmf: str = ""


@dataclass(frozen=True, slots=True)
class StopDecided:
    """The transaction is to end. Kept so that a restart between the decision and the end does not undo it."""

    at: Stamp
    evse: int
    transaction_id: str
    stopped_reason: str
    trigger: str
    fault: str


@dataclass(frozen=True, slots=True)
class CostSummary:
    """The bill in full (OCPP costDetails). ``total_minor`` is what is charged, taxes included.

    ``service_cost_e4`` is the service fee inside ``energy_cost_e4``; the four parts exclude tax.
    """

    currency: str
    kind: Literal["NormalCost", "MinCost", "MaxCost"]
    total_minor: int
    total_excl_tax_e4: int
    total_e4: int
    energy_cost_e4: int
    charging_time_cost_e4: int
    idle_time_cost_e4: int
    fixed_cost_e4: int
    energy_dwh: int
    charging_ms: int
    idle_ms: int
    service_cost_e4: int = 0


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    """The end. ``stopped_reason`` and ``trigger`` are OCPP 2.1 values; ``fault`` a catalogue name or ""."""

    at: Stamp
    evse: int
    transaction_id: str
    seq_no: int
    offline: bool
    stopped_reason: str
    trigger: str
    fault: str
    cost: CostSummary
    import_begin_dwh: int | None = None
    import_end_dwh: int | None = None
    meter_begin_seal: MeterSeal | None = None
    meter_end_seal: MeterSeal | None = None


@dataclass(frozen=True, slots=True)
class MeterRecordBegan:
    """A signing meter's own record is open; ``seal`` is its begin text, where it signs that apart."""

    at: Stamp
    evse: int
    transaction_id: str
    seal: MeterSeal | None = None


@dataclass(frozen=True, slots=True)
class MeterSealKept:
    """What a signing meter signed of a charge: in time for the transaction's end, or after it (``late``).

    ``left-over`` is a text of another charge, which says itself of which.
    """

    at: Stamp
    evse: int
    transaction_id: str
    when: Literal["end", "late", "left-over"]
    seal: MeterSeal


@dataclass(frozen=True, slots=True)
class MeterSealMissing:
    """A signing meter did not begin its record of a charge, or (``at_end``) did not end it in time."""

    at: Stamp
    evse: int
    transaction_id: str
    at_end: bool
    why: str


@dataclass(frozen=True, slots=True)
class FaultRaised:
    """A fault of the catalogue began on an EVSE (0: the station)."""

    at: Stamp
    evse: int
    fault: str
    detail: str = ""
    transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class FaultCleared:
    at: Stamp
    evse: int
    fault: str


@dataclass(frozen=True, slots=True)
class ContactorCycled:
    """The contactor has closed once more. ``cycles`` counts its life, ``counted`` is the interlock's count.

    That one begins with the interlock's start; one that says less than before has been started again.
    """

    at: Stamp
    evse: int
    cycles: int
    counted: int


Acceptance = Literal["first", "exchanged", "rolled-over", "by-engineer"]


@dataclass(frozen=True, slots=True)
class MeterAccepted:
    """From here on an EVSE is measured by this meter and register; nothing that was read before binds it.

    ``serial`` is the number that the meter itself told, "" where it tells none. ``because``: the first meter
    that told its number; another meter, found while nobody charged; a register that began at 0 again; or an
    engineer's word.
    """

    at: Stamp
    evse: int
    model: str
    serial: str
    because: Acceptance


@dataclass(frozen=True, slots=True)
class KeyRotated:
    """The station's key was replaced: a record in its chain, sealed by the old key (docs/KEYS.md).

    ``public_key`` is the new one, ``replaced`` the old one, both hex of DER; ``number`` counts rotations.
    """

    at: Stamp
    number: int
    public_key: str
    replaced: str
    ocmf: str = ""


@dataclass(frozen=True, slots=True)
class SettingStored:
    component: str
    variable: str
    value: str


@dataclass(frozen=True, slots=True)
class TariffStored:
    evse: int
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class TariffRemoved:
    evse: int


Entry = (
    TransactionStarted | LimitAccepted | VehicleConnected | ChargingBegan | UsageRecorded | StopDecided
    | TransactionEnded | FaultRaised | FaultCleared | ContactorCycled | MeterAccepted | SettingStored
    | TariffStored | TariffRemoved | KeyRotated
    | MeterRecordBegan | MeterSealKept | MeterSealMissing
)  # fmt: skip

TransactionEntry = (
    TransactionStarted | LimitAccepted | VehicleConnected | ChargingBegan | UsageRecorded | StopDecided
    | TransactionEnded
    | MeterRecordBegan | MeterSealKept | MeterSealMissing
)  # fmt: skip
