"""The signing meter of one charge point: its driver, by the map's word, and what that is told of a charge."""

from collections.abc import Callable
from typing import Literal, Protocol

from drivers.meter.bauer import BauerBsm
from drivers.meter.bus import MeterBus
from drivers.meter.iskra import IskraWm3m4c
from drivers.meter.signing import Begun, MeterSeal, RecordAbout, SigningMeter

_DRIVERS: dict[str, Callable[[MeterBus, int], SigningMeter]] = {"iskra": IskraWm3m4c, "bauer": BauerBsm}


class Moment(Protocol):
    """When the meter is told: UTC, the local offset, and how far that can be trusted."""

    @property
    def utc_ms(self) -> int: ...
    @property
    def offset_min(self) -> int: ...
    @property
    def trust(self) -> Literal["unsynchronised", "informative", "synchronised"]: ...


class RecordKeeper:
    """Begins and ends the records of one charge point's meter; ``signs`` is the map's word for its driver."""

    def __init__(self, signs: str, bus: MeterBus, unit: int, station: str, charge_point: str) -> None:
        self._meter = _DRIVERS[signs](bus, unit)
        self._station, self._charge_point = station, charge_point

    async def begin(self, transaction_id: str, at: Moment) -> Begun:
        """Begin the meter's record of a charge. Raises MeterError."""
        return await self._meter.begin_record(self._about(transaction_id, at))

    async def end(self, transaction_id: str, at: Moment) -> MeterSeal:
        """End the meter's record of a charge. Raises MeterError."""
        return await self._meter.end_record(self._about(transaction_id, at))

    def _about(self, transaction_id: str, at: Moment) -> RecordAbout:
        utc_s = round(at.utc_ms / 1000)
        return RecordAbout(transaction_id, self._station, self._charge_point, utc_s, at.offset_min, at.trust)
