"""The state of the charge point, frozen: `charge_point.step` makes the next one from it.

What changes with every reading is a named tuple: its ``_replace`` costs a third of a frozen dataclass's.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from firmware.core.customer_view import CustomerView
from firmware.core.effects import ConnectorStatus
from firmware.core.entries import (
    ChargingState,
    MeterAccepted,
    StopDecided,
    TransactionEnded,
    TransactionStarted,
)
from firmware.core.events import InterlockReported, Limit, MeterReading
from firmware.core.meter_record import MeterOrder, MeterRecord
from firmware.core.meter_watch import MeterWatch
from firmware.core.pricing import Cost, Prices
from firmware.core.settings import Settings
from firmware.core.tariff import Tariff
from firmware.core.units import Stamp
from firmware.core.usage_record import Chain
from firmware.core.web_payment import WebPayments


class Phase(Enum):
    """Where a transaction stands, in the order in which it passes them."""

    STARTING = "the backend has not yet said what was bought"
    AWAITING_VEHICLE = "connector released, no vehicle yet"
    CONNECTED = "vehicle there, begin record not yet stored"
    ENERGISED = "the interlock may close"
    STOPPING = "permission withdrawn, final reading not yet taken"


@dataclass(frozen=True, slots=True)
class Mark:
    """The last cut: register and sums at it, the exact cost up to it, and the prices that hold after it."""

    at: Stamp
    import_dwh: int
    charging_ms: int
    idle_ms: int
    cost: Cost
    prices: Prices
    state: ChargingState


class Transaction(NamedTuple):
    """One transaction. ``charging_ms`` and ``idle_ms`` are counted up to ``counted_to_ms`` (monotonic).

    ``since_ms`` is when the phase began, ``idle_since_ms`` when the vehicle last stopped taking energy.
    """

    start: TransactionStarted
    phase: Phase
    since_ms: int
    next_seq: int
    limit: Limit | None = None
    begin_dwh: int | None = None
    begin_at: Stamp | None = None
    mark: Mark | None = None
    began: bool = False
    charging_ms: int = 0
    idle_ms: int = 0
    counted_to_ms: int = 0
    idle_since_ms: int | None = None
    stop: StopDecided | None = None
    meter_record: MeterRecord = MeterRecord()

    @property
    def used_ms(self) -> int:
        """What a time limit is held against: from the first energy on, pauses included."""
        return self.charging_ms + self.idle_ms


class Receipt(NamedTuple):
    """The last transaction's end, shown until the vehicle is gone and some time has passed."""

    ended: TransactionEnded
    settled: bool = False
    unplugged_at_ms: int | None = None


class Outputs(NamedTuple):
    """What an EVSE's surroundings are told; effects are the difference to what they were told last.

    None is nothing to tell: what is not known after a start is told once it is.
    """

    permit_ma: int | None = None
    lock_released: bool | None = None
    register_pace: bool = False
    meter_order: MeterOrder | None = None
    status: ConnectorStatus | None = None
    view: CustomerView | None = None


class Hold(NamedTuple):
    """What one EVSE holds of a common supply. ``level_ma`` is the most that is allowed, since ``since_ms``.

    ``committed_ma`` is what its vehicle may draw: after the level fell, the one before until it has followed.
    ``usable_ma`` is what the vehicle is known to use, None while that is not known.
    """

    committed_ma: int = 0
    level_ma: int = 0
    since_ms: int = 0
    usable_ma: int | None = None


class Queue(NamedTuple):
    """The EVSEs that want energy, in the order in which they are let in; so since ``since_ms``."""

    numbers: tuple[int, ...] = ()
    since_ms: int = 0


STUCK = frozenset({"ContactorWelded", "ContactorFailedToOpen"})
"""Faults with which a contactor stays closed, for all that anybody can do from here."""


class Recorded(NamedTuple):
    """The register in the EVSE's last record, whichever transaction that was of."""

    at_ms: int
    import_dwh: int


class Contactor(NamedTuple):
    """``cycles`` are the closings of its life; ``counted`` is where the interlock's own count stood then."""

    cycles: int = 0
    counted: int = 0


class Evse(NamedTuple):
    """One EVSE: the newest facts, its standing faults and its transaction.

    ``interlock`` and ``reading`` are None while nothing is known; ``reading`` is the last that is believed.
    ``accepted`` is the meter that measures it, ``recorded`` what was last sealed of it; None: not yet any.
    ``open_since_ms`` is when the contactor was first known to be open, None while it may be closed;
    ``withdrawn_ms`` is when the permission was taken back, None while one stands or none was ever told.
    ``meter_asked_ms`` is when its signing meter was last told to do something, ``seal_trouble`` why its last
    seal is missing ("": it is not; None: not known since the start).
    ``share_ma`` is its share of a common supply, None while it wants nothing or has a supply of its own.
    """

    evse: int
    interlock: InterlockReported | None = None
    open_since_ms: int | None = None
    interlock_lost: bool = False
    reading: MeterReading | None = None
    power_w: int | None = None
    meter_silent: str = ""
    meter: MeterWatch = MeterWatch()
    accepted: MeterAccepted | None = None
    recorded: Recorded | None = None
    faults: frozenset[str] = frozenset()
    tariff: Tariff | None = None
    transaction: Transaction | None = None
    receipt: Receipt | None = None
    paying_until_ms: int | None = None
    contactor: Contactor = Contactor()
    withdrawn_ms: int | None = None
    meter_asked_ms: int | None = None
    seal_trouble: str | None = None
    hold: Hold = Hold()
    share_ma: int | None = None
    told: Outputs = Outputs()

    @property
    def plugged_in(self) -> bool:
        return self.interlock is not None and self.interlock.pilot in "BCD"

    @property
    def began(self) -> bool:
        """Whether a transaction's begin record is stored: from then on a register is money."""
        return self.transaction is not None and self.transaction.mark is not None

    @property
    def held_back(self) -> bool:
        """Whether it must wait until the others leave it enough of the supply."""
        return self.share_ma == 0

    @property
    def contactor_closed(self) -> bool:
        """Whether energy may flow; before the interlock's first word, what the last record says."""
        if self.interlock is not None:
            return self.interlock.contactor_closed
        mark = self.transaction.mark if self.transaction else None
        return not self.interlock_lost and mark is not None and mark.state == "Charging"

    @property
    def charging(self) -> bool:
        """Whether the contacts are closed, not only the coil on: what a driver pays charging time for."""
        return self.contactor_closed and not (self.interlock is not None and self.interlock.closing)


class State(NamedTuple):
    """The charge point. ``online``: the backend can be reached; ``storage_failed``: nothing can be kept.

    ``offline_since_ms`` is when that was first known not to be. ``faults`` are those of the whole station.
    """

    settings: Settings
    web_payments: WebPayments
    evses: tuple[Evse, ...]
    chain: Chain = Chain()
    online: bool = False
    offline_since_ms: int | None = None
    storage_failed: bool = False
    faults: frozenset[str] = frozenset()
    queue: Queue = Queue()
    stored_settings: tuple[tuple[str, str, str], ...] = ()

    def evse(self, number: int) -> Evse:
        return next(evse for evse in self.evses if evse.evse == number)
