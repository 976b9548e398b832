"""What the core wants done, in the imperative.

The shell carries effects out in the order of their ``rank``: 1 make safe, 2 append to the ledger (durable),
3 act and show, 4 wake the uplink. If an append fails, what comes after it does not happen.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from firmware.core.customer_view import CustomerView
from firmware.core.entries import Entry

ConnectorStatus = Literal["Available", "Occupied", "Reserved", "Unavailable", "Faulted"]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take the permission back: the interlock ramps down and opens."""

    rank: ClassVar[int] = 1
    evse: int
    because: str


@dataclass(frozen=True, slots=True)
class Append:
    rank: ClassVar[int] = 2
    entry: Entry


@dataclass(frozen=True, slots=True)
class Permit:
    """Let the interlock close for up to ``limit_ma``; the shell renews the lease while this stands."""

    rank: ClassVar[int] = 3
    evse: int
    limit_ma: int


@dataclass(frozen=True, slots=True)
class ReleaseLock:
    rank: ClassVar[int] = 3
    evse: int


@dataclass(frozen=True, slots=True)
class SecureLock:
    rank: ClassVar[int] = 3
    evse: int


@dataclass(frozen=True, slots=True)
class ClearInterlockFaults:
    """Ask the interlock to forget latched faults; what it says next tells which of them it has forgotten."""

    rank: ClassVar[int] = 3
    evse: int
    by: Literal["engineer", "backend"]


@dataclass(frozen=True, slots=True)
class PaceMeter:
    """Read everything each second ("full"), or only the register, as fast as the wire allows ("register")."""

    rank: ClassVar[int] = 3
    evse: int
    pace: Literal["full", "register"]


@dataclass(frozen=True, slots=True)
class BeginMeterRecord:
    """Have a signing meter begin its own record; answered with `events.MeterRecordOpened` or a failure."""

    rank: ClassVar[int] = 3
    evse: int
    transaction_id: str


@dataclass(frozen=True, slots=True)
class EndMeterRecord:
    """Have a signing meter end its record; answered with `events.MeterSealed` or a failure."""

    rank: ClassVar[int] = 3
    evse: int
    transaction_id: str


@dataclass(frozen=True, slots=True)
class Show:
    rank: ClassVar[int] = 3
    view: CustomerView


@dataclass(frozen=True, slots=True)
class AnswerStart:
    """Answer a start: Accepted with its transaction, or Rejected with an OCPP reason code and why."""

    rank: ClassVar[int] = 3
    call: str
    accepted: bool
    transaction_id: str = ""
    reason_code: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer any other call with its OCPP status word (``Accepted``, ``Rejected``, ``NoTariff`` …)."""

    rank: ClassVar[int] = 3
    call: str
    status: str
    reason_code: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """Tell the backend the connector's status; not durable, the newest counts."""

    rank: ClassVar[int] = 4
    evse: int
    status: ConnectorStatus


@dataclass(frozen=True, slots=True)
class WakeUplink:
    rank: ClassVar[int] = 4


Effect = (
    Withdraw | Append | Permit | ReleaseLock | SecureLock | ClearInterlockFaults | PaceMeter
    | BeginMeterRecord | EndMeterRecord | Show
    | AnswerStart | AnswerCall | ReportStatus | WakeUplink
)  # fmt: skip
