"""Actions that make no sense are refused in words; what is broken can be mended."""

from pathlib import Path

import pytest
from board_bench import Bench, play

from sim.board.actions import ACTIONS
from sim.board.defects import DEFECTS


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"do": "mend_leak"}, "there is nothing to mend: no leak"),
        ({"do": "release_emergency_stop"}, "it is released already"),
        ({"do": "close_door"}, "the door is closed already"),
        ({"do": "restore_mains"}, "the mains are as they should be"),
        ({"do": "set_cable", "amperes": 16}, "amperes: 16 is none of 13, 20, 32, 63"),
        ({"do": "set_cable"}, "amperes: is missing"),
        ({"do": "set_temperature", "degrees": 999}, "degrees: 999 is no number from -50 to 200"),
        ({"do": "lose_phase", "phase": 4}, "phase: 4 is none of 1, 2, 3"),
        ({"do": "set_voltage", "volts": True}, "volts: True is no number from 0 to 500"),
        ({"do": "overdraw"}, "factor: is missing"),
        ({"do": "leak", "much": 1}, "much: unknown argument; there is none"),
        ({"do": "ready", "valve": True}, "valve: unknown argument; there is value"),
        ({"do": "state", "evse": [1]}, "there is no EVSE [1]; there is 1"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, request_: object, said: str) -> None:
    async def scene(bench: Bench) -> None:
        reply = await bench.ask(request_)
        assert reply["ok"] is False
        assert reply["error"].startswith(said)

    play(scene, tmp_path)


def test_every_defect_can_be_brought_about_once_and_mended(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        for name, defect in DEFECTS.items():
            assert (await bench.do(defect.breaks))["defects"] == [name]
            again = await bench.ask({"do": defect.breaks})
            assert again == {"ok": False, "error": f"it is so already: {defect.explains}"}
            assert (await bench.do(defect.mends))["defects"] == []

    play(scene, tmp_path)


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ({"do": "fail_mains"}, {"do": "fail_mains"}, "the mains are gone already"),
        ({"do": "lose_phase"}, {"do": "lose_phase", "phase": 2}, "L2 is gone already"),
        ({"do": "plug_in"}, {"do": "set_cable", "amperes": 20}, "a cable is plugged in; unplug it first"),
        ({"do": "hang_board"}, {"do": "hang_board"}, "the board hangs already"),
    ],
)
def test_what_is_so_already_is_refused(tmp_path: Path, first: object, then: object, said: str) -> None:
    async def scene(bench: Bench) -> None:
        assert (await bench.ask(first))["ok"]
        assert await bench.ask(then) == {"ok": False, "error": said}

    play(scene, tmp_path)


def test_no_two_actions_share_a_name() -> None:
    names = {defect.breaks for defect in DEFECTS.values()} | {defect.mends for defect in DEFECTS.values()}
    assert len({defect.breaks for defect in DEFECTS.values()}) == len(DEFECTS)
    assert names <= set(ACTIONS)
