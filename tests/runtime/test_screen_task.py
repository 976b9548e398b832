"""Who has the display: the newest view, and with several EVSEs each in its turn."""

import asyncio
from collections.abc import Awaitable, Callable

from firmware.core.customer_view import CustomerView, Screen
from firmware.runtime.screen_task import ScreenTask

PATIENCE_S = 10.0
Shown = asyncio.Queue[bytes]


def play(scene: Callable[[ScreenTask, Shown], Awaitable[None]], turn_s: float) -> None:
    """Let a scene act on a display whose pictures are words."""

    async def run() -> None:
        shown: Shown = asyncio.Queue()
        task = ScreenTask(picture, lambda: shown.put_nowait, turn_s)
        drawing = asyncio.create_task(task.run())
        try:
            await scene(task, shown)
        finally:
            drawing.cancel()

    asyncio.run(run())


def picture(view: CustomerView) -> bytes:
    return f"{view.evse} {view.screen.value}".encode()


async def seen(shown: Shown) -> str:
    return (await asyncio.wait_for(shown.get(), PATIENCE_S)).decode()


def test_one_evse_is_drawn_when_it_changes_and_only_as_it_is_then() -> None:
    async def scene(task: ScreenTask, shown: Shown) -> None:
        for screen in (Screen.SCAN, Screen.PREPARING, Screen.PLUG_IN):
            task.show(CustomerView(screen, 1))
        assert await seen(shown) == "1 plug in"

    play(scene, turn_s=60)


def test_two_evses_take_turns_so_that_each_code_can_be_scanned() -> None:
    async def scene(task: ScreenTask, shown: Shown) -> None:
        for evse in (1, 2):
            task.show(CustomerView(Screen.SCAN, evse))
        assert [await seen(shown) for _ in range(4)] == ["2 scan to charge", "1 scan to charge"] * 2

    play(scene, turn_s=0.05)


def test_an_evse_at_which_something_happens_has_the_display_at_once() -> None:
    async def scene(task: ScreenTask, shown: Shown) -> None:
        for evse in (1, 2):
            task.show(CustomerView(Screen.SCAN, evse))
        assert await seen(shown) == "2 scan to charge"
        task.show(CustomerView(Screen.PLUG_IN, 1))
        assert await seen(shown) == "1 plug in"

    play(scene, turn_s=60)


def test_figures_that_change_elsewhere_take_the_display_from_nobody() -> None:
    async def scene(task: ScreenTask, shown: Shown) -> None:
        task.show(CustomerView(Screen.CHARGING, 1, power_w=7_000))
        task.show(CustomerView(Screen.SCAN, 2))
        assert await seen(shown) == "2 scan to charge"
        task.show(CustomerView(Screen.CHARGING, 1, power_w=7_001))
        task.show(CustomerView(Screen.SCAN, 2, qr_url="another"))
        assert await seen(shown) == "2 scan to charge"

    play(scene, turn_s=60)
