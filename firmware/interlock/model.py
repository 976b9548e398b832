"""What the interlock's core is about: what is installed, the facts it hears, its state, what it commands."""

from enum import Enum
from typing import Literal, NamedTuple

from firmware.interlock.pilot import PilotState

STEADY_E4 = 10_000
"""Steady +12 V: no energy on offer."""
WAKE_E4 = 0
"""Steady -12 V, state F: a short one wakes a sleeping vehicle."""


class Derating(NamedTuple):
    """Above ``from_mc`` the offer falls in a straight line to 6 A at ``stop_mc``; there charging stops, and
    goes on below ``resume_mc``. Thousandths of a degree Celsius.
    """

    from_mc: int = 60_000
    stop_mc: int = 80_000
    resume_mc: int = 70_000


class Rules(NamedTuple):
    """What is installed at one EVSE; it never changes while the process lives.

    ``lock`` "none" is a tethered cable without one. ``lock_holds`` "holster": the lock keeps a tethered
    connector in its holster until a driver may take it. ``release_on``: what frees a locked plug besides the
    agent's word (never under voltage). ``reclose_ms`` is how long a contactor rests before it closes again.
    ``economiser``: the coil is held with less current after it has pulled in. ``voltage_mv`` is the band of
    each phase's voltage in which charging is allowed.
    """

    max_current_ma: int
    phases: Literal[1, 3] = 3
    lock: Literal["motor", "solenoid", "none"] = "motor"
    lock_holds: Literal["plug", "holster"] = "plug"
    release_on: frozenset[Literal["EmergencyStop", "PowerFailing"]] = frozenset()
    proximity: Literal["none", "iec", "gbt"] = "none"
    residual_current: bool = False
    ventilation: bool = False
    economiser: bool = False
    reclose_ms: int = 1_000
    derating: Derating | None = None
    voltage_mv: tuple[int, int] = (184_000, 264_500)


# facts


class Sampled(NamedTuple):
    """All inputs of one EVSE, read together. Times are the kernel's monotonic milliseconds.

    What an installation does not have stays at its default. ``temperature_mc`` None: not installed, or the
    sensor does not answer (`Rules.derating` tells which). ``proximity_ohm`` None: not installed.
    """

    at_ms: int
    high_mv: int
    low_mv: int
    mirror_open: bool
    locked: bool
    emergency_stop: bool
    residual_current: bool = False
    door_open: bool = False
    power_failing: bool = False
    temperature_mc: int | None = None
    proximity_ohm: int | None = None


class Granted(NamedTuple):
    """The agent permits up to ``limit_ma`` for ``for_ms``."""

    at_ms: int
    seq: int
    limit_ma: int
    for_ms: int


class Withdrawn(NamedTuple):
    """The agent takes its permission back."""

    at_ms: int
    seq: int


class LockOrdered(NamedTuple):
    """The agent wants the connector locked or released."""

    at_ms: int
    seq: int
    locked: bool


class ClearOrdered(NamedTuple):
    """An engineer or the backend says that the causes of latched faults are gone."""

    at_ms: int
    seq: int
    by: Literal["engineer", "backend"]


class MeterMeasured(NamedTuple):
    """What the agent's meter measures, phase by phase; None where it does not."""

    at_ms: int
    seq: int
    voltage_mv: tuple[int | None, int | None, int | None]
    current_ma: tuple[int | None, int | None, int | None]


class Recalled(NamedTuple):
    """Faults that stood before this process was started."""

    at_ms: int
    seq: int
    faults: frozenset[str]


class AgentConnected(NamedTuple):
    """A new connection counts its sequence numbers from the start."""

    at_ms: int


class BoardFailed(NamedTuple):
    """Inputs are void and outputs at their safe values until the next `Sampled`."""

    at_ms: int


Told = Granted | Withdrawn | LockOrdered | ClearOrdered | MeterMeasured | Recalled
"""What the agent says; each carries its number."""
Event = Sampled | BoardFailed | AgentConnected | Told


