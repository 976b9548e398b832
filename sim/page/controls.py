"""The hands at the bench: plug, vehicle, and all that can go wrong, as buttons that show what is true."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from nicegui import ui

from sim.bench import Bench, BenchError, ProcessFailedError
from sim.clients import BackendRefusedError, BoardRefusedError
from sim.page.moment import Lookout, Moment
from sim.page.toggles import COMMON, EMERGENCY, FULL, PLUG, READY, SELDOM, Toggle

Act = Callable[[], Awaitable[object]]
_AT: Any = {"position": "top"}


class Controls:
    """One tab's buttons; `show` sets each to what is true."""

    def __init__(self, bench: Bench, lookout: Lookout) -> None:
        self._bench = bench
        self._lookout = lookout
        self._buttons: dict[str, tuple[Toggle, ui.element, ui.label]] = {}
        self._watts = bench.options.watts
        with ui.element("div").classes("controls"):
            with _row("Vehicle"):
                self._add(PLUG, "chip plug")
                with ui.element("div").classes("segments"):
                    self._add(READY, "chip vehicle")
                    self._add(FULL, "chip vehicle")
                self._add_load()
            with _row("Trouble"):
                for toggle in COMMON:
                    self._add(toggle, "chip trouble")
                with ui.element("button").classes("chip trouble") as kill:
                    ui.icon("heart_broken")
                    ui.label("Kill agent")
                kill.props('title="kill -9 of the agent; the interlock lives on" data-testid="kill-agent"')
                kill.on("click", self._kill_agent)
                self._add_seldom()

    def show(self, now: Moment) -> None:
        """Set every toggle to what is true now."""
        for toggle, button, label in self._buttons.values():
            on = toggle.is_on(now)
            label.set_text(toggle.on if on else toggle.off)
            if ("on" in button.classes) != on:
                button.classes(add="on") if on else button.classes(remove="on")
        plug = self._buttons["plug"][1]
        if ("wanted" in plug.classes) != bool(now.hint):
            plug.classes(add="wanted") if now.hint else plug.classes(remove="wanted")

    async def press_emergency_stop(self) -> None:
        """The drawn mushroom does what the chip does."""
        await self._flip(EMERGENCY)

    async def run(self, act: Act) -> bool:
        """Do something to the bench; when it cannot be done, say why. Returns whether it was done."""
        done = False
        try:
            await act()
            done = True
        except (BoardRefusedError, BackendRefusedError, BenchError) as error:
            ui.notify(f"Not now: {error}", type="warning", **_AT)
        except (OSError, httpx.HTTPError, ProcessFailedError) as error:
            ui.notify(f"The bench does not answer: {error}", type="negative", **_AT)
        await self._lookout.look()
        return done

    async def _kill_agent(self) -> None:
        if await self.run(self._bench.kill_agent):
            ui.notify(
                "The agent is dead. Charging goes on under its lease; the supervisor starts it again.", **_AT
            )

    def _add(self, toggle: Toggle, classes: str) -> None:
        with ui.element("button").classes(classes) as button:
            ui.icon(toggle.icon)
            label = ui.label(toggle.off)
        button.props(f'title="{toggle.explains}" data-testid="{toggle.name}"')
        button.on("click", lambda: self._flip(toggle))
        self._buttons[toggle.name] = (toggle, button, label)

    async def _flip(self, toggle: Toggle) -> None:
        switch = toggle.switch_off if toggle.is_on(self._lookout.now) else toggle.switch_on
        own: dict[str, Act] = {"cut_power": self._bench.cut_power, "restore_power": self._bench.restore_power}
        await self.run(
            own.get(switch.action, lambda: self._bench.board.do(switch.action, **switch.arguments))
        )

    def _add_seldom(self) -> None:
        """What is needed now and then lies in a dialog behind one button."""
        with ui.dialog() as dialog, ui.card().classes("seldom"):
            for title, toggles in SELDOM.items():
                ui.label(title).classes("seldom-title")
                with ui.element("div").classes("control-row"):
                    for toggle in toggles:
                        self._add(toggle, "chip trouble")
        with ui.element("button").classes("chip") as more:
            ui.icon("more_horiz")
            ui.label("More")
        more.props('title="Whatever else can go wrong" data-testid="more"')
        more.on("click", dialog.open)

    def _add_load(self) -> None:
        with ui.element("div").classes("load"):
            self._load_text = ui.label(f"draws {self._watts / 1000:.1f} kW")
            slider = ui.slider(min=0, max=22_000, step=100, value=self._watts).props("dense")
            slider.on_value_change(lambda e: self._load_text.set_text(f"draws {e.value / 1000:.1f} kW"))
            slider.on("change", lambda e: self._set_load(e.args))

    async def _set_load(self, watts: Any) -> None:
        await self.run(lambda: self._bench.board.do("set_load", watts=int(watts)))


def _row(title: str) -> ui.element:
    row = ui.element("div").classes("control-row")
    with row:
        ui.label(title).classes("row-title")
    return row
