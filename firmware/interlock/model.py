"""What the interlock's core is about: the facts it hears, its state, and what it commands. Plain values."""

from dataclasses import dataclass, field
from typing import Literal

from firmware.interlock.pilot import PilotState

DUTY_GAP_MS = 5_000
"""Between two changes of the offered current (IEC 61851-1, A.5.4)."""
Permission = Literal["none", "standing", "void"]

STEADY_E4 = 10_000
"""Steady +12 V: no energy on offer."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """All inputs of one EVSE, read together. Times are the kernel's monotonic milliseconds."""

    at_ms: int
    high_mv: int
    low_mv: int
    mirror_open: bool
    locked: bool
    emergency_stop: bool


@dataclass(frozen=True, slots=True)
class Granted:
    """The agent permits up to ``limit_ma`` for ``for_ms``."""

    at_ms: int
    seq: int
    limit_ma: int
    for_ms: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The agent takes its permission back."""

    at_ms: int
    seq: int


@dataclass(frozen=True, slots=True)
class LockOrdered:
    """The agent wants the connector locked or released."""

    at_ms: int
    seq: int
    locked: bool


@dataclass(frozen=True, slots=True)
class ClearOrdered:
    """An engineer says that the causes of latched faults are gone."""

    at_ms: int
    seq: int


@dataclass(frozen=True, slots=True)
class AgentConnected:
    """A new connection counts its sequence numbers from the start."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class BoardFailed:
    """Inputs are void and outputs at their safe values until the next `Sampled`."""

    at_ms: int


Event = Sampled | Granted | Withdrawn | LockOrdered | ClearOrdered | AgentConnected | BoardFailed


@dataclass(frozen=True, slots=True)
class Commands:
    """What the outputs are to be. ``lock`` is the motor's direction: 1 locks, -1 releases, 0 stands."""

    closed: bool = False
    duty_e4: int = STEADY_E4
    lock: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """Up to ``limit_ma`` before ``until_ms``."""

    limit_ma: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """One EVSE. ``*_ms`` are when something began; ``lock_order`` is the agent's wish, None before one.

    ``permission`` is what the agent believes: ``standing`` from its first grant to its withdrawal; ``void``
    when a fault came in between, so that what it grants now may have been granted without knowing.
    ``lock_until_ms`` ends the motor's present try, or its rest after one.
    """

    max_current_ma: int
    now_ms: int = 0
    seen: Sampled | None = None
    pilot: PilotState = field(default_factory=PilotState)
    commands: Commands = field(default_factory=Commands)
    lease: Lease | None = None
    permission: Permission = "none"
    seq: int = 0
    lock_order: bool | None = None
    lock_tries: int = 0
    lock_until_ms: int = 0
    duty_changed_ms: int = -DUTY_GAP_MS
    switched_ms: int = 0
    withdrawn_ms: int = 0
    diode_bad_ms: int | None = None
    faults: frozenset[str] = frozenset()
    opened_at_ms: int = 0
    closed_at_ms: int = 0

    @property
    def closed(self) -> bool:
        """Whether energy may be on: by command, or by what the mirror contact says."""
        return self.commands.closed or (self.seen is not None and not self.seen.mirror_open)

    @property
    def leased_ma(self) -> int:
        """The current that the lease allows now, 0 without one."""
        return self.lease.limit_ma if self.lease is not None and self.now_ms < self.lease.until_ms else 0
