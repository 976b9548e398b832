"""What a bench is asked for."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sim.board.meter_map import DEFAULT


@dataclass(frozen=True)
class ExternalCsms:
    """A backend that is not ours: ``name`` is the station's identity there, ``ocpp`` 2.1, 2.0.1 or 1.6."""

    url: str
    name: str
    password: str = ""
    ocpp: str = "2.1"


@dataclass(frozen=True)
class BenchOptions:
    """What a bench is made of.

    ``starts_at`` is the billing clock's first moment (now, if None); ``watts`` what the vehicle draws, or
    ``load`` a recorded load (CSV) that is replayed; ``site`` is laid over the generated site file.
    ``meter`` names the map of the meters (config/meters/); with one for a single phase, EVSEs have one too.
    ``evses`` are alike, each with a vehicle; all of them may draw ``supply_a`` A per phase, if it is set.
    """

    work_dir: Path
    speed: int = 60
    starts_at: datetime | None = None
    watts: int = 7200
    load: Path | None = None
    language: str | None = None
    csms: ExternalCsms | None = None
    tariff: Path | None = None
    evses: int = 1
    supply_a: int | None = None
    meter: str = DEFAULT
    site: dict[str, Any] = field(default_factory=dict)
