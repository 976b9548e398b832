"""Modbus TCP against a gateway that misbehaves, on real sockets: never a wrong value, at worst an absence."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from gateway_far_end import ScriptedGateway, reply

from config.schema import MeterMap, MeterWiring, TcpPort
from drivers.meter.bus import MeterBus
from drivers.meter.errors import (
    MeterError,
    MeterGatewayError,
    MeterJunkError,
    MeterRefusedError,
    MeterSilentError,
    MeterUnwellError,
)
from drivers.meter.gateway import Gateway
from drivers.meter.lines import Lines
from drivers.meter.maps import Sample
from drivers.meter.meter import Meter
from drivers.meter.reopening import REOPEN_S

ANSWER_S = 0.1
Scene = Callable[[Meter, ScriptedGateway], Awaitable[None]]


def play(sdm630: MeterMap, scene: Scene, *, in_step: bool = True) -> None:
    """Run a scene with a meter driver and a scripted gateway; ``in_step``: one reading has been taken."""

    async def run() -> None:
        far_end = ScriptedGateway()
        await far_end.start()
        bus = MeterBus(Gateway("127.0.0.1", far_end.port, ANSWER_S))
        meter = Meter(bus, 1, sdm630)
        if in_step:
            await meter.sample(full=False)
            far_end.requests.clear()
        try:
            await scene(meter, far_end)
        finally:
            await bus.close()
            await far_end.stop()

    asyncio.run(run())


def test_full_and_register_reads_are_one_request_each_on_one_connection(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        full = await meter.sample(full=True)
        assert (full.import_dwh, full.power_w, full.voltage_mv) == (12_345_000, 0, (0, 0, 0))
        for _ in range(2):
            assert await meter.sample(full=False) == Sample(12_345_000, 10)
        assert far_end.counts() == [74, 2, 2]
        assert far_end.connections == 1
        numbers = [request[:2] for request in far_end.requests]
        assert len(set(numbers)) == 3

    play(sdm630, scene)


def test_several_meters_behind_one_gateway_share_one_connection_and_take_turns(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        open_requests = []

        def script(request: bytes) -> list[tuple[float, bytes]]:
            open_requests.append(len(far_end.requests) - len(open_requests))
            return [(0.005, far_end.answer(request))]

        far_end.script = script
        meters = [meter, *(Meter(meter._bus, unit, meter.plan.map) for unit in (2, 3, 4))]
        samples = await asyncio.gather(*(each.sample(full=True) for each in meters for _ in range(3)))
        assert {sample.import_dwh for sample in samples} == {12_345_000}
        assert set(open_requests) == {1}
        assert far_end.connections == 1

    play(sdm630, scene)


def test_an_answer_that_comes_byte_by_byte_is_whole(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        far_end.script = lambda request: [
            (at * 0.0002, bytes((byte,))) for at, byte in enumerate(far_end.answer(request))
        ]
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(sdm630, scene)


def test_a_late_answer_is_known_by_its_number(sdm630: MeterMap) -> None:
    """Both requests ask for the same registers; the late answer comes while the next request is open."""

    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        delays_s = [ANSWER_S + 0.03, 0.06, 0.06]

        def script(request: bytes) -> list[tuple[float, bytes]]:
            return [(delays_s.pop(0), far_end.answer(request))]

        far_end.script = script
        with pytest.raises(MeterSilentError, match=r"unit 1 at 127.0.0.1:\d+ gave no reply in 100 ms"):
            await meter.sample(full=True)
        far_end.kwh = 2000.0
        assert (await meter.sample(full=True)).import_dwh == 20_000_000
        assert far_end.connections == 1

    play(sdm630, scene)


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_a_gateway_that_lags_behind_on_its_own_line_never_gives_an_old_value(
    sdm630: MeterMap, behind: int
) -> None:
    """It gives each request's number to what its line brings, and that is the answer to an older request."""

    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        owed: list[bytes] = []

        def script(request: bytes) -> list[tuple[float, bytes]]:
            far_end.kwh += 1
            owed.append(far_end.pdu(request))
            return [(0.0, reply(request, owed.pop(0) if len(owed) > behind else b"\x84\x0b"))]

        far_end.script = script
        for _ in range(8):
            with pytest.raises((MeterSilentError, MeterJunkError)):
                await meter.sample(full=True)

    play(sdm630, scene)


