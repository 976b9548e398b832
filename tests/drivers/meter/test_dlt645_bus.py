"""The driver against a wire that misbehaves: never a wrong value, at worst a typed absence."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from dlt645_far_end import OWN, ScriptedDlt645Meter, asked_for, frame

from config.schema import Dlt645Map
from drivers.meter.dlt645 import Dlt645Meter
from drivers.meter.dlt645_bus import Dlt645Bus
from drivers.meter.dlt645_line import Dlt645Line
from drivers.meter.errors import (
    MeterError,
    MeterJunkError,
    MeterPortError,
    MeterRefusedError,
    MeterSilentError,
    MeterValueError,
)
from drivers.meter.maps import Sample
from drivers.meter.serial_port import LineSettings

Scene = Callable[[Dlt645Meter, ScriptedDlt645Meter], Awaitable[None]]
IMPORT, POWER, CURRENTS, VOLTAGES, NUMBER = 0x00010000, 0x02030000, 0x0202FF00, 0x0201FF00, 0x04000402
VOLTS, MILLIAMPS = (229_500, 230_200, 230_900), (10_022, 10_000, 9_998)
FULL = Sample(12_345_600, 100, 6900, VOLTS, MILLIAMPS)


def play(
    far_end: ScriptedDlt645Meter,
    dlt645: Dlt645Map,
    scene: Scene,
    *,
    in_step: bool = True,
    address: str = OWN,
) -> None:
    """Run a scene with a driver at one end of a pty and a scripted meter at the other.

    ``in_step``: one reading has been taken before, so that the scene begins with the scene's own request.
    """

    async def run() -> None:
        far_end.listen()
        bus = Dlt645Bus(Dlt645Line(str(far_end.link), LineSettings(19_200, "E", 1, 0.1)))
        meter = Dlt645Meter(bus, address, dlt645)
        if in_step:
            await meter.sample(full=True)
            far_end.asked.clear()
        await scene(meter, far_end)
        await bus.close()

    asyncio.run(run())


def test_a_full_reading_and_the_register_alone(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        assert await meter.sample(full=True) == FULL
        assert await meter.sample(full=False) == Sample(12_345_600, 100)
        assert await meter.identify() == "4711"
        assert far_end.asked == [IMPORT, POWER, CURRENTS, VOLTAGES, IMPORT, NUMBER]

    play(dlt645_end, dlt645, scene)


def test_one_byte_at_a_time_and_junk_around(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        def script(request: bytes) -> list[tuple[float, bytes]]:
            line = b"\x68\x00" + request + far_end.answer(request) + b"\x00"
            return [(index * 0.0002, bytes([byte])) for index, byte in enumerate(line)]

        far_end.script = script
        assert await meter.sample(full=True) == FULL

    play(dlt645_end, dlt645, scene)


def test_silence_is_told_and_the_meter_recovers(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        well, far_end.script = far_end.script, lambda _request: []
        for _ in range(2):
            with pytest.raises(MeterSilentError, match=rf"meter {OWN} gave no reply in 1\d\d ms"):
                await meter.sample(full=True)
        far_end.script = well
        assert await meter.sample(full=True) == FULL
        assert far_end.asked == [IMPORT, POWER, CURRENTS, IMPORT, POWER, CURRENTS, VOLTAGES]

    play(dlt645_end, dlt645, scene)


def test_an_answer_to_whoever_had_the_port_before_is_not_believed(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        old = far_end.answer(question(IMPORT))
        far_end.tells[IMPORT] = "00200000"
        said = [old]
        far_end.script = lambda request: [(0.0, (said.pop() if said else b"") + far_end.answer(request))]
        assert (await meter.sample(full=False)).import_dwh == 20_000_000

    play(dlt645_end, dlt645, scene, in_step=False)


def question(data_id: int) -> bytes:
    shifted = bytes((byte + 0x33) & 0xFF for byte in data_id.to_bytes(4, "little"))
    return b"\x68" + bytes(7) + b"\x11\x04" + shifted + b"\x00\x16"


def test_a_late_reply_is_never_taken_for_the_next_answer(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    """The meter answers every request in order, but the first 0.2 s late: after its time-out."""

    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        late = [0.2]
        far_end.script = lambda request: [(late.pop() if late else 0.0, far_end.answer(request))]
        with pytest.raises(MeterSilentError):
            await meter.sample(full=False)
        far_end.tells[IMPORT] = "00200000"
        assert (await meter.sample(full=False)).import_dwh == 20_000_000
        assert (await meter.sample(full=False)).import_dwh == 20_000_000

    play(dlt645_end, dlt645, scene)


@pytest.mark.parametrize("behind", [1, 2, 3, 4])
def test_a_meter_that_lags_behind_for_good_never_gives_an_old_value(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map, behind: int
) -> None:
    """Each request brings the answer to the one ``behind`` before it."""

    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        owed: list[bytes] = []

        def script(request: bytes) -> list[tuple[float, bytes]]:
            owed.append(far_end.answer(request))
            return [(0.0, owed.pop(0))] if len(owed) > behind else []

        far_end.script = script
        for _ in range(7):
            with pytest.raises((MeterSilentError, MeterJunkError)):
                await meter.sample(full=False)

    play(dlt645_end, dlt645, scene)


def test_a_cancelled_read_takes_its_answer_with_it(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        asked = asyncio.Event()

        def script(request: bytes) -> list[tuple[float, bytes]]:
            asked.set()
            return [(0.05, far_end.answer(request))]

        far_end.script = script
        reading = asyncio.create_task(meter.sample(full=False))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        far_end.tells[IMPORT] = "00200000"
        assert (await meter.sample(full=False)).import_dwh == 20_000_000
        assert far_end.asked == [IMPORT, POWER, IMPORT]

    play(dlt645_end, dlt645, scene)


def test_an_answer_that_is_said_twice_is_never_a_later_reading(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    """Something on the line repeats each answer 20 ms after it; the register grows with each question."""

    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        kwh = 12

        def script(request: bytes) -> list[tuple[float, bytes]]:
            nonlocal kwh
            kwh += 1
            far_end.tells[IMPORT] = f"{kwh:06}00"
            reply = far_end.answer(request)
            return [(0.0, reply), (0.02, reply)]

        far_end.script = script
        for _ in range(10):
            before = kwh
            try:
                sample = await meter.sample(full=False)
            except MeterJunkError:
                continue
            assert sample.import_dwh > before * 10_000

    play(dlt645_end, dlt645, scene)


def test_two_meters_of_one_address_are_told(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        far_end.script = lambda request: [(0.0, far_end.answer(request)), (0.02, far_end.answer(request))]
        with pytest.raises(MeterJunkError, match=f"meter {OWN} answered twice: two meters of one address"):
            await meter.sample(full=True)

    play(dlt645_end, dlt645, scene, in_step=False)


def wrong_checksum(far_end: ScriptedDlt645Meter, request: bytes) -> bytes:
    reply = far_end.answer(request)
    return reply[:-2] + bytes([reply[-2] ^ 1]) + reply[-1:]


def other_meter(far_end: ScriptedDlt645Meter, request: bytes) -> bytes:
    return far_end.answer(request, address="000000000009")


def other_data(far_end: ScriptedDlt645Meter, request: bytes) -> bytes:
    return far_end.answer(question(NUMBER if asked_for(request) != NUMBER else IMPORT))


def byte_lost(far_end: ScriptedDlt645Meter, request: bytes) -> bytes:
    reply = far_end.answer(request)
    return reply[:14] + reply[15:]


def cut_short(far_end: ScriptedDlt645Meter, request: bytes) -> bytes:
    return far_end.answer(request)[:-3]


def more_to_follow(far_end: ScriptedDlt645Meter, request: bytes) -> bytes:
    return frame(OWN, 0xB1, bytes.fromhex("0000010056341200"))


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (wrong_checksum, "no whole frame with a right checksum"),
        (other_meter, f"meter 000000000009 answered instead of {OWN}"),
        (other_data, f"meter {OWN} sent 04000402 instead of 00010000"),
        (byte_lost, "no whole frame with a right checksum"),
        (cut_short, "no whole frame with a right checksum"),
        (more_to_follow, "control code B1"),
    ],
)
def test_what_is_no_answer_is_never_a_value_and_the_next_one_is(
    dlt645_end: ScriptedDlt645Meter,
    dlt645: Dlt645Map,
    fault: Callable[[ScriptedDlt645Meter, bytes], bytes],
    why: str,
) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        well, far_end.script = far_end.script, lambda request: [(0.0, fault(far_end, request))]
        with pytest.raises(MeterJunkError, match=why):
            await meter.sample(full=True)
        far_end.script = well
        assert await meter.sample(full=True) == FULL

    play(dlt645_end, dlt645, scene)


def test_a_refusal_points_at_the_map(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        del far_end.tells[CURRENTS]
        why = f"meter {OWN} refused data 0202FF00: it has no such data"
        with pytest.raises(MeterRefusedError, match=why) as refusal:
            await meter.sample(full=True)
        assert "register map" in refusal.value.who_acts
        assert await meter.sample(full=False) == Sample(12_345_600, 100)

    play(dlt645_end, dlt645, scene)


def test_what_the_meter_marks_as_missing_is_no_zero(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        far_end.tells[IMPORT] = "FFFFFFFF"
        with pytest.raises(
            MeterValueError, match="import register: the meter says that it has no such value"
        ):
            await meter.sample(full=False)

    play(dlt645_end, dlt645, scene)


def test_the_only_meter_on_the_line_needs_no_address(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        assert await meter.sample(full=True) == FULL
        assert await meter.sample(full=False) == Sample(12_345_600, 100)
        assert far_end.asked == [0, POWER, IMPORT, POWER, CURRENTS, VOLTAGES, IMPORT]

    play(dlt645_end, dlt645, scene, in_step=False, address="")


def test_two_meters_without_addresses_are_refused(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        second = "000000000009"
        far_end.script = lambda request: [
            (0.0, far_end.answer(request)),
            (0.05, far_end.answer(request, address=second)),
        ]
        with pytest.raises(MeterJunkError, match=f"meters {second}, {OWN} answer: write the address of each"):
            await meter.sample(full=True)

    play(dlt645_end, dlt645, scene, in_step=False, address="")


def test_a_meter_exchanged_for_another_is_asked_who_it_is(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    """After the first failure the driver asks again; the new meter's number tells that it is another one."""

    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        new = "000000000009"
        far_end.tells[NUMBER] = "000000004712"

        def script(request: bytes) -> list[tuple[float, bytes]]:
            asked = request[1:7] in (bytes.fromhex(new)[::-1], b"\xaa" * 6)
            return [(0.0, far_end.answer(request, address=new))] if asked else []

        far_end.script = script
        with pytest.raises(MeterSilentError):
            await meter.sample(full=True)
        assert await meter.sample(full=True) == FULL
        assert await meter.identify() == "4712"

    play(dlt645_end, dlt645, scene, address="")


