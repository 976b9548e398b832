"""The composition root of ``wattseal meter``: the drivers, behind the few questions that it asks."""

import time
from typing import Literal, NamedTuple

from config.schema import AnyMeterMap, MeterWiring, SerialPort, TcpPort
from drivers.meter.dlt645_line import Dlt645Line, SeveralMetersError
from drivers.meter.errors import (
    MeterError,
    MeterGatewayError,
    MeterJunkError,
    MeterPortError,
    MeterRefusedError,
    MeterSilentError,
    MeterUnwellError,
)
from drivers.meter.gateway import Gateway
from drivers.meter.lines import Lines
from drivers.meter.maps import Block
from drivers.meter.requests import read_request
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings
from firmware.metering_cli.reading import Absent, Reading, Taken
from firmware.metering_cli.search import Setting, Step

Port = SerialPort | TcpPort

_PORT = "port"
_ONE_REGISTER = Block(0, 1)


class Heard(NamedTuple):
    """What a question brought: the ``addresses`` of DL/T 645 meters, or what was wrong with the junk."""

    what: Literal["meter", "junk", "nothing"]
    why: str = ""
    addresses: tuple[str, ...] = ()


class PortLostError(Exception):
    """The port or the gateway itself cannot be used; ``absent`` says why and what to do."""

    def __init__(self, absent: Absent) -> None:
        super().__init__(absent.why)
        self.absent = absent


class Ears:
    """Asks whether anybody is there, on one port, which it alone has until `close`."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._modbus: SerialLine | Gateway | None = None
        self._dlt645: Dlt645Line | None = None

    async def modbus(self, step: Step) -> Heard:
        """Ask a unit for one register; whatever it answers, it is there. Raises PortLostError."""
        assert step.unit is not None
        wire = await self._modbus_wire(step, step.unit)
        try:
            await wire.open()
            await wire.ask(read_request(step.unit, step.function, _ONE_REGISTER))
        except (MeterRefusedError, MeterUnwellError):
            return Heard("meter")
        except MeterSilentError:
            return Heard("nothing")
        except MeterJunkError as error:
            return Heard("junk", error.why)
        except (MeterPortError, MeterGatewayError) as error:
            raise PortLostError(absent(error)) from error
        return Heard("meter")

    async def dlt645(self, step: Step) -> Heard:
        """Ask whatever DL/T 645 meters there are for their addresses. Raises PortLostError."""
        assert isinstance(self._port, SerialPort)
        assert step.setting is not None
        await self.close()
        self._dlt645 = Dlt645Line(self._port.device, _settings(step), self._port.rs485)
        try:
            await self._dlt645.open()
            return Heard("meter", addresses=(await self._dlt645.only_address(),))
        except SeveralMetersError as error:
            return Heard("meter", addresses=error.addresses)
        except MeterSilentError:
            return Heard("nothing")
        except MeterJunkError as error:
            return Heard("junk", error.why)
        except MeterPortError as error:
            raise PortLostError(absent(error)) from error

    async def close(self) -> None:
        """Let go of the port."""
        for wire in (self._modbus, self._dlt645):
            if wire is not None:
                await wire.close()
        self._modbus = self._dlt645 = None

    async def _modbus_wire(self, step: Step, unit: int) -> SerialLine | Gateway:
        if self._dlt645 is not None:
            await self.close()
        if isinstance(self._port, TcpPort):
            gateway = self._modbus or Gateway(self._port.host, self._port.port)
            assert isinstance(gateway, Gateway)
            gateway.set_unit(unit, step.patience_s)
            self._modbus = gateway
            return gateway
        line = self._modbus or SerialLine(self._port.device, _settings(step), self._port.rs485)
        assert isinstance(line, SerialLine)
        line.set_unit(unit, _settings(step))
        self._modbus = line
        return line


class OneMeter:
    """One meter on a port, which it alone has from the first reading until `close`."""

    def __init__(self, port: Port, wiring: MeterWiring, meter: AnyMeterMap) -> None:
        serial = {wiring.port: port} if isinstance(port, SerialPort) else {}
        tcp = {wiring.port: port} if isinstance(port, TcpPort) else {}
        self._lines = Lines(serial, tcp)
        self._wiring, self._map = wiring, meter

    async def read(self, *, serial: bool) -> Reading:
        """Return a full reading, with the number on the plate if it is asked for; or why there is none."""
        began_s = time.monotonic()
        try:
            driver = self._lines.meter(self._wiring, self._map)
            sample = await driver.sample(full=True)
        except MeterError as error:
            return absent(error)
        took_ms = round((time.monotonic() - began_s) * 1000)
        if not serial:
            return Taken(sample, "", took_ms)
        try:
            return Taken(sample, await driver.identify(), took_ms)
        except MeterError as error:
            return Taken(sample, absent(error), took_ms)

    async def register(self) -> int | Absent:
        """Return the import register alone, in dWh."""
        try:
            return (await self._lines.meter(self._wiring, self._map).sample(full=False)).import_dwh
        except MeterError as error:
            return absent(error)

    async def close(self) -> None:
        """Let go of the port."""
        await self._lines.close()


def wired_alone(unit: int, address: str, setting: Setting | None = None) -> MeterWiring:
    """Return how a meter is wired that is alone on a port."""
    wiring = MeterWiring(map="-", port=_PORT, unit=unit, address=address)
    if setting is None:
        return wiring
    return MeterWiring(
        map="-",
        port=_PORT,
        unit=unit,
        address=address,
        baudrate=setting.baudrate,
        parity=setting.parity,
        stopbits=setting.stopbits,
    )


def absent(error: MeterError) -> Absent:
    """Return a driver's error as the absence that it is."""
    return Absent(error.why, error.who_acts, isinstance(error, MeterPortError | MeterGatewayError))


def _settings(step: Step) -> LineSettings:
    assert step.setting is not None
    return LineSettings(*step.setting, answer_within_s=step.patience_s)
