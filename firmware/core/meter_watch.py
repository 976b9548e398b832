"""What makes one EVSE's meter doubtful, frozen; `readings` keeps it, `fault_watch` makes faults of it."""

from typing import Literal, NamedTuple

from firmware.core.events import MeterReading
from firmware.core.plausibility import Still

Flag = Literal[
    "gap", "rejected", "last-believed", "coarse-register", "silent", "implausible", "frozen", "exchanged",
    "rolled-over", "energy-while-open", "by-engineer", "meter-seal-missing",
]  # fmt: skip
"""What an auditor should know of a record (docs/OCMF.md, UF)."""

FORGET_MS = 600_000
"""One wild reading in ten minutes is passed over: a checksum of 16 bits lets one in 65,536 through."""

TRUST_MS = 60_000
"""So long readings must be plausible, or at least follow each other, before they are believed again."""


class Doubt(NamedTuple):
    """Readings that could not follow the believed one: ``why``, how many times, the last at ``last_ms``.

    ``candidate`` is the last of them; since ``since_ms`` they have followed each other.
    """

    why: str
    times: int
    last_ms: int
    candidate: MeterReading
    since_ms: int

    @property
    def distrusted(self) -> bool:
        """Whether it is more than one wild reading."""
        return self.times > 1

    @property
    def settled(self) -> bool:
        """Whether the readings have followed each other for long: another register, not noise."""
        return self.distrusted and self.last_ms - self.since_ms >= TRUST_MS


class MeterWatch(NamedTuple):
    """``told`` is the number that the meter told last. ``renewed``: why its register must be another.

    ``open_from`` is a reading since which the contactor has been open. ``flags`` are for the next record.
    """

    told: str = ""
    doubt: Doubt | None = None
    renewed: str = ""
    rolled_over: bool = False
    still: Still | None = None
    open_from: MeterReading | None = None
    flags: frozenset[Flag] = frozenset()

    def flagged(self, flag: Flag) -> "MeterWatch":
        return self if flag in self.flags else self._replace(flags=self.flags | {flag})


def doubted(doubt: Doubt | None, reading: MeterReading, why: str, *, follows: bool) -> Doubt:
    """Return the doubt after one more reading that is not believed; ``follows``: the candidate before it."""
    now_ms = reading.at.mono_ms
    if doubt is None or now_ms - doubt.last_ms > FORGET_MS:
        return Doubt(why, 1, now_ms, reading, now_ms)
    return Doubt(why, doubt.times + 1, now_ms, reading, doubt.since_ms if follows else now_ms)


def appeased(doubt: Doubt | None, now_ms: int) -> Doubt | None:
    """Return what is left of a doubt after a plausible reading."""
    if doubt is None:
        return None
    good_ms = now_ms - doubt.last_ms
    return None if good_ms >= (TRUST_MS if doubt.distrusted else FORGET_MS) else doubt