# commands


class Commands(NamedTuple):
    """What the outputs are to be. ``lock`` is the drive's direction: 1 locks, -1 releases, 0 stands.

    ``economised``: the closed contactor's coil is held with reduced current.
    """

    closed: bool = False
    economised: bool = False
    duty_e4: int = STEADY_E4
    lock: int = 0
    residual_test: bool = False
    ventilate: bool = False


# state


class Stage(Enum):
    """Where one EVSE stands between no vehicle and energy; `sequence.TABLE` moves between them."""

    EMPTY = "A1: no vehicle"
    CONNECTED = "B1, C1: vehicle there, nothing on offer"
    TESTING = "B1, C1: residual current device under test"
    OFFERED = "B2, C2: current on offer, contactor open"
    CLOSED = "C2, D2: contactor closed"
    RAMPING = "C1, D1: offer taken back under load"
    WAKING = "F: a sleeping vehicle is woken"


Permission = Literal["none", "standing", "void"]


class Timers(NamedTuple):
    """When each time limit passes, in monotonic milliseconds; one that is not above now has passed.

    Some are set when something begins (`lease`, `ramp`). The others run while something is wrong (`diode`,
    `mirror`) and are 0 when it is not: so long it may be. `times` has the lengths.
    """

    lease: int = 0
    pilot: int = 0
    diode: int = 0
    mirror: int = 0
    armature: int = 0
    settle: int = 0
    reclose: int = 0
    economise: int = 0
    ramp: int = 0
    duty_gap: int = 0
    lock: int = 0
    residual: int = 0
    proximity: int = 0
    temperature: int = 0
    measured: int = 0
    voltage: int = 0
    over_current: int = 0
    wake: int = 0


class State(NamedTuple):
    """One EVSE.

    ``lock_order`` is the agent's wish, None before one. ``permission`` is what the agent believes:
    ``standing`` from its first grant to its withdrawal; ``void`` when a fault came in between, so that what
    it grants now may have been granted without knowing. ``limit_ma`` is the lease's, ``offered_ma`` what the
    duty says. ``residual_seen``: the device has tripped in the present test; ``residual_tested``: it has
    passed it for this charge. ``live``: the meter measures current though the coil has long been off.
    """

    rules: Rules
    now_ms: int = 0
    seen: Sampled | None = None
    pilot: PilotState = PilotState()
    stage: Stage = Stage.EMPTY
    commands: Commands = Commands()
    timers: Timers = Timers()
    limit_ma: int = 0
    offered_ma: int = 0
    permission: Permission = "none"
    seq: int = 0
    lock_order: bool | None = None
    lock_tries: int = 0
    residual_seen: bool = False
    residual_tested: bool = False
    wakes: int = 0
    measured: MeterMeasured | None = None
    live: bool = False
    derated_ma: int | None = None
    faults: frozenset[str] = frozenset()
    closings: int = 0
    opened_at_ms: int = 0
    closed_at_ms: int = 0

    @property
    def closed(self) -> bool:
        """Whether energy may be on: by command, by the mirror contact, or by what the meter measures."""
        return self.commands.closed or self.live or (self.seen is not None and not self.seen.mirror_open)

    @property
    def closing(self) -> bool:
        """Whether the coil is on and its mirror contact says that the contacts have not followed."""
        return self.commands.closed and self.seen is not None and self.seen.mirror_open

    @property
    def leased_ma(self) -> int:
        """The current that the lease allows now, 0 without one."""
        return self.limit_ma if self.now_ms < self.timers.lease else 0

    def passed(self, timer: str) -> bool:
        """Return whether a time limit has passed."""
        due_ms: int = getattr(self.timers, timer)
        return due_ms <= self.now_ms

    def set_timers(self, **lengths_ms: int) -> "State":
        """Let time limits pass so many milliseconds from now."""
        due = {name: self.now_ms + length_ms for name, length_ms in lengths_ms.items()}
        return self._replace(timers=self.timers._replace(**due))
