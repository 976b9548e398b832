"""The charger as a drawing: post with its live display, status light, connector, cable, and the vehicle."""

import html
from collections.abc import Awaitable, Callable
from pathlib import Path

from nicegui import ui

from sim.page.moment import Moment
from sim.page.words import kwh

DRAWING = (Path(__file__).parent / "static" / "scene.svg").read_text()
DARK = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
LIGHTS = {
    "dark": "No power",
    "fault": "Out of service",
    "charging": "Charging",
    "done": "Charged",
    "busy": "In use",
    "free": "Free",
}


class Scene:
    """One tab's drawing; `show` brings it up to date."""

    def __init__(self, label: str, rating: str, emergency_stop: Callable[[], Awaitable[None]]) -> None:
        with ui.element("div").classes("view"), ui.element("div").classes("scene") as self._scene:
            ui.html(
                DRAWING.replace("{label}", html.escape(label)).replace("{rating}", html.escape(rating)),
                sanitize=False,
            ).classes("drawing")
            self._display = ui.element("img").classes("display").props(f'src="{DARK}" alt="display"')
            self._display.on("click", self._enlarge)
            with ui.element("button").classes("mushroom").props('title="Emergency stop"') as mushroom:
                ui.element("span")
            mushroom.on("click", emergency_stop)
            with ui.element("div").classes("light-text"):
                self._light = ui.label()
            with ui.element("div").classes("battery"):
                ui.element("i")
                self._energy = ui.label()
                self._power = ui.label().classes("quiet")
        with ui.dialog() as self._large, ui.card().classes("large-display"):
            self._large_image = ui.element("img").props(f'src="{DARK}"')
        with ui.element("dl").classes("readings"):
            self._readings = {name: _reading(name) for name in _READINGS}
        self._plugged_at_wh: float | None = None
        self._classes = ""
        self._source = DARK

    def show(self, now: Moment) -> None:
        """Bring the drawing up to date; only what changed is sent."""
        board = now.board
        self._show_classes(now)
        self._show_display(f"/display/{now.picture}.png" if now.picture and now.has_power else DARK)
        self._light.set_text(LIGHTS[now.light])
        self._show_battery(now)
        for name, label in self._readings.items():
            label.set_text(_READINGS[name](board) if board else "–")

    def _show_classes(self, now: Moment) -> None:
        board = now.board
        flags = {
            "plugged": board.get("plugged"),
            "flowing": now.light == "charging",
            "pressed": board.get("emergency_stop"),
            "full": board.get("full"),
        }
        wanted = " ".join(["scene", f"light-{now.light}", *(name for name, on in flags.items() if on)])
        if wanted != self._classes:
            self._classes = wanted
            self._scene.classes(replace=wanted)

    def _show_display(self, source: str) -> None:
        if source == self._source:
            return
        self._source = source
        for image in (self._display, self._large_image):
            image.props["src"] = source

    def _show_battery(self, now: Moment) -> None:
        board = now.board
        register = float(board.get("import_wh", 0))
        if not board.get("plugged"):
            self._plugged_at_wh = None
            self._energy.set_text("Vehicle")
            self._power.set_text("not plugged in")
            return
        if self._plugged_at_wh is None:
            begin = now.minutes[0].get("import_kwh") if now.minutes and not now.receipt else None
            self._plugged_at_wh = float(begin) * 1000 if begin is not None else register
        self._energy.set_text(f"+{kwh(register - self._plugged_at_wh, 2)} kWh")
        watts = float(board.get("watts", 0)) if now.light == "charging" else 0.0
        self._power.set_text("full" if board.get("full") else f"{watts / 1000:.1f} kW")

    def _enlarge(self) -> None:
        self._large.open()


def _reading(name: str) -> ui.label:
    with ui.element("div"):
        with ui.element("dt"):
            ui.label(name)
        with ui.element("dd"):
            return ui.label("–").props(f'data-testid="reading-{name.lower()}"')


_READINGS: dict[str, Callable[[dict[str, object]], str]] = {
    "Pilot": lambda board: str(board.get("pilot", "–")),
    "Offered": lambda board: f"{float(str(board.get('limit_a') or 0)):.0f} A",
    "Contactor": lambda board: "closed" if board.get("contactor_closed") else "open",
    "Lock": lambda board: str(board.get("lock", "–")),
    "Register": lambda board: f"{float(str(board.get('import_wh') or 0)) / 1000:.3f} kWh",
}
