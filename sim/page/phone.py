"""The driver's phone: scans the code off the drawn display and opens the real pay page in its frame."""

import asyncio
import json
from urllib.parse import urlsplit

from nicegui import ui

from sim.bench import Bench
from sim.camera import NothingToScanError, url_on
from sim.page.moment import Moment


class Phone:
    """One tab's phone."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        with ui.element("div").classes("phone"):
            with ui.element("div").classes("phone-top"):
                self._clock = ui.label("--:--")
                ui.element("i").classes("notch")
                ui.icon("signal_cellular_alt")
            with ui.element("div").classes("address"):
                ui.icon("public")
                self._address = ui.label("nothing scanned yet")
            with ui.element("div").classes("glass"):
                self._frame = ui.element("iframe").props('title="pay page" data-testid="phone"')
                with ui.element("div").classes("camera") as self._camera:
                    ui.element("div").classes("viewfinder")
                    ui.label("Scan the code on the charger").classes("camera-title")
                    ui.label("then choose, confirm, plug in").classes("quiet")
            self._frame.set_visibility(False)
            with ui.element("button").classes("scan").props('data-testid="scan"') as scan:
                ui.icon("qr_code_scanner")
                self._scan_text = ui.label("Scan")
            scan.on("click", self._scan)

    def show(self, now: Moment, clock: str) -> None:
        """Bring the phone's own clock up to date."""
        self._clock.set_text(clock)

    async def _scan(self) -> None:
        try:
            url = await asyncio.to_thread(url_on, await self._bench.display_png())
        except NothingToScanError as error:
            ui.notify(f"{error}: a code is shown while the charger is free".capitalize(), position="top")
            return
        except OSError as error:
            ui.notify(f"The display cannot be seen: {error}", type="negative", position="top")
            return
        self._open(url)

    def _open(self, url: str) -> None:
        parts = urlsplit(url)
        self._address.set_text(f"{parts.netloc}{parts.path}")
        self._camera.set_visibility(False)
        self._frame.set_visibility(True)
        self._scan_text.set_text("Scan again")
        ui.run_javascript(f"document.getElementById('c{self._frame.id}').src = {json.dumps(url)}")
