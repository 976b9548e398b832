import asyncio
from collections.abc import Awaitable, Callable

import pytest
from modbus_far_end import ScriptedMeter, frame

from config.schema import MeterMap, Register
from drivers.meter.bus import MeterBus
from drivers.meter.errors import (
    MeterJunkError,
    MeterPortError,
    MeterRefusedError,
    MeterSilentError,
    MeterValueError,
)
from drivers.meter.maps import Sample
from drivers.meter.meter import Meter
from drivers.meter.reopening import REOPEN_S
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings

FAST = LineSettings(115_200, answer_within_s=0.1)

Scene = Callable[[Meter, ScriptedMeter], Awaitable[None]]


def play(far_end: ScriptedMeter, sdm630: MeterMap, scene: Scene, *, in_step: bool = True) -> None:
    """Run a scene with a meter driver at one end of a pty and a scripted meter at the other.

    ``in_step``: one reading has been taken before, so that the scene begins with the scene's own request.
    """

    async def run() -> None:
        far_end.listen()
        bus = MeterBus(SerialLine(str(far_end.link), FAST))
        meter = Meter(bus, 1, sdm630)
        if in_step:
            await meter.sample(full=False)
            far_end.requests.clear()
        await scene(meter, far_end)
        await bus.close()

    asyncio.run(run())


def counts(far_end: ScriptedMeter) -> list[int]:
    return [int.from_bytes(request[4:6], "big") for request in far_end.requests]


