"""Several meters on one line: each in its own settings, with the silences between frames, one at a time."""

import asyncio
import termios
from pathlib import Path

import pytest
from modbus_far_end import ScriptedMeter

from config.schema import MeterMap, MeterWiring
from config.schema import SerialPort as SerialPortTable
from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterPortError, MeterSilentError
from drivers.meter.lines import Lines
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings

SLOW_SILENCE_S = 3.5 * 11 / 2400


def is_set_for(far_end: ScriptedMeter, speed: int, *, odd: bool = False, two_stopbits: bool = False) -> bool:
    """Is the port set so now? A pseudo terminal keeps all but whether there is a parity bit."""
    _, _, control, _, incoming, outgoing, _ = termios.tcgetattr(far_end.slave)
    return (incoming, outgoing, bool(control & termios.PARODD), bool(control & termios.CSTOPB)) == (
        speed,
        speed,
        odd,
        two_stopbits,
    )


def test_each_meter_is_spoken_to_in_its_own_settings(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    """A meter that is spoken to otherwise does not answer; the line falls silent before it is switched."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        answered_s = {0: 0.0}
        pauses_s = []

        def script(request: bytes) -> list[tuple[float, bytes]]:
            unit = request[0]
            pauses_s.append(loop.time() - answered_s[0])
            right = {
                1: is_set_for(far_end, termios.B9600),
                2: is_set_for(far_end, termios.B19200, odd=True, two_stopbits=True),
                3: is_set_for(far_end, termios.B2400),
            }[unit]
            answered_s[0] = loop.time()
            return [(0.0, far_end.answer(request))] if right else []

        far_end.listen()
        far_end.script = script
        lines = Lines({"meter": SerialPortTable(device=str(far_end.link))})
        wired = (
            MeterWiring(map="m", unit=1),
            MeterWiring(map="m", unit=2, baudrate=19_200, parity="O", stopbits=2),
            MeterWiring(map="m", unit=3, baudrate=2400, parity="E"),
        )
        meters = [lines.meter(wiring, sdm630) for wiring in wired]
        for which in (0, 1, 0, 2, 1, 2, 2):
            assert (await meters[which].sample(full=True)).import_dwh == 12_345_000
        units = [request[0] for request in far_end.requests]
        switched = [
            pause_s
            for before, unit, pause_s in zip(units, units[1:], pauses_s[1:], strict=False)
            if 3 in (before, unit)
        ]
        assert min(switched) >= SLOW_SILENCE_S
        await lines.close()

    asyncio.run(run())


def test_a_meter_may_have_its_own_time_to_answer(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def run() -> None:
        far_end.listen()
        far_end.script = lambda request: [(0.4, far_end.answer(request))]
        lines = Lines({"meter": SerialPortTable(device=str(far_end.link), baudrate=115_200)})
        quick = lines.meter(MeterWiring(map="m", unit=1), sdm630)
        slow = lines.meter(MeterWiring(map="m", unit=2, answer_within_ms=600), sdm630)
        with pytest.raises(MeterSilentError, match=r"unit 1 gave no reply in 30\d ms"):
            await quick.sample(full=False)
        assert (await slow.sample(full=False)).import_dwh == 12_345_000
        await lines.close()

    asyncio.run(run())


def test_meters_on_one_line_take_turns(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    """Whoever asks: no request leaves before the one before is answered, and a reading is not interrupted."""

    async def run() -> None:
        answered = [0]

        def answer(request: bytes) -> bytes:
            answered[0] += 1
            return far_end.answer(request)

        overlaps = []

        def script(request: bytes) -> list[tuple[float, bytes]]:
            overlaps.append(len(far_end.requests) - answered[0])
            return [(0.002, answer(request))]

        far_end.listen()
        far_end.script = script
        bus = MeterBus(SerialLine(str(far_end.link), LineSettings(115_200)))
        meters = [Meter(bus, unit, sdm630) for unit in range(1, 9)]
        samples = await asyncio.gather(*(meter.sample(full=True) for meter in meters for _ in range(2)))
        assert {sample.import_dwh for sample in samples} == {12_345_000}
        assert set(overlaps) == {1}
        await bus.close()

    asyncio.run(run())


def test_a_speed_that_no_port_has_is_told(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def run() -> None:
        bus = MeterBus(SerialLine(str(far_end.link), LineSettings(9601)))
        with pytest.raises(MeterPortError, match="tty: a serial port has no 9601 baud"):
            await Meter(bus, 1, sdm630).sample(full=True)

    asyncio.run(run())


def test_a_port_has_one_owner(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def run() -> None:
        far_end.listen()
        owner = MeterBus(SerialLine(str(far_end.link)))
        await Meter(owner, 1, sdm630).sample(full=False)
        with pytest.raises(MeterPortError, match="tty is in use by another process"):
            await Meter(MeterBus(SerialLine(str(far_end.link))), 1, sdm630).sample(full=False)
        await owner.close()

    asyncio.run(run())


def test_what_is_no_serial_port_is_told(tmp_path: Path, sdm630: MeterMap) -> None:
    async def run() -> None:
        (tmp_path / "file").touch()
        with pytest.raises(MeterPortError, match="file is no serial port"):
            await Meter(MeterBus(SerialLine(str(tmp_path / "file"))), 1, sdm630).sample(full=False)

    asyncio.run(run())
