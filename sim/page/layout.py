"""One tab of the bench page: header, charger, phone, chart, minutes, backend."""

import tomllib
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import context, ui

from sim.bench import Bench
from sim.page.backend import Alarms, Backend, Waits
from sim.page.chart import Chart
from sim.page.controls import Controls
from sim.page.minutes import Minutes
from sim.page.moment import Lookout
from sim.page.phone import Phone
from sim.page.scene import Scene
from sim.page.words import local_time

REFRESH_S = 0.33
SEAL = (
    '<svg viewBox="0 0 22 22" width="26" height="26"><rect width="22" height="22" rx="5" fill="#c5402e"/>'
    '<path d="M4.5 6 L8 16.5 L11 8.5 L14 16.5 L17.5 6" fill="none" stroke="#fff" stroke-width="2.1" '
    'stroke-linejoin="round" stroke-linecap="round"/></svg>'
)


class Tab:
    """Everything in one browser tab."""

    def __init__(self, bench: Bench, lookout: Lookout) -> None:
        self._lookout = lookout
        site = tomllib.loads(bench.site_path.read_text())
        self._zone, currency = ZoneInfo(site["time_zone"]), str(site["currency"])
        ui.add_head_html('<link rel="stylesheet" href="/assets/bench.css">')
        ui.colors(primary="#0f7b6c")
        ui.query("body").classes("wattseal")
        self._build_header(bench, site)
        with ui.element("main").classes("bench"):
            self._build_charger(bench, site)
            self._build_phone(bench)
            self._build_books(bench, currency)
        ui.timer(REFRESH_S, self.show)

    def show(self) -> None:
        """Bring the whole tab up to date with the newest moment."""
        self._lookout.picture_wanted()
        now = self._lookout.now
        at = local_time(now.billing_utc_ms, self._zone)
        self._clock.set_text(f"{at:%a %-d %b %Y  %H:%M:%S}")
        self._trouble.set_text(now.trouble)
        self._phone.show(now, f"{at:%H:%M}")
        for part in (
            self._scene,
            self._controls,
            self._chart,
            self._minutes,
            self._backend,
            self._alarms,
            self._waits,
        ):
            part.show(now)

    def _build_header(self, bench: Bench, site: dict[str, Any]) -> None:
        with ui.element("header").classes("top"):
            ui.html(SEAL, sanitize=False).classes("mark")
            ui.label("Wattseal").classes("wordmark")
            operator = site["operator"]
            with ui.element("div").classes("station"):
                ui.label(f"{operator['name']} · charger {site['station']['label']}")
                ui.label(f"{operator.get('name_en', '')} · {bench.station_id}").classes("quiet")
            self._trouble = ui.label().classes("trouble-text")
            with ui.element("div").classes("clock"):
                self._clock = ui.label().props('data-testid="clock"')
                ui.label(f"billing clock, {bench.options.speed}× life").classes("quiet")
            ui.link("API", "/docs").classes("api-link")

    def _build_charger(self, bench: Bench, site: dict[str, Any]) -> None:
        evse = site["evse"][0]
        rating = f"AC {evse['phases']} × {evse['max_current_a']} A"
        with ui.element("section").classes("charger"):
            with ui.element("div").classes("card scene-card"):
                self._scene = Scene(str(site["station"]["label"]), rating, self._press_emergency_stop)
            with ui.element("div").classes("card"):
                self._controls = Controls(bench, self._lookout)

    async def _press_emergency_stop(self) -> None:
        await self._controls.press_emergency_stop()

    def _build_phone(self, bench: Bench) -> None:
        with ui.element("section").classes("driver"):
            self._phone = Phone(bench)
            with ui.element("div").classes("card"):
                self._waits = Waits()

    def _build_books(self, bench: Bench, currency: str) -> None:
        external = bench.options.csms.url if bench.options.csms else ""
        with ui.element("section").classes("books"):
            with ui.element("div").classes("card chart-card"):
                self._chart = Chart(self._lookout, self._zone, currency)
            with ui.element("div").classes("card minutes-card"):
                self._minutes = Minutes(self._zone)
            with ui.element("div").classes("pair"):
                with ui.element("div").classes("card"):
                    self._backend = Backend(currency, external=external)
                with ui.element("div").classes("card"):
                    self._alarms = Alarms(self._zone, external=external)


def build(bench: Bench, lookout: Lookout) -> Tab:
    """Build one tab for the client of this request."""
    context.client.content.classes(remove="nicegui-content", add="page")
    return Tab(bench, lookout)
