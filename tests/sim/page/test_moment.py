"""What the page knows of one moment."""

import asyncio

import pytest
from fake_bench import FakeBench

from sim.page.moment import HISTORY, Lookout, Moment

FREE = {"pilot": "A", "lock": "locked", "plugged": False, "contactor_closed": False, "watts": 0.0}
STATION = {"connected": True, "connectors": [{"evse": 1, "status": "Available"}]}


def look(lookout: Lookout) -> Moment:
    asyncio.run(lookout.look())
    return lookout.now


@pytest.mark.parametrize(
    ("board", "status", "light"),
    [
        ({}, "Available", "free"),
        ({"lock": "released"}, "Available", "busy"),
        ({"plugged": True}, "Occupied", "busy"),
        ({"plugged": True, "contactor_closed": True, "watts": 7200.0}, "Occupied", "charging"),
        ({"plugged": True, "contactor_closed": True, "watts": 0.0}, "Occupied", "busy"),
        ({"emergency_stop": True}, "Available", "fault"),
        ({}, "Faulted", "fault"),
        ({}, "Unavailable", "fault"),
    ],
)
def test_the_status_light_tells_what_a_driver_may_expect(board: dict, status: str, light: str) -> None:
    station = {**STATION, "connectors": [{"evse": 1, "status": status}]}
    assert Moment(0, True, {**FREE, **board}, station).light == light


def test_without_power_the_light_is_dark() -> None:
    assert Moment(0, False, FREE, STATION).light == "dark"


def test_there_is_no_receipt_before_the_end(bench: FakeBench) -> None:
    lookout = Lookout(bench)
    assert bench.csms is not None
    asyncio.run(bench.csms.pay(minutes=60))
    bench.csms.seal_minutes(3)
    assert look(lookout).receipt == {}
    assert [minute["page"] for minute in lookout.now.minutes] == [1, 2, 3, 4]
    bench.csms.settle()
    assert look(lookout).receipt["total"] == "12.14"


def test_a_board_that_is_gone_is_named_and_nothing_else_breaks(bench: FakeBench) -> None:
    lookout = Lookout(bench)
    bench.board.gone = True
    assert look(lookout).trouble.endswith("the simulated board closed its control socket")
    assert lookout.now.board == {}


def test_a_process_that_died_by_itself_is_named(bench: FakeBench) -> None:
    bench.failure = "station ended unexpectedly. The end of station.log:\n  boom"
    assert look(Lookout(bench)).trouble == "station ended unexpectedly. The end of station.log:"


def test_the_display_is_photographed_only_while_somebody_looks(bench: FakeBench) -> None:
    lookout = Lookout(bench)
    assert look(lookout).picture == ""
    lookout.picture_wanted()
    first = look(lookout).picture
    assert lookout.picture_png.startswith(b"\x89PNG")
    assert look(lookout).picture == first
    asyncio.run(bench.board.do("set_load", watts=11_000))
    assert look(lookout).picture != first


def test_the_power_curve_of_a_long_charge_stays_short(bench: FakeBench) -> None:
    lookout = Lookout(bench)
    lookout.power = [(at, 7200.0) for at in range(HISTORY)]
    look(lookout)
    assert HISTORY / 2 < len(lookout.power) <= HISTORY
    assert lookout.power[-1][1] == 0.0
