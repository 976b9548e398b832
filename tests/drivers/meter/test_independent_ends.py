"""Modbus ends that were not written here: npm modbus-serial as slave and master, Debian mbpoll as master."""

import asyncio
import json
import re
import shutil
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterRefusedError
from drivers.meter.gateway import Gateway
from drivers.meter.maps import Block
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings
from sim.board.line import PacedLine
from sim.board.meter import MeterBus as SimulatedBus
from sim.board.meter_map import Measured
from tests.support.node import node_command

BAUDRATE = 19_200
MEASURED = Measured((229.5, 230.25, 230.75), (2300.0, 2310.0, 2320.0), 1_234_500.0)


def sdm630_registers(kwh: float) -> dict[int, int]:
    """Input registers 0 to 79 as the manual has them; what is not set here is 0."""
    values = {0x00: 229.5, 0x02: 230.25, 0x04: 230.75, 0x06: 10.5, 0x34: 6930.0, 0x48: kwh}
    words = dict.fromkeys(range(80), 0)
    for at, value in values.items():
        words[at], words[at + 1] = struct.unpack(">HH", struct.pack(">f", value))
    return words


@asynccontextmanager
async def slave(*arguments: str) -> AsyncIterator[int]:
    """Run the slave with meters of units 1 and 2; give its TCP port."""
    process = await asyncio.create_subprocess_exec(
        *node_command("modbus_slave.mjs", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    tables = {
        "input": {1: sdm630_registers(1234.5), 2: sdm630_registers(77.25)},
        "holding": {1: dict.fromkeys(range(16), 0)},
    }
    process.stdin.write(json.dumps(tables).encode() + b"\n")
    try:
        async with asyncio.timeout(20):
            ready = (await process.stdout.readline()).split()
        assert ready[:1] == [b"ready"]
        yield int(ready[1])
    finally:
        process.stdin.close()
        async with asyncio.timeout(10):
            await process.wait()


async def converse(bus: MeterBus, sdm630: MeterMap) -> None:
    """Read two meters, be refused, write and read back."""
    for unit, import_dwh in ((1, 12_345_000), (2, 772_500), (1, 12_345_000)):
        sample = await Meter(bus, unit, sdm630).sample(full=True)
        assert (sample.import_dwh, sample.power_w) == (import_dwh, 6930)
        assert sample.voltage_mv == (229_500, 230_250, 230_750)
    plan = Meter(bus, 1, sdm630).plan
    with pytest.raises(MeterRefusedError, match="unit 1 refused with Modbus exception 2"):
        await bus.read(1, plan, (Block(500, 2),))
    await bus.write(1, 3, (0x1234,), function=6)
    await bus.write(1, 4, (0xAFFE, 7), function=16)
    assert await bus.read(1, _Holding(), (Block(3, 3),)) == {3: 0x1234, 4: 0xAFFE, 5: 7}


class _Holding:
    function = 3
    probes = (Block(0, 1), Block(0, 2))


def test_our_client_and_modbus_serials_slave_agree_over_tcp(sdm630: MeterMap) -> None:
    async def run() -> None:
        async with slave("tcp") as port:
            bus = MeterBus(Gateway("127.0.0.1", port))
            await converse(bus, sdm630)
            await bus.close()

    asyncio.run(run())


def test_our_client_and_modbus_serials_slave_agree_on_a_line(sdm630: MeterMap) -> None:
    async def run() -> None:
        line = PacedLine(BAUDRATE)
        line.start()
        async with slave("rtu", line.device_tty, str(BAUDRATE)):
            bus = MeterBus(SerialLine(line.station_tty, LineSettings(BAUDRATE)))
            await converse(bus, sdm630)
            await bus.close()
        line.close()

    asyncio.run(run())


@asynccontextmanager
async def simulated_meters() -> AsyncIterator[str]:
    """Simulated meters of units 1 and 2 on a paced line; give the station's end."""
    line = PacedLine(BAUDRATE)
    line.start()
    meters = SimulatedBus(line.device_tty, {1: lambda: MEASURED, 2: lambda: MEASURED})
    await meters.start()
    yield line.station_tty
    await meters.stop()
    line.close()


async def output_of(*command: str, stdin: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate(stdin.encode())
    assert process.returncode == 0, output.decode()
    return output.decode()


def test_modbus_serials_master_and_our_simulated_meters_agree() -> None:
    async def run() -> None:
        asked = [[1, 4, 0x48, 2], [2, 4, 0x00, 6], [2, 4, 0x34, 2], [1, 3, 0x9000, 2]]
        async with simulated_meters() as tty:
            command = node_command("modbus_master.mjs", tty, str(BAUDRATE))
            energy, volts, power, refused = json.loads(await output_of(*command, stdin=json.dumps(asked)))
        assert struct.unpack(">f", struct.pack(">2H", *energy)) == (1234.5,)
        assert struct.unpack(">3f", struct.pack(">6H", *volts)) == (229.5, 230.25, 230.75)
        assert struct.unpack(">f", struct.pack(">2H", *power)) == (6930.0,)
        assert refused == 2

    asyncio.run(run())


def test_mbpoll_and_our_simulated_meters_agree() -> None:
    mbpoll = shutil.which("mbpoll")
    if mbpoll is None:
        pytest.skip("mbpoll is missing: apt install mbpoll")

    async def run() -> dict[int, float]:
        line = ("-m", "rtu", "-b", str(BAUDRATE), "-P", "none", "-1", "-o", "2")
        floats = ("-t", "3:float", "-B", "-0")
        async with simulated_meters() as tty:
            values = {}
            for first, count in ((0x00, 3), (0x34, 1), (0x48, 1)):
                asked = ("-a", "2", "-r", str(first), "-c", str(count), tty)
                said = await output_of(mbpoll, *line, *floats, *asked)
                values |= {int(at): float(value) for at, value in re.findall(r"\[(\d+)\]:\s+(\S+)", said)}
        return values

    assert asyncio.run(run()) == {0x00: 229.5, 0x02: 230.25, 0x04: 230.75, 0x34: 6930.0, 0x48: 1234.5}
