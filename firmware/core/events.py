"""Facts that reach the core, in the past tense, each stamped where it was known first."""

from dataclasses import dataclass
from typing import Literal

from firmware.core.tariff import Tariff
from firmware.core.units import Stamp

Pilot = Literal["A", "B", "C", "D", "E", "F"]


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One reading of one meter; the import register is what its first request brought.

    ``import_dwh`` is the cumulative active import register, ``resolution_dwh`` its step at this value (None:
    as the meter's map says). A short reading (register only) has no electrical values: they are None, never
    zero.
    """

    at: Stamp
    import_dwh: int
    power_w: int | None = None
    voltage_mv: tuple[int, ...] | None = None
    current_ma: tuple[int, ...] | None = None
    resolution_dwh: int | None = None


@dataclass(frozen=True, slots=True)
class MeterSampled:
    """A reading came. ``missed`` requests in a row had failed before it."""

    at: Stamp
    evse: int
    reading: MeterReading
    missed: int = 0


@dataclass(frozen=True, slots=True)
class MeterIdentified:
    """The number that a meter itself tells: at start, and whenever it comes back from silence."""

    at: Stamp
    evse: int
    serial: str


@dataclass(frozen=True, slots=True)
class MeterSilent:
    """No valid reply for longer than the site allows; ``why`` is for the engineer (e.g. "bad CRC")."""

    at: Stamp
    evse: int
    why: str


@dataclass(frozen=True, slots=True)
class MeterSeal:
    """A text as a signing meter signed it, byte for byte, and the meter's public key (hex of its DER)."""

    data: str
    public_key_hex: str
    encoding: Literal["OCMF"] = "OCMF"


@dataclass(frozen=True, slots=True)
class MeterRecordOpened:
    """A signing meter has begun its own record of a charge, or goes on with it.

    ``seal`` is its begin text, where it signs that apart. ``left_over`` are the texts of a record of another
    charge, which it still had open and which was ended first.
    """

    at: Stamp
    evse: int
    transaction_id: str
    seal: MeterSeal | None = None
    left_over: tuple[MeterSeal, ...] = ()


@dataclass(frozen=True, slots=True)
class MeterSealed:
    """A signing meter has ended its record of a charge: what it signed."""

    at: Stamp
    evse: int
    transaction_id: str
    seal: MeterSeal


@dataclass(frozen=True, slots=True)
class MeterSealFailed:
    """A signing meter did not begin its record, or (``at_end``) not end it; ``why`` is for the engineer."""

    at: Stamp
    evse: int
    transaction_id: str
    at_end: bool
    why: str


@dataclass(frozen=True, slots=True)
class InterlockReported:
    """What the interlock says of one EVSE (a whole snapshot, never a difference).

    ``opened_at_ms`` and ``closed_at_ms`` are the kernel's monotonic milliseconds at which the contactor was
    last seen open or closed, 0 before the first time. ``faults`` are names of the fault catalogue, ``notes``
    names of the lease's NOTES. ``limit_ma`` is what the lease allows, ``offered_ma`` what the pilot offers of
    it. ``closings`` counts since the interlock's process began. ``closing``: the coil is on, the contacts
    have not followed yet, if they ever do; it counts as closed, since energy may be on, but nobody charges.
    """

    at: Stamp
    evse: int
    pilot: Pilot
    contactor_closed: bool
    lock: Literal["locked", "released", "moving"]
    limit_ma: int
    faults: frozenset[str]
    opened_at_ms: int = 0
    closed_at_ms: int = 0
    offered_ma: int = 0
    cable_ma: int | None = None
    temperature_mc: int | None = None
    closings: int = 0
    notes: frozenset[str] = frozenset()
    closing: bool = False


@dataclass(frozen=True, slots=True)
class InterlockLost:
    """The interlock process does not answer; its outputs are at their safe values."""

    at: Stamp


@dataclass(frozen=True, slots=True)
class ClearRequested:
    """Somebody says that the causes of latched faults are gone; None means all EVSEs.

    ``call`` names a backend's call to answer, "" for an engineer's, who reads what still stands.
    """

    at: Stamp
    call: str
    evse: int | None
    by: Literal["engineer", "backend"]


@dataclass(frozen=True, slots=True)
class LinkOpened:
    at: Stamp
    version: str


@dataclass(frozen=True, slots=True)
class LinkClosed:
    at: Stamp
    why: str


@dataclass(frozen=True, slots=True)
class StartRequested:
    """The backend asked for a transaction; ``call`` names the call to answer with `effects.AnswerStart`."""

    at: Stamp
    call: str
    evse: int | None
    remote_start_id: int
    id_token: str
    token_type: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    at: Stamp
    call: str
    transaction_id: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What a transaction may take; None is no limit."""

    cost_e4: int | None = None
    energy_dwh: int | None = None
    time_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TransactionAnswered:
    """The backend answered the transaction event ``seq_no``: its limit, and whether the token is accepted.

    ``total_cost_e4`` is the backend's own sum, given when it has settled.
    """

    at: Stamp
    transaction_id: str
    seq_no: int
    limit: Limit | None = None
    token_accepted: bool = True
    total_cost_e4: int | None = None


@dataclass(frozen=True, slots=True)
class TariffSet:
    """A default tariff arrived (evse 0 is all of them); answered with `effects.AnswerTariff`."""

    at: Stamp
    call: str
    evse: int
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class TariffsCleared:
    """The backend took default tariffs back; an empty ``tariff_ids`` means all."""

    at: Stamp
    call: str
    evse: int | None
    tariff_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """A device-model variable was set; the csms room has checked that it exists and fits."""

    at: Stamp
    call: str
    component: str
    variable: str
    value: str


@dataclass(frozen=True, slots=True)
class WebPaymentStarted:
    """A driver is on the pay page of this EVSE; ``timeout_s`` 0 takes it back (OCPP 2.1 C25)."""

    at: Stamp
    evse: int
    timeout_s: int


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The deadline that the core asked for has come."""

    at: Stamp


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The ledger could not take a record; nothing that depended on it has happened."""

    at: Stamp
    why: str


Event = (
    MeterSampled | MeterIdentified | MeterSilent | MeterRecordOpened | MeterSealed | MeterSealFailed
    | InterlockReported | InterlockLost | ClearRequested
    | LinkOpened | LinkClosed | StartRequested | StopRequested | TransactionAnswered | TariffSet
    | TariffsCleared | SettingChanged | WebPaymentStarted | DeadlineReached | StorageFailed
)  # fmt: skip
