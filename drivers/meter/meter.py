"""One meter: what the runtime polls."""

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.maps import Sample, plan_reads


class Meter:
    """Unit ``unit`` on a bus, read by its register map. Raises MeterMapError for an unreadable map."""

    def __init__(self, bus: MeterBus, unit: int, meter_map: MeterMap) -> None:
        self.plan = plan_reads(meter_map)
        self._bus = bus
        self._unit = unit

    async def sample(self, full: bool) -> Sample:
        """Read everything, or only the billing register, in one request that leaves after this call.

        Raises MeterError with ``why``; it has no memory: every sample is the meter's own answer.
        """
        read = self._bus.read_full if full else self._bus.read_register
        return await read(self._unit, self.plan)
