"""Every button of the bench page, tried on a real simulated board: it switches what it says, both ways."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from sim.board.board import BoardOptions, SimBoard
from sim.board.control import Control
from sim.board.defects import DEFECTS
from sim.board.timeline import Timeline
from sim.page.moment import Moment
from sim.page.toggles import COMMON, FULL, PLUG, READY, SELDOM, Switch, Toggle

TOGGLES = (PLUG, *COMMON, *(toggle for group in SELDOM.values() for toggle in group))
AT_THE_BOARD = [toggle for toggle in TOGGLES if toggle.name != "mains"]


class Hands:
    """A board in this process, asked as its control socket is asked."""

    def __init__(self, folder: Path) -> None:
        options = BoardOptions(address=str(folder / "board.sock"), tty=str(folder / "tty"))
        self._control = Control(SimBoard(options, Timeline(60, time.monotonic_ns(), 0)))

    def do(self, switch: Switch) -> Moment:
        request = {"do": switch.action, **switch.arguments}
        reply = self._control.answer(json.dumps(request).encode())
        assert reply["ok"], reply
        return Moment(0, True, board=reply["state"])


def on_a_board(folder: Path, toggles: list[Toggle]) -> None:
    async def scene() -> None:
        hands = Hands(folder)
        for toggle in toggles:
            assert not toggle.is_on(hands.do(Switch("state"))), toggle.name
            assert toggle.is_on(hands.do(toggle.switch_on)), toggle.name
            assert not toggle.is_on(hands.do(toggle.switch_off)), toggle.name

    asyncio.run(scene())


@pytest.mark.parametrize("toggle", AT_THE_BOARD, ids=lambda toggle: toggle.name)
def test_a_button_switches_on_and_off_what_it_says(tmp_path: Path, toggle: Toggle) -> None:
    on_a_board(tmp_path, [toggle])


def test_all_buttons_one_after_the_other(tmp_path: Path) -> None:
    on_a_board(tmp_path, AT_THE_BOARD)


def test_a_vehicle_is_ready_or_full(tmp_path: Path) -> None:
    async def scene() -> None:
        hands = Hands(tmp_path)
        assert READY.is_on(hands.do(PLUG.switch_on))
        full = hands.do(FULL.switch_on)
        assert (READY.is_on(full), FULL.is_on(full)) == (False, True)
        ready = hands.do(FULL.switch_off)
        assert (READY.is_on(ready), FULL.is_on(ready)) == (True, False)

    asyncio.run(scene())


def test_every_defect_has_a_button_and_every_button_a_name_of_its_own() -> None:
    names = [toggle.name for toggle in TOGGLES]
    assert set(DEFECTS) <= set(names)
    assert len(set(names)) == len(names)
