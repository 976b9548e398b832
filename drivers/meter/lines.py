"""A board's meter lines, each with its one owner: what the meters that are wired to them are read through."""

from collections.abc import Mapping

from config.schema import AnyMeterMap, Dlt645Map, MeterWiring, SerialPort
from drivers.meter.bus import MeterBus
from drivers.meter.dlt645 import Dlt645Meter
from drivers.meter.dlt645_bus import Dlt645Bus
from drivers.meter.meter import Meter


class Lines:
    """The serial lines of a board. All meters of one port share its owner, so they speak one protocol."""

    def __init__(self, ports: Mapping[str, SerialPort]) -> None:
        self._ports = ports
        self._modbus: dict[str, MeterBus] = {}
        self._dlt645: dict[str, Dlt645Bus] = {}

    def meter(self, wiring: MeterWiring, meter_map: AnyMeterMap) -> Meter | Dlt645Meter:
        """Return the driver of a wired meter. Raises MeterMapError for an unreadable map."""
        port = self._ports[wiring.port]
        if isinstance(meter_map, Dlt645Map):
            line = self._dlt645.setdefault(wiring.port, dlt645_bus_of(port))
            return Dlt645Meter(line, wiring.address, meter_map)
        return Meter(self._modbus.setdefault(wiring.port, bus_of(port)), wiring.unit, meter_map)

    async def close(self) -> None:
        """Wait for the reads under way and close the ports."""
        for modbus in self._modbus.values():
            await modbus.close()
        for dlt645 in self._dlt645.values():
            await dlt645.close()


def bus_of(port: SerialPort) -> MeterBus:
    """Return the one owner of a serial port with Modbus meters."""
    return MeterBus(port.device, port.baudrate, port.parity, port.stopbits, rs485=port.rs485)


def dlt645_bus_of(port: SerialPort) -> Dlt645Bus:
    """Return the one owner of a serial port with DL/T 645 meters."""
    return Dlt645Bus(port.device, port.baudrate, port.parity, port.stopbits, rs485=port.rs485)
