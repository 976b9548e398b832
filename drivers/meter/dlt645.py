"""One DL/T 645-2007 meter: what the runtime polls, with the same shape as a Modbus one."""

from config.schema import DataItem, Dlt645Map
from drivers.meter.dlt645_bus import Dlt645Bus
from drivers.meter.dlt645_decode import items_of, number_text, sample_of
from drivers.meter.errors import MeterError, MeterValueError
from drivers.meter.maps import Sample


class Dlt645Meter:
    """The meter with these twelve digits on a line; without an address the only one there, which is asked."""

    def __init__(self, bus: Dlt645Bus, address: str, meter_map: Dlt645Map) -> None:
        self._bus, self._map = bus, meter_map
        self._configured = address
        self._address = address
        number = (meter_map.serial_number,) if meter_map.serial_number else ()
        self._probes = (*items_of(meter_map, full=True), *number)

    async def sample(self, full: bool) -> Sample:
        """Read everything, or only the import register; its request is the first, and leaves after this call.

        Raises MeterError with ``why``; it has no memory: every sample is the meter's own answer.
        """
        items = items_of(self._map, full=full)
        return sample_of(self._map, await self._read(items), full=full)

    async def identify(self) -> str:
        """Return the number on the meter's plate as the meter itself tells it, "" where its map has none.

        Raises MeterError as `sample` does.
        """
        number = self._map.serial_number
        if number is None:
            return ""
        sent = (await self._read((number,)))[number.id]
        if len(sent) != number.bytes:
            raise MeterValueError(f"meter number: {len(sent)} bytes instead of {number.bytes}")
        return number_text(sent)

    async def _read(self, items: tuple[DataItem, ...]) -> dict[int, bytes]:
        if not self._address:
            self._address = await self._bus.only_address()
        try:
            return await self._bus.read(self._address, items, self._probes)
        except MeterError:
            self._address = self._configured  # it may have been exchanged: the next read asks again
            raise
