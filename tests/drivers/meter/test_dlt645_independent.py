"""Our driver and a meter that was not written here: the server of PyPI's dlt645, in a process of its own.

That server knows single data items and no blocks: the single-phase map fits it, the three-phase map is
refused. It takes its address as it is on the wire, the lowest digits first. To a request for another meter it
answers with a refusal, where the standard asks for silence: it must be alone on its line.
"""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from config.load import load_meter_maps
from config.schema import Dlt645Map
from drivers.meter.dlt645 import Dlt645Meter
from drivers.meter.dlt645_bus import Dlt645Bus
from drivers.meter.dlt645_line import Dlt645Line
from drivers.meter.errors import MeterRefusedError
from drivers.meter.maps import Sample
from drivers.meter.serial_port import LineSettings
from sim.board.line import PacedLine

OWN = "000012345678"
SERVER = f"""
import sys
from loguru import logger
logger.remove()
from dlt645 import MeterServerService

meter = MeterServerService.new_rtu_server(sys.argv[1], 8, 1, 19200, "E", 1.0)
meter.set_address(bytes.fromhex("{OWN}")[::-1])
meter.set_00(0x00010000, 12345.67)
meter.set_02(0x02010100, 229.5)
meter.set_02(0x02020100, -30.061)
meter.set_02(0x02030000, -6.899)
meter.set_04(0x04000402, "000000004711")
assert meter.server.start()
print("ready", flush=True)
sys.stdin.read()
"""
Scene = Callable[[Dlt645Bus], Awaitable[None]]


@pytest.fixture
def maps() -> dict[str, Dlt645Map]:
    return {name: each for name, each in load_meter_maps().items() if isinstance(each, Dlt645Map)}


def play(scene: Scene) -> None:
    async def run() -> None:
        line = PacedLine(19_200, char_bits=11)
        line.start()
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SERVER, line.device_tty),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        bus = Dlt645Bus(Dlt645Line(line.station_tty, LineSettings(19_200, "E", 1, 0.55)))
        try:
            assert server.stdout is not None
            assert await server.stdout.readline() == b"ready\n"
            await scene(bus)
        finally:
            await bus.close()
            server.kill()
            await server.wait()
            line.close()

    asyncio.run(run())


def test_another_hands_meter_is_found_and_read_as_it_measures(maps: dict[str, Dlt645Map]) -> None:
    async def scene(bus: Dlt645Bus) -> None:
        meter = Dlt645Meter(bus, "", maps["dlt645_2007_single_phase"])
        assert await meter.sample(full=True) == Sample(123_456_700, 100, -6899, (229_500,), (30_061,))
        assert await meter.identify() == "4711"
        assert await bus.only_address() == OWN

    play(scene)


def test_another_hands_meter_refuses_blocks_in_words(maps: dict[str, Dlt645Map]) -> None:
    async def scene(bus: Dlt645Bus) -> None:
        with pytest.raises(MeterRefusedError, match="0202FF00: it has no such data"):
            await Dlt645Meter(bus, OWN, maps["dlt645_2007"]).sample(full=True)

    play(scene)