def test_full_and_register_reads_are_one_request_each(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        full = await meter.sample(full=True)
        assert (full.import_dwh, full.power_w, full.voltage_mv) == (12_345_000, 0, (0, 0, 0))
        assert await meter.sample(full=False) == Sample(12_345_000, 10)
        assert counts(far_end) == [74, 2]

    play(far_end, sdm630, scene)


def test_an_answer_to_whoever_had_the_port_before_is_not_believed(
    far_end: ScriptedMeter, sdm630: MeterMap
) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        stale = [far_end.answer(bytes((1, 4, 0, 0, 0, 74)))]
        far_end.kwh = 2000.0

        def script(request: bytes) -> list[tuple[float, bytes]]:
            return [(0.0, (stale.pop() if stale else b"") + far_end.answer(request))]

        far_end.script = script
        assert (await meter.sample(full=True)).import_dwh == 20_000_000

    play(far_end, sdm630, scene, in_step=False)


def test_holding_registers_with_the_low_word_first(far_end: ScriptedMeter) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [(0.0, frame(1, 3, 2 * request[5], *FIVE_WORDS[: 2 * request[5]]))]
        assert await meter.sample(full=True) == Sample(0x0001_0002, 100, -2, (2305,), ())

    energy = Register(at=0, type="uint32", word_order="little")
    power, volts = Register(at=2, type="int32", word_order="little"), Register(at=4, type="uint16")
    meter_map = MeterMap(
        name="M",
        source="test",
        function=3,
        resolution_dwh=100,
        import_dwh=energy,
        power_w=power,
        voltage_mv=(volts,),
    )
    play(far_end, meter_map, scene, in_step=False)


FIVE_WORDS = bytes((0, 2, 0, 1, 0xFF, 0xFE, 0xFF, 0xFF, 9, 1))


def test_one_byte_at_a_time(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [
            (index * 0.0002, bytes([byte])) for index, byte in enumerate(far_end.answer(request))
        ]
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(far_end, sdm630, scene)


def test_junk_around_the_reply_is_passed_over(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [(0.0, b"\x01\xff\x01\x04" + far_end.answer(request) + b"\x00")]
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(far_end, sdm630, scene)


def test_silence_is_told_and_the_meter_recovers(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        well, far_end.script = far_end.script, lambda _request: []
        for _ in range(2):
            with pytest.raises(MeterSilentError, match=r"unit 1 gave no reply in 1\d\d ms"):
                await meter.sample(full=True)
        far_end.script = well
        assert (await meter.sample(full=True)).import_dwh == 12_345_000
        assert counts(far_end) == [74, 4, 6, 74]
        assert (await meter.sample(full=False)).import_dwh == 12_345_000
        assert counts(far_end)[4:] == [2]

    play(far_end, sdm630, scene)


def test_a_late_reply_is_never_taken_for_the_next_answer(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    """The meter answers every request in order, but the first 0.2 s late: after its time-out."""

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        late = [0.2]

        def script(request: bytes) -> list[tuple[float, bytes]]:
            return [(late.pop() if late else 0.0, far_end.answer(request))]

        far_end.script = script
        with pytest.raises(MeterSilentError):
            await meter.sample(full=True)
        far_end.kwh = 2000.0
        assert (await meter.sample(full=True)).import_dwh == 20_000_000
        assert (await meter.sample(full=True)).import_dwh == 20_000_000

    play(far_end, sdm630, scene)


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_a_meter_that_lags_behind_for_good_never_gives_an_old_value(
    far_end: ScriptedMeter, sdm630: MeterMap, behind: int
) -> None:
    """Each request brings the answer to the one ``behind`` before it: right lengths of older questions.

    The register grows with each request, so an old answer would be an old register.
    """

    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        owed: list[bytes] = []

        def script(request: bytes) -> list[tuple[float, bytes]]:
            far_end.kwh += 1
            owed.append(far_end.answer(request))
            return [(0.0, owed.pop(0))] if len(owed) > behind else []

        far_end.script = script
        for _ in range(8):
            with pytest.raises((MeterSilentError, MeterJunkError)):
                await meter.sample(full=True)

    play(far_end, sdm630, scene)


def test_a_cancelled_read_takes_its_answer_with_it(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        asked = asyncio.Event()

        def script(request: bytes) -> list[tuple[float, bytes]]:
            asked.set()
            return [(0.05, far_end.answer(request))]

        far_end.script = script
        reading = asyncio.create_task(meter.sample(full=True))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        far_end.kwh = 2000.0
        assert (await meter.sample(full=True)).import_dwh == 20_000_000
        assert counts(far_end) == [74, 2, 74]

    play(far_end, sdm630, scene)


def test_another_units_answer_is_rejected(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [(0.0, far_end.answer(request, unit=9))]
        with pytest.raises(MeterJunkError, match="unit 9 answered instead of unit 1"):
            await meter.sample(full=True)

    play(far_end, sdm630, scene)


def test_a_wrong_checksum_is_rejected(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda request: [(0.0, far_end.answer(request)[:-1] + b"\x00")]
        with pytest.raises(MeterJunkError, match="153 bytes with a wrong checksum"):
            await meter.sample(full=True)

    play(far_end, sdm630, scene)


def test_a_reply_of_the_wrong_length_is_rejected(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        shorter = bytes((1, 4, 0, 0x48, 0, 2))
        far_end.script = lambda _request: [(0.0, far_end.answer(shorter))]
        with pytest.raises(MeterJunkError, match="a reply of 9 bytes to a request for 153"):
            await meter.sample(full=True)

    play(far_end, sdm630, scene)


def test_a_refusal_points_at_the_map(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.script = lambda _request: [(0.0, frame(1, 0x84, 2))]
        with pytest.raises(MeterRefusedError, match="unit 1 refused with Modbus exception 2") as refusal:
            await meter.sample(full=True)
        assert "register map" in refusal.value.who_acts

    play(far_end, sdm630, scene)


def test_a_register_that_is_not_a_number_is_an_error(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.kwh = float("nan")
        with pytest.raises(MeterValueError, match="import register reads nan"):
            await meter.sample(full=True)
        far_end.kwh = 1234.5
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(far_end, sdm630, scene)


def test_a_babbling_line_is_told(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        loop = asyncio.get_running_loop()
        babbling = True

        def babble() -> None:
            if babbling:
                far_end.say(b"\x55\xaa")
                loop.call_later(0.01, babble)

        far_end.script = lambda _request: []
        babble()
        with pytest.raises(MeterJunkError):
            await meter.sample(full=True)
        with pytest.raises(MeterJunkError, match="does not fall silent"):
            await meter.sample(full=True)
        babbling = False

    play(far_end, sdm630, scene)


def test_a_port_that_is_not_there_is_opened_when_it_comes(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        far_end.unplug()
        with pytest.raises(MeterPortError, match="tty is not there"):
            await meter.sample(full=True)
        far_end.plug()
        far_end.listen()
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(far_end, sdm630, scene, in_step=False)


def test_a_port_that_is_pulled_out_and_put_back(far_end: ScriptedMeter, sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedMeter) -> None:
        await meter.sample(full=True)
        far_end.unplug()
        with pytest.raises(MeterPortError):
            await meter.sample(full=True)
        far_end.plug()
        far_end.listen()
        assert (await meter.sample(full=False)).import_dwh == 12_345_000

    play(far_end, sdm630, scene)


def test_attempts_to_reopen_are_spaced_and_never_more_than_five_seconds_apart() -> None:
    shortest_s, longest_s = REOPEN_S
    assert 0 < shortest_s < longest_s <= 5
