"""One reading of a meter, or why there is none. An absence is a value of its own here, never a zero."""

from typing import NamedTuple, Protocol


class Sample(Protocol):
    """What a meter driver returns; what was not asked for is None."""

    @property
    def import_dwh(self) -> int: ...
    @property
    def resolution_dwh(self) -> int: ...
    @property
    def power_w(self) -> int | None: ...
    @property
    def voltage_mv(self) -> tuple[int, ...] | None: ...
    @property
    def current_ma(self) -> tuple[int, ...] | None: ...


class Absent(NamedTuple):
    """No reading: ``why``, and ``next``: who must do what. ``port``: it is the port, not the meter."""

    why: str
    next: str
    port: bool = False


class Taken(NamedTuple):
    """A reading. ``serial``: the number that the meter tells, "" when it tells none, or why that is unknown.

    ``took_ms`` is how long it took on the wire; None when a running agent had read it, ``age_ms`` ago.
    """

    sample: Sample
    serial: str | Absent = ""
    took_ms: int | None = None
    age_ms: int = 0


Reading = Taken | Absent
