"""The meters of a board, by the name of their map: what they speak, and whether they sign."""

from collections.abc import Callable, Mapping

from sim.board.dlt645 import Dlt645Line
from sim.board.meter import MeterBus
from sim.board.meter_map import Measured, SimMap, read_map
from sim.board.signing_meter import BauerSigner, IskraSigner, Signer

_SIGNERS: dict[str, type[IskraSigner] | type[BauerSigner]] = {"iskra": IskraSigner, "bauer": BauerSigner}


def meters_on(
    tty: str, name: str, units: Mapping[int, Callable[[], Measured]], now_ms: Callable[[], float]
) -> MeterBus | Dlt645Line:
    """Return meters for the device side of a line. ``now_ms`` is their clock. Raises UnknownMapError."""
    table = read_map(name)
    if table.get("protocol") == "dlt645_2007":
        return Dlt645Line(tty, units)
    kind = SimMap(table)
    signers: dict[int, Signer] = {}
    if signs := table.get("signs"):
        for unit, measure in units.items():
            signers[unit] = _SIGNERS[signs](_import_wh(measure), now_ms, kind.serial_of(unit))
    return MeterBus(tty, units, kind, signers)


def _import_wh(measure: Callable[[], Measured]) -> Callable[[], float]:
    return lambda: measure().import_wh