def test_a_number_of_an_older_request_is_passed_over(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        def script(request: bytes) -> list[tuple[float, bytes]]:
            number = int.from_bytes(request[:2], "big")
            old = reply(request, far_end.pdu(request), number=(number - 1) % 0x10000)
            far_end.kwh = 2000.0
            return [(0.0, old + far_end.answer(request))]

        far_end.script = script
        assert (await meter.sample(full=True)).import_dwh == 20_000_000

    play(sdm630, scene)


def test_another_units_answer_is_rejected(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        far_end.script = lambda request: [(0.0, reply(request, far_end.pdu(request), unit=9))]
        with pytest.raises(MeterJunkError, match="unit 9 answered instead of unit 1"):
            await meter.sample(full=True)

    play(sdm630, scene)


def test_a_reply_of_the_wrong_length_is_rejected(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        far_end.script = lambda request: [(0.0, reply(request, far_end.pdu(request)[:-2]))]
        with pytest.raises(MeterJunkError, match="a reply of 148 bytes to a request for 150"):
            await meter.sample(full=True)

    play(sdm630, scene)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (0x0A, MeterGatewayError, "the gateway cannot reach unit 1 now"),
        (0x0B, MeterSilentError, "the gateway says that unit 1 gives no reply"),
        (0x02, MeterRefusedError, "unit 1 refused with Modbus exception 2"),
        (0x06, MeterUnwellError, "unit 1 cannot answer now: Modbus exception 6"),
    ],
)
def test_what_gateway_and_meter_refuse_is_told_apart(
    sdm630: MeterMap, code: int, kind: type[MeterError], said: str
) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        well = far_end.script
        far_end.script = lambda request: [(0.0, reply(request, bytes((0x84, code))))]
        with pytest.raises(kind, match=said):
            await meter.sample(full=True)
        far_end.script = well
        assert (await meter.sample(full=True)).import_dwh == 12_345_000
        assert far_end.connections == 1

    play(sdm630, scene)


def test_a_connection_on_which_nothing_comes_any_more_is_made_anew(sdm630: MeterMap) -> None:
    """Half open: it accepts all that is sent and never answers."""

    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        well = far_end.script
        far_end.script = lambda _request: []
        for _ in range(2):
            with pytest.raises(MeterSilentError):
                await meter.sample(full=True)
        assert far_end.connections == 1
        far_end.script = well
        assert (await meter.sample(full=True)).import_dwh == 12_345_000
        assert far_end.connections == 2

    play(sdm630, scene)


def test_a_connection_that_breaks_off_in_mid_request_is_told_and_made_anew(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        well = far_end.script
        far_end.script = lambda _request: [(0.0, b"")]
        with pytest.raises(MeterGatewayError, match="has broken the connection off"):
            await meter.sample(full=True)
        far_end.script = well
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(sdm630, scene)


def test_a_gateway_that_was_restarted_between_two_readings_costs_none(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        await far_end.stop()
        await far_end.start()
        assert (await meter.sample(full=True)).import_dwh == 12_345_000
        assert far_end.connections == 2

    play(sdm630, scene)


def test_a_refused_connection_is_told_and_tried_again_at_growing_distances(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        loop = asyncio.get_running_loop()
        await far_end.stop()
        with pytest.raises(MeterGatewayError):  # the connection that was open has ended
            await meter.sample(full=True)
        failed_s = []
        for _ in range(3):
            with pytest.raises(MeterGatewayError, match="refuses the connection: no Modbus TCP at this port"):
                await meter.sample(full=True)
            failed_s.append(loop.time())
        first_s, second_s = failed_s[1] - failed_s[0], failed_s[2] - failed_s[1]
        assert first_s >= REOPEN_S[0] and second_s >= 2 * REOPEN_S[0]
        await far_end.start()
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(sdm630, scene)


def test_a_name_that_is_not_known_is_told(sdm630: MeterMap) -> None:
    async def run() -> None:
        meter = Meter(MeterBus(Gateway("meter.invalid")), 1, sdm630)
        with pytest.raises(MeterGatewayError, match=r"meter\.invalid:502 is no name or address"):
            await meter.sample(full=True)

    asyncio.run(run())


def test_a_port_that_speaks_something_else_is_told(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
        well = far_end.script
        far_end.script = lambda _request: [(0.0, b"HTTP/1.1 400 Bad Request\r\n\r\n")]
        with pytest.raises(MeterJunkError, match="is no header of Modbus TCP"):
            await meter.sample(full=True)
        far_end.script = well
        assert (await meter.sample(full=True)).import_dwh == 12_345_000

    play(sdm630, scene)


def test_a_cancelled_read_takes_its_answer_with_it(sdm630: MeterMap) -> None:
    async def scene(meter: Meter, far_end: ScriptedGateway) -> None:
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

    play(sdm630, scene)


def test_a_unit_may_have_its_own_time_to_answer(sdm630: MeterMap) -> None:
    async def run() -> None:
        far_end = ScriptedGateway()
        await far_end.start()
        far_end.script = lambda request: [(0.15, far_end.answer(request))]
        gateway = Gateway("127.0.0.1", far_end.port, ANSWER_S)
        gateway.set_unit(2, 0.5)
        bus = MeterBus(gateway)
        with pytest.raises(MeterSilentError):
            await Meter(bus, 1, sdm630).sample(full=False)
        assert (await Meter(bus, 2, sdm630).sample(full=False)).import_dwh == 12_345_000
        await bus.close()
        await far_end.stop()

    asyncio.run(run())


def test_a_site_may_have_the_same_unit_behind_two_gateways(sdm630: MeterMap) -> None:
    async def run() -> None:
        hall, yard = ScriptedGateway(), ScriptedGateway()
        await hall.start()
        await yard.start()
        yard.kwh = 2000.0
        lines = Lines({}, {name: TcpPort(host="127.0.0.1", port=far_end.port)
                           for name, far_end in (("hall", hall), ("yard", yard))})  # fmt: skip
        one = lines.meter(MeterWiring(map="m", port="hall", unit=1), sdm630)
        other = lines.meter(MeterWiring(map="m", port="yard", unit=1), sdm630)
        samples = await asyncio.gather(one.sample(full=True), other.sample(full=True))
        assert [sample.import_dwh for sample in samples] == [12_345_000, 20_000_000]
        await lines.close()
        await hall.stop()
        await yard.stop()

    asyncio.run(run())
