"""One fault of the wire each, with the time to notice it and the time to recover (docs/METERS_WIRE.md)."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest
from modbus_far_end import ScriptedMeter, frame

from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterError, MeterJunkError, MeterPortError, MeterSilentError
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings

FAST = LineSettings(115_200, answer_within_s=0.1)
BUSY_S = 0.3
"""The machine may be busy with other things."""

Scene = Callable[[Meter, ScriptedMeter], Awaitable[None]]


def play(far_end: ScriptedMeter, sdm630: MeterMap, scene: Scene) -> None:
    """Run a scene with a meter in step at one end of a pty and a scripted one at the other."""

    async def run() -> None:
        far_end.listen()
        bus = MeterBus(SerialLine(str(far_end.link), FAST))
        meter = Meter(bus, 1, sdm630)
        await meter.sample(full=False)
        try:
            await scene(meter, far_end)
        finally:
            await bus.close()

    asyncio.run(run())


async def fails(meter: Meter, kind: type[MeterError], said: str) -> float:
    """Read and fail; return how long that took, in seconds."""
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(kind, match=said):
        await meter.sample(full=True)
    return asyncio.get_running_loop().time() - began_s


async def recovers(meter: Meter, import_dwh: int = 12_345_000) -> float:
    """The next reading is right; return how long it took, in seconds."""
    began_s = asyncio.get_running_loop().time()
    assert (await meter.sample(full=True)).import_dwh == import_dwh
    return asyncio.get_running_loop().time() - began_s


def test_a_silent_meter_is_noticed_in_its_time_to_answer_and_read_again_at_once(
    far_end: ScriptedMeter, sdm630: MeterMap
) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        well = far_end.script
        far_end.script = lambda _request: []
        wire_s = FAST.wire_s(8 + 3.5 + 153)
        noticed_s = await fails(meter, MeterSilentError, "gave no reply")
        assert FAST.answer_within_s + wire_s <= noticed_s < FAST.answer_within_s + wire_s + BUSY_S
        far_end.script = well
        assert await recovers(meter) < 2 * 0.05 + BUSY_S  # quiet before the probe, listening after it

    play(far_end, sdm630, scene)


def test_byte_by_byte_is_no_fault(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [
            (at * 0.0003, bytes((byte,))) for at, byte in enumerate(far_end.answer(request))
        ]
        await recovers(meter)

    play(far_end, sdm630, scene)


@pytest.mark.parametrize("at", [0, 1, 2, 70, 151, 152])
def test_a_lost_byte_loses_the_reading(far_end: ScriptedMeter, sdm630: MeterMap, at: int) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        well = far_end.script
        far_end.script = lambda request: [
            (0.0, far_end.answer(request)[:at] + far_end.answer(request)[at + 1 :])
        ]
        await fails(meter, MeterJunkError, "152 of 153 bytes, no valid frame in them")
        far_end.script = well
        await recovers(meter)

    play(far_end, sdm630, scene)


def test_junk_before_and_after_is_passed_over(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    """As a transceiver that turns round leaves it on a line without bias: for each reading."""

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [(0.0, b"\x00" + far_end.answer(request) + b"\xff\x00")]
        far_end.requests.clear()
        for _ in range(3):
            await meter.sample(full=True)
            await meter.sample(full=False)
        assert len(far_end.requests) == 6

    play(far_end, sdm630, scene)


def test_an_adapter_that_echoes_is_no_fault(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [(0.0, request), (0.01, far_end.answer(request))]
        await recovers(meter)
        far_end.script = lambda request: [(0.0, request)]
        await fails(meter, MeterSilentError, "only the request's echo came back")

    play(far_end, sdm630, scene)


def test_an_echo_does_not_confirm_a_write(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    """The answer to a write of one register is the request again: on such a line it must come twice."""

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [(0.0, request), (0.01, far_end.answer(request))]
        await meter.sample(full=True)
        far_end.script = lambda request: [(0.0, request)]
        with pytest.raises(MeterSilentError, match="only the request's echo came back"):
            await meter._bus.write(1, 0x10, (7,), function=6)
        far_end.script = lambda request: [
            (0.0, request),
            (0.01, request if request[1] == 6 else far_end.answer(request)),
        ]
        await meter._bus.write(1, 0x10, (7,), function=6)

    play(far_end, sdm630, scene)


@pytest.mark.parametrize("later_s", [0.0, 0.01, 0.04])
def test_a_reply_that_comes_twice_is_never_the_next_one(
    far_end: ScriptedMeter, sdm630: MeterMap, later_s: float
) -> None:
    """The register grows with each request; each reply comes again, also while the next one is awaited."""

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        def script(request: bytes) -> list[tuple[float, bytes]]:
            far_end.kwh += 1
            right = far_end.answer(request)
            return [(0.05, right), (0.05 + later_s, right)]

        far_end.script = script
        for _ in range(4):
            asked_dwh = int(far_end.kwh * 10_000)
            try:
                sample = await meter.sample(full=False)
            except MeterJunkError as error:
                assert "answered twice: two meters of one number, or something that repeats" in error.why
            else:
                assert sample.import_dwh > asked_dwh

    play(far_end, sdm630, scene)


def test_two_meters_of_one_number_are_told(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    """The second one answers a little later. They are told before the first reading of a port just opened."""

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        await meter._bus.close()

        def script(request: bytes) -> list[tuple[float, bytes]]:
            first = far_end.answer(request)
            far_end.kwh, other = 777.0, far_end.kwh
            second = far_end.answer(request)
            far_end.kwh = other
            return [(0.0, first), (0.02, second)]

        far_end.script = script
        for _ in range(3):
            await fails(meter, MeterJunkError, "unit 1 answered twice: two meters of one number")

    play(far_end, sdm630, scene)


def test_two_meters_that_talk_at_once_spoil_both_answers(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        def script(request: bytes) -> list[tuple[float, bytes]]:
            one = far_end.answer(request)
            other = frame(request[0], request[1], request[5] * 2, *bytes(range(request[5] * 2)))
            return [(0.0, bytes(a & b for a, b in zip(one, other, strict=True)))]

        far_end.script = script
        await fails(meter, MeterJunkError, "153 bytes with a wrong checksum")

    play(far_end, sdm630, scene)


def test_a_meter_that_restarts_is_absent_until_it_answers_right(
    far_end: ScriptedMeter, sdm630: MeterMap
) -> None:
    """Silent, then noise, then a register that is not a number yet, then right."""

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        well = far_end.script
        far_end.script = lambda _request: []
        for _ in range(3):
            await fails(meter, MeterSilentError, "gave no reply")
        far_end.script = lambda _request: [(0.0, bytes(range(100, 160)))]
        await fails(meter, MeterJunkError, "60 bytes with a wrong checksum|60 of ")
        far_end.script, far_end.kwh = well, float("nan")
        await fails(meter, MeterError, "import register reads nan")
        far_end.kwh = 1234.5
        await recovers(meter)

    play(far_end, sdm630, scene)


def test_an_adapter_pulled_out_and_put_back_is_opened_and_falls_in_step(
    far_end: ScriptedMeter, sdm630: MeterMap
) -> None:
    """What the meter was still saying when it came back is not believed."""

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.unplug()
        noticed_s = await fails(meter, MeterPortError, "has gone|is not there")
        assert noticed_s < BUSY_S
        far_end.plug()
        far_end.listen()
        stale = [far_end.answer(bytes((1, 4, 0, 0, 0, 74)))]
        far_end.kwh = 2000.0
        far_end.script = lambda request: [(0.0, (stale.pop() if stale else b"") + far_end.answer(request))]
        assert await recovers(meter, 20_000_000) < 0.2 + BUSY_S

    play(far_end, sdm630, scene)


def test_blocks_of_one_length_are_set_apart_by_a_probe(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.requests.clear()
        await meter.sample(full=False)
        await meter.sample(full=False)
        lengths = [request[5] for request in far_end.requests]
        assert all(one != following for one, following in itertools.pairwise(lengths))

    play(far_end, sdm630, scene)