def test_a_port_that_is_pulled_out_and_put_back(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        far_end.unplug()
        with pytest.raises(MeterPortError):
            await meter.sample(full=True)
        with pytest.raises(MeterPortError, match="tty is not there"):
            await meter.sample(full=True)
        far_end.plug()
        far_end.listen()
        assert await meter.sample(full=True) == FULL

    play(dlt645_end, dlt645, scene)


def test_a_port_pulled_out_during_a_read_is_told_at_once(
    dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map
) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        def script(_request: bytes) -> list[tuple[float, bytes]]:
            far_end.unplug()
            return []

        far_end.script = script
        with pytest.raises(MeterPortError, match="has gone"):
            await meter.sample(full=True)

    play(dlt645_end, dlt645, scene)


def test_a_babbling_line_is_told(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
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

    play(dlt645_end, dlt645, scene)


def test_a_line_has_one_owner(dlt645_end: ScriptedDlt645Meter, dlt645: Dlt645Map) -> None:
    async def scene(_meter: Dlt645Meter, far_end: ScriptedDlt645Meter) -> None:
        second = Dlt645Meter(Dlt645Bus(Dlt645Line(str(far_end.link))), OWN, dlt645)
        with pytest.raises(MeterError, match="in use"):
            await second.sample(full=True)

    play(dlt645_end, dlt645, scene)
