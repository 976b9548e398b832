"""The lease protocol between agent and interlock: small typed messages, free of Python.

A frame is ``u16 length | u8 version | u8 type | body``, big-endian; ``length`` counts what follows it. The
same frames can go over a UART to a safety microcontroller. docs/LEASE.md is the protocol's reference.
"""

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

VERSION = 2
MAX_LENGTH = 96
UNKNOWN = 0xFFFF_FFFF
"""In a u32 field: not known, or not there."""
UNKNOWN_MC = -(2**31)

Lock = Literal["locked", "released", "moving"]

FAULTS = (
    "EmergencyStop",
    "ContactorWelded",
    "ContactorFailedToClose",
    "ConnectorLockFailure",
    "PilotFault",
    "DiodeFault",
    "ResidualCurrent",
    "BoardLost",
    "OverTemperature",
    "ContactorFailedToOpen",
    "ResidualCurrentSelfTestFailed",
    "DoorOpen",
    "OverVoltage",
    "UnderVoltage",
    "PhaseLoss",
    "OverCurrent",
    "ProximityFault",
    "TemperatureSensorFault",
    "PowerFailing",
)
"""Fault names in the order of their bits in `Status.faults`; names are the fault catalogue's."""

NOTES = ("TemperatureDerating", "CableLimit", "VentilationMissing", "SelfTesting", "WakingVehicle")
"""What the interlock does at the moment that is no fault, in the order of the bits in `Status.notes`."""

OPEN, CLOSED, CLOSING = 0, 1, 2
"""`Status.contactor`."""

ENGINEER, BACKEND = 1, 2
"""Who clears faults (`ClearFaults.by`)."""


class MalformedFrameError(ValueError):
    """Bytes that are no frame of this protocol; the connection is of no further use."""


class Grant(NamedTuple):
    """Agent → interlock: up to ``limit_ma`` on ``evse`` for the next ``for_ms``; a newer ``seq`` replaces."""

    evse: int
    seq: int
    limit_ma: int
    for_ms: int


class Withdraw(NamedTuple):
    """Agent → interlock: take the pilot back, let the vehicle ramp down, then open."""

    evse: int
    seq: int


class SetLock(NamedTuple):
    """Agent → interlock: lock (1) or release (0) the connector; release waits for the open contactor."""

    evse: int
    seq: int
    locked: int


class ClearFaults(NamedTuple):
    """Agent → interlock: ``by`` (`ENGINEER` or `BACKEND`) says that the causes of latched faults are gone."""

    evse: int
    seq: int
    by: int


class Measured(NamedTuple):
    """Agent → interlock: what the energy meter measures, phase by phase; `UNKNOWN` where it does not."""

    evse: int
    seq: int
    l1_mv: int
    l2_mv: int
    l3_mv: int
    l1_ma: int
    l2_ma: int
    l3_ma: int


class Recall(NamedTuple):
    """Agent → interlock: latched faults that stood before this interlock was started."""

    evse: int
    seq: int
    faults: int


class Status(NamedTuple):
    """Interlock → agent: the whole state of one EVSE, on each change and at least once a second.

    ``heard_seq`` is the last of the agent's messages that this status already knows of. ``pilot`` is the
    ASCII code of A to F. ``contactor`` 0 open, 1 closed, 2 closing (`CLOSING`: the coil is on, the contacts
    have not followed). ``lock`` 0 released, 1 locked, 2 moving. ``limit_ma`` is what the lease allows,
    ``offered_ma`` what the pilot offers after cable and temperature; ``cable_ma`` the cable's rating or
    `UNKNOWN`, ``temperature_mc`` or `UNKNOWN_MC`. ``closings`` counts since the process began.
    ``opened_at_ms`` and ``closed_at_ms`` are kernel monotonic times of the last change, 0 before the first.
    ``faults`` is a bit set over `FAULTS`, ``notes`` one over `NOTES`.
    """

    evse: int
    seq: int
    heard_seq: int
    pilot: int
    contactor: int
    lock: int
    limit_ma: int
    offered_ma: int
    lease_left_ms: int
    cable_ma: int
    temperature_mc: int
    closings: int
    opened_at_ms: int
    closed_at_ms: int
    faults: int
    notes: int


Message = Grant | Withdraw | SetLock | ClearFaults | Measured | Recall | Status
TYPES: dict[type[Message], int] = {
    Grant: 1,
    Withdraw: 2,
    SetLock: 3,
    ClearFaults: 4,
    Measured: 5,
    Recall: 6,
    Status: 16,
}
"""The number of each message in its frame."""
LAYOUTS: dict[type[Message], struct.Struct] = {
    Grant: struct.Struct("!BIII"),
    Withdraw: struct.Struct("!BI"),
    SetLock: struct.Struct("!BIB"),
    ClearFaults: struct.Struct("!BIB"),
    Measured: struct.Struct("!BIIIIIII"),
    Recall: struct.Struct("!BII"),
    Status: struct.Struct("!BIIBBBIIIIiIQQII"),
}
"""The fields of each body, in the order of the message's own."""
_BY_TYPE = {number: kind for kind, number in TYPES.items()}


def encode(message: Message) -> bytes:
    """Return the frame of a message."""
    kind = type(message)
    body = LAYOUTS[kind].pack(*message)
    return struct.pack("!HBB", len(body) + 2, VERSION, TYPES[kind]) + body


class Decoder:
    """Takes bytes as they come and gives the messages that are complete."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages completed by ``data``; unknown types are passed over.

        Raises MalformedFrameError on a wrong version, an impossible length or a body of the wrong size.
        """
        self._pending += data
        while len(self._pending) >= 2:
            (length,) = struct.unpack_from("!H", self._pending)
            if not 2 <= length <= MAX_LENGTH:
                raise MalformedFrameError(f"frame length {length} is outside 2 to {MAX_LENGTH}")
            if len(self._pending) < 2 + length:
                return
            frame, self._pending = self._pending[2 : 2 + length], self._pending[2 + length :]
            message = _decode(frame)
            if message is not None:
                yield message


def _decode(frame: bytes) -> Message | None:
    version, kind = frame[0], frame[1]
    if version != VERSION:
        raise MalformedFrameError(f"protocol version {version}, this side speaks {VERSION}")
    cls = _BY_TYPE.get(kind)
    if cls is None:
        return None
    layout = LAYOUTS[cls]
    if len(frame) - 2 != layout.size:
        raise MalformedFrameError(f"{cls.__name__} of {len(frame) - 2} bytes, expected {layout.size}")
    return cls(*layout.unpack(frame[2:]))


def fault_bits(names: frozenset[str]) -> int:
    """Return the bit set of fault names. Raises ValueError for a name that is not in `FAULTS`."""
    return _bits(names, FAULTS)


def fault_names(bits: int) -> frozenset[str]:
    """Return the fault names of a bit set; bits of a newer interlock are passed over."""
    return _names(bits, FAULTS)


def note_bits(names: frozenset[str]) -> int:
    """Return the bit set of notes. Raises ValueError for a name that is not in `NOTES`."""
    return _bits(names, NOTES)


def note_names(bits: int) -> frozenset[str]:
    """Return the notes of a bit set; bits of a newer interlock are passed over."""
    return _names(bits, NOTES)


def _bits(names: frozenset[str], order: tuple[str, ...]) -> int:
    return sum(1 << order.index(name) for name in names)


def _names(bits: int, order: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for index, name in enumerate(order) if bits & 1 << index)
