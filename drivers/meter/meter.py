"""One meter: what the runtime polls."""

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.decode import serial_text
from drivers.meter.maps import Sample, plan_reads


class Meter:
    """Unit ``unit`` on a bus, read by its register map."""

    def __init__(self, bus: MeterBus, unit: int, meter_map: MeterMap) -> None:
        self.plan = plan_reads(meter_map)
        self._bus = bus
        self._unit = unit

    async def sample(self, full: bool) -> Sample:
        """Read everything, or only the import register; its request is the first, and leaves after this call.

        Raises MeterError with ``why``; it has no memory: every sample is the meter's own answer.
        """
        blocks = self.plan.full if full else self.plan.register
        return self.plan.sample(await self._bus.read(self._unit, self.plan, blocks), full=full)

    async def identify(self) -> str:
        """Return the number on the meter's plate as the meter itself tells it, "" where its map has none.

        Raises MeterError as `sample` does.
        """
        identity = self.plan.identity
        if identity is None:
            return ""
        registers = await self._bus.read(self._unit, identity, identity.blocks)
        return serial_text(registers, identity.number)
