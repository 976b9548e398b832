"""What the csms room's parts hand each other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from firmware.core.entries import Entry
from firmware.core.tariff import Tariff

_MAX_REASON = 20
_MAX_WORDS = 512


class Message(NamedTuple):
    """A call to make: its action and its payload as on the wire."""

    action: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """Who this station says it is in BootNotification."""

    vendor: str
    model: str
    serial: str
    firmware_version: str


class OutboxItem(Protocol):
    """One ledger entry on its way to the backend.

    ``message_id`` stays the same through every resend. ``signed`` holds OCMF texts: its own for
    UsageRecorded, (begin, end) for TransactionEnded, empty where nothing was sealed. ``sealed_by`` is the key
    that sealed them, hex of its DER, "" for the station's newest.
    """

    @property
    def seq(self) -> int: ...
    @property
    def message_id(self) -> str: ...
    @property
    def entry(self) -> Entry: ...
    @property
    def signed(self) -> tuple[str, ...]: ...
    @property
    def sealed_by(self) -> str: ...


class OutboxError(Exception):
    """The outbox cannot be read or written just now; the text says why (a full disk)."""


class Outbox(Protocol):
    """The ledger's side of the uplink: entries in order, each until it is acknowledged or parked.

    All of it may raise OutboxError: then the uplink waits and asks again.
    """

    def next_unacknowledged(self) -> OutboxItem | None:
        """Return the oldest entry that is neither acknowledged nor parked."""

    def acknowledge(self, seq: int) -> None:
        """The backend has it, or has no need of it."""

    def park(self, seq: int, why: str) -> None:
        """The backend refuses it for good: set it aside for a person, and let the others pass."""


class StationState(Protocol):
    """What the backend may ask and only the core knows; read, never changed."""

    def default_tariffs(self) -> Mapping[int, Tariff]:
        """Return the default tariff of each EVSE that has one."""

    def contactor_cycles(self, evse: int) -> int:
        """Return how often an EVSE's contactor has closed in its life."""

    def is_ongoing(self, transaction_id: str) -> bool:
        """Return whether this transaction has begun and not ended."""


class CallError(NamedTuple):
    """A refusal of a call: an OCPP error code and words."""

    code: str
    why: str


Answer = dict[str, Any] | CallError
Reply = Callable[[Answer], None]
"""Answers one call; without effect when its connection is gone."""


def status_answer(status: str, reason_code: str = "", why: str = "") -> dict[str, Any]:
    """Return the common shape of answers: a status, and where there is a reason its code and words."""
    answer: dict[str, Any] = {"status": status}
    return answer | status_info("statusInfo", reason_code, why)


def status_info(name: str, reason_code: str, why: str) -> dict[str, Any]:
    """Return StatusInfoType under ``name``, or nothing when there is no reason to give."""
    if not (reason_code or why):
        return {}
    info = {"reasonCode": reason_code[:_MAX_REASON] or "Unspecified"}
    return {name: info | ({"additionalInfo": why[:_MAX_WORDS]} if why else {})}
