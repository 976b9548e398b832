"""What a board's meters are wired to, each port with its one owner: serial lines and gateways."""

from collections.abc import Mapping
from types import MappingProxyType

from config.schema import AnyMeterMap, Dlt645Map, MeterWiring, SerialPort, TcpPort
from drivers.meter.bus import MeterBus
from drivers.meter.dlt645 import Dlt645Meter
from drivers.meter.dlt645_bus import Dlt645Bus
from drivers.meter.dlt645_line import PLAIN as DLT645
from drivers.meter.dlt645_line import Dlt645Line
from drivers.meter.gateway import Gateway
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings

MODBUS = LineSettings()
_NO_GATEWAYS: Mapping[str, TcpPort] = MappingProxyType({})


class Lines:
    """A board's ports for meters. All meters of one port share its owner, so they speak one protocol."""

    def __init__(self, serial: Mapping[str, SerialPort], tcp: Mapping[str, TcpPort] = _NO_GATEWAYS) -> None:
        self._serial, self._tcp = serial, tcp
        self._lines: dict[str, SerialLine] = {}
        self._gateways: dict[str, Gateway] = {}
        self._modbus: dict[str, MeterBus] = {}
        self._dlt645_lines: dict[str, Dlt645Line] = {}
        self._dlt645: dict[str, Dlt645Bus] = {}

    def meter(self, wiring: MeterWiring, meter_map: AnyMeterMap) -> Meter | Dlt645Meter:
        """Return the driver of a wired meter."""
        if isinstance(meter_map, Dlt645Map):
            return Dlt645Meter(self._dlt645_bus(wiring), wiring.address, meter_map)
        return Meter(self.bus(wiring), wiring.unit, meter_map)

    def bus(self, wiring: MeterWiring) -> MeterBus:
        """Return the owner of a Modbus meter's port, which now knows how this unit is set."""
        if wiring.port in self._tcp:
            return self._gateway(wiring, self._tcp[wiring.port])
        return self._line(wiring, self._serial[wiring.port])

    async def close(self) -> None:
        """Wait for the reads under way and close the ports."""
        for modbus in self._modbus.values():
            await modbus.close()
        for dlt645 in self._dlt645.values():
            await dlt645.close()

    def _gateway(self, wiring: MeterWiring, port: TcpPort) -> MeterBus:
        gateway = self._gateways.setdefault(wiring.port, Gateway(port.host, port.port))
        if wiring.answer_within_ms is not None:
            gateway.set_unit(wiring.unit, wiring.answer_within_ms / 1000)
        return self._modbus.setdefault(wiring.port, MeterBus(gateway))

    def _line(self, wiring: MeterWiring, port: SerialPort) -> MeterBus:
        settings = LineSettings(port.baudrate, port.parity, port.stopbits)
        line = self._lines.setdefault(wiring.port, SerialLine(port.device, settings, port.rs485))
        line.set_unit(wiring.unit, _settings_of(wiring, port))
        return self._modbus.setdefault(wiring.port, MeterBus(line))

    def _dlt645_bus(self, wiring: MeterWiring) -> Dlt645Bus:
        port = self._serial[wiring.port]
        settings = _settings_of(wiring, port, DLT645)
        line = self._dlt645_lines.setdefault(wiring.port, Dlt645Line(port.device, settings, port.rs485))
        line.set_meter(wiring.address, settings)
        return self._dlt645.setdefault(wiring.port, Dlt645Bus(line))


def _settings_of(wiring: MeterWiring, port: SerialPort, plain: LineSettings = MODBUS) -> LineSettings:
    """Return how a meter's line is set: its own settings before those of its port."""
    ms = wiring.answer_within_ms
    return LineSettings(
        wiring.baudrate or port.baudrate,
        wiring.parity or port.parity,
        wiring.stopbits or port.stopbits,
        plain.answer_within_s if ms is None else ms / 1000,
    )
