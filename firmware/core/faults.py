"""The fault catalogue: what can go wrong, what the charger does, and what a person does about it.

Display, backend, `wattseal faults` and docs/FAULTS.md all read this one table. Its rows are in
`faults_power` (contactor, residual current, supply), `faults_vehicle` (plug, cable, pilot),
`faults_meter` and `faults_station` (the rest).
"""

from collections.abc import Iterable

from firmware.core import faults_meter, faults_power, faults_station, faults_vehicle
from firmware.core.fault import Fault, LeftBy

__all__ = ["CATALOGUE", "Fault", "LeftBy", "cleared_by", "latched", "worst_first"]

_ROWS = (*faults_power.ROWS, *faults_vehicle.ROWS, *faults_meter.ROWS, *faults_station.ROWS)
CATALOGUE = {fault.name: fault for fault in _ROWS}
"""Every fault by name."""


def latched(names: Iterable[str]) -> frozenset[str]:
    """Return those that stay when their cause is gone."""
    return frozenset(name for name in names if name in CATALOGUE and CATALOGUE[name].latching)


def cleared_by(names: Iterable[str], who: LeftBy) -> frozenset[str]:
    """Return those latched ones that ``who`` may clear."""
    return frozenset(name for name in latched(names) if who in CATALOGUE[name].left_by)


def worst_first(names: Iterable[str]) -> list[str]:
    """Return the names in the order of their severity; one that the catalogue lacks comes last."""
    return sorted(names, key=lambda name: (CATALOGUE[name].severity if name in CATALOGUE else 10, name))
