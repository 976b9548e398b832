"""The backend's view: connection, connector, transaction and receipt, and the alarms it was told of."""

import html
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from sim.page.moment import Moment
from sim.page.words import local_time, milliseconds, money, stamp_ms

Json = dict[str, Any]


class Backend:
    """One tab's view of what the backend knows."""

    def __init__(self, currency: str, *, external: str) -> None:
        self._currency = currency
        self._external = external
        self._rows: dict[str, ui.label] = {}
        with ui.element("div").classes("card-title"):
            ui.label("Backend")
            self._online = ui.label().classes("badge").props('data-testid="online"')
        with ui.element("div").classes("facts"):
            for name in ("Connector", "Charge", "Paid for", "Stopped by"):
                ui.label(name).classes("quiet")
                self._rows[name] = ui.label("–").props(f'data-testid="backend-{name.split()[0].lower()}"')
        self._receipt = ui.html("", sanitize=False).classes("receipt").props('data-testid="receipt"')

    def show(self, now: Moment) -> None:
        """Bring the view up to date."""
        self._show_online(now)
        transaction = now.transaction or {}
        self._rows["Connector"].set_text(now.connector or "–")
        identity = str(transaction.get("id") or "")
        state = f"{transaction.get('state')} · {identity[:8]}" if identity else "–"
        self._rows["Charge"].set_text(state)
        self._rows["Paid for"].set_text(self._limit(transaction.get("limit")))
        self._rows["Stopped by"].set_text(str(transaction.get("stopped_reason") or "–"))
        self._receipt.set_content(_receipt(now))

    def _show_online(self, now: Moment) -> None:
        if self._external:
            text, online = "external", True
        else:
            online = bool(now.station.get("connected"))
            text = f"online · OCPP {now.station.get('version', '')}" if online else "offline"
        self._online.set_text(text.replace("ocpp", "").rstrip(" ·"))
        self._online.classes(replace="badge good" if online else "badge bad")

    def _limit(self, limit: Json | None) -> str:
        if not limit:
            return "–"
        if "maxTime" in limit:
            return f"{int(limit['maxTime']) // 60} minutes"
        if "maxCost" in limit:
            return f"{money(limit['maxCost'], self._currency)} at most"
        return ", ".join(f"{key} {value}" for key, value in limit.items())


class Alarms:
    """One tab's alarm list, newest first."""

    def __init__(self, zone: ZoneInfo, *, external: str) -> None:
        self._zone = zone
        self._none = "Only the external backend knows." if external else "The backend was told of none."
        self._quiet = "unknown" if external else "all clear"
        self._shown: tuple[Json, ...] | None = None
        with ui.element("div").classes("card-title"):
            ui.label("Alarms")
            self._count = ui.label().classes("badge")
        self._list = ui.html("", sanitize=False, tag="ul").classes("alarms").props('data-testid="alarms"')

    def show(self, now: Moment) -> None:
        """Bring the list up to date."""
        if now.alarms == self._shown:
            return
        self._shown = now.alarms
        standing: dict[Any, bool] = {}
        for alarm in now.alarms:
            standing[alarm.get("fault") or alarm.get("code")] = bool(alarm.get("active"))
        active = sum(standing.values())
        self._count.set_text(f"{active} active" if active else self._quiet)
        self._count.classes(replace="badge bad" if active else "badge good")
        rows = "".join(self._row(alarm) for alarm in reversed(now.alarms[-30:]))
        self._list.set_content(rows or f'<li class="quiet">{self._none}</li>')

    def _row(self, alarm: Json) -> str:
        when = f"{local_time(stamp_ms(alarm['at']), self._zone):%H:%M}"
        state = "active" if alarm.get("active") else "cleared"
        text = html.escape(str(alarm.get("text") or alarm.get("fault") or ""))
        code = html.escape(str(alarm.get("code") or ""))
        return f'<li class="{state}"><b>{when}</b><span>{text}<em>{code or state}</em></span></li>'


class Waits:
    """The three waits a driver feels, in real time."""

    def __init__(self) -> None:
        self._values: dict[str, ui.label] = {}
        names = {"scan_to_unlock_ms": "scan → unlocked", "plug_to_power_ms": "plug → power",
                 "end_to_settled_ms": "end → settled"}  # fmt: skip
        with ui.element("div").classes("waits"):
            for key, name in names.items():
                with ui.element("div"):
                    self._values[key] = ui.label("–").classes("value").props(f'data-testid="{key}"')
                    ui.label(name).classes("quiet")

    def show(self, now: Moment) -> None:
        """Bring the figures up to date."""
        for key, label in self._values.items():
            label.set_text(milliseconds(now.timeline.get(key)))


def _receipt(now: Moment) -> str:
    receipt = now.receipt
    if not receipt:
        return '<p class="quiet">The receipt comes the moment charging ends.</p>'
    text = html.escape(str(receipt.get("charged_text") or "Nothing was charged"))
    facts = (
        f"{float(receipt.get('energy_wh') or 0) / 1000:.3f} kWh · {receipt.get('minutes', 0)} usage records"
    )
    problems = "; ".join(map(str, receipt.get("problems") or ()))
    verdict = {True: "every seal verified", None: "seals not checked here"}
    seals = verdict.get(receipt.get("verified"), html.escape(problems or "not verified"))
    wait = now.timeline.get("end_to_settled_ms")
    settled = f"settled {milliseconds(wait)} after the end" if receipt.get("settled") else "not settled"
    if receipt.get("verified") is None and wait is not None:
        settled = f"acknowledged {milliseconds(wait)} after the end"
    return f"<h3>{text}</h3><p>{facts}</p><p>{seals}</p><p>{settled}</p>"
