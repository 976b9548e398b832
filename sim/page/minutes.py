"""The sealed minutes of the newest charge as a table; a row opens its OCMF text."""

import html
import json
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from sim.page.moment import Moment
from sim.page.words import KINDS, local_time, stamp_ms

Json = dict[str, Any]
HEADINGS = ("Record", "Time", "", "Register kWh", "Minute", "Sum", "Seal")


class Minutes:
    """One tab's table, newest minute first."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._transaction: str | None = None
        self._rows: list[tuple[ui.html, Json]] = []
        with ui.element("div").classes("card-title"):
            ui.label("Sealed minutes")
            self._count = ui.label("none yet").classes("quiet").props('data-testid="minutes-count"')
        with ui.element("div").classes("table-scroll"), ui.element("table").classes("minutes"):
            headings = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
            ui.html(f"<tr>{headings}</tr>", sanitize=False, tag="thead")
            self._body = ui.element("tbody")
        with ui.dialog() as self._dialog, ui.card().classes("record"):
            self._title = ui.label().classes("record-title")
            self._verdict = ui.label().classes("quiet")
            self._payload = ui.html("", sanitize=False, tag="pre")
            ui.label("As signed, byte for byte").classes("quiet")
            self._text = ui.html("", sanitize=False, tag="pre").classes("raw")

    def show(self, now: Moment) -> None:
        """Add the minutes that came; what stands already is sent again only if it changed."""
        transaction = (now.transaction or {}).get("id")
        if transaction != self._transaction:
            self._transaction = transaction
            self._rows.clear()
            self._body.clear()
        for index, minute in enumerate(now.minutes):
            if index == len(self._rows):
                self._add(minute)
            elif self._rows[index][1] != minute:
                self._rows[index][0].set_content(self._cells(minute))
                self._rows[index] = (self._rows[index][0], minute)
        self._show_count(now)

    def _show_count(self, now: Moment) -> None:
        verdicts = [minute["verified"] for minute in now.minutes]
        text = f"{sum(map(bool, verdicts))} of {len(verdicts)} seals verified by the backend"
        if None in verdicts:
            text = f"{len(verdicts)} sealed and sent"
        self._count.set_text(text if verdicts else "none yet")

    def _add(self, minute: Json) -> None:
        index = len(self._rows)
        with self._body:
            row = ui.html(self._cells(minute), sanitize=False, tag="tr")
        row.on("click", lambda: self._open(index))
        row.move(self._body, target_index=0)
        self._rows.append((row, minute))

    def _cells(self, minute: Json) -> str:
        when = f"{local_time(stamp_ms(minute['at']), self._zone):%H:%M:%S}"
        kind = KINDS.get(str(minute.get("kind")), str(minute.get("kind")))
        look = {True: "seal", None: "seal unchecked"}.get(minute["verified"], "seal broken")
        seal = f'<i class="{look}" title="{html.escape(minute.get("why") or "verified")}"></i>'
        texts = (
            f"T{minute.get('page')}",
            when,
            kind,
            minute.get("import_kwh"),
            minute.get("minute_cost"),
            minute.get("cost"),
        )
        return "".join(f"<td>{html.escape(str(text))}</td>" for text in texts) + f"<td>{seal}</td>"

    def _open(self, index: int) -> None:
        minute = self._rows[index][1]
        text = str(minute.get("ocmf") or "")
        parts = text.split("|", 2)
        payload = json.dumps(json.loads(parts[1]), indent=1, ensure_ascii=False) if len(parts) == 3 else ""
        self._title.set_text(f"Record T{minute.get('page')}, {KINDS.get(str(minute.get('kind')), 'record')}")
        verified = (
            "seal, chain and price verified by the backend" if minute.get("verified") else minute.get("why")
        )
        self._verdict.set_text(str(verified or "not verified"))
        self._payload.set_content(html.escape(payload))
        self._text.set_content(html.escape(text))
        self._dialog.open()
