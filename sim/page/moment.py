"""What the page shows: one moment of the bench, gathered once for all open tabs."""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from sim.bench import Bench, ProcessFailedError
from sim.clients import BackendRefusedError, BoardRefusedError, png_of
from sim.page.outside import OutsideBooks
from sim.timeline import charge_marks, waits

Json = dict[str, Any]
LOOK_EVERY_S = 0.33
PICTURE_FOR_S = 2.0
"""The display is photographed while somebody looks, and so much longer."""
HISTORY = 600
"""Power samples kept; when there are more, every second one goes."""


@dataclass(frozen=True)
class Moment:
    """One moment. ``board`` and ``station`` are empty, and ``trouble`` says why, when they do not answer."""

    billing_utc_ms: int
    has_power: bool
    board: Json = field(default_factory=dict)
    station: Json = field(default_factory=dict)
    transaction: Json | None = None
    alarms: tuple[Json, ...] = ()
    timeline: Json = field(default_factory=dict)
    picture: str = ""
    trouble: str = ""

    @property
    def connector(self) -> str:
        """The connector's status as the backend was told, "" when it was told none."""
        connectors = self.station.get("connectors") or [{}]
        return str(connectors[0].get("status", ""))

    @property
    def receipt(self) -> Json:
        """The newest charge's receipt once it has ended, else empty."""
        receipt: Json = (self.transaction or {}).get("receipt") or {}
        ended = receipt.get("ended_received_ns") or receipt.get("settled")
        return receipt if ended else {}

    @property
    def minutes(self) -> list[Json]:
        return list((self.transaction or {}).get("minutes") or ())

    @property
    def light(self) -> str:
        """The status light: dark, fault, charging, done, busy or free."""
        if not self.has_power:
            return "dark"
        if self.connector in ("Faulted", "Unavailable") or self.board.get("emergency_stop"):
            return "fault"
        if self.board.get("contactor_closed") and self.board.get("watts", 0) > 0:
            return "charging"
        if self.receipt and self.board.get("plugged"):
            return "done"
        busy = self.board.get("plugged") or self.connector in ("Occupied", "Reserved")
        return "busy" if busy or self.board.get("lock") == "released" else "free"

    @property
    def hint(self) -> str:
        """What the driver does next with the connector: plug_in, unplug, or "" for nothing."""
        if self.light == "done":
            return "unplug"
        waits = self.board.get("lock") == "released" and not self.board.get("plugged") and not self.receipt
        return "plug_in" if waits and self.has_power else ""


class Lookout:
    """Looks at the bench three times a second and keeps the newest `Moment`, picture and power curve."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.now = Moment(bench.billing_utc_ms(), bench.has_power)
        self.picture_png = b""
        self.power: list[tuple[int, float]] = []
        self._outside = OutsideBooks(bench.frames_path)
        self._pixels = b""
        self._picture_wanted_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(self._go_on_looking())

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def picture_wanted(self) -> None:
        """Somebody looks at the display."""
        self._picture_wanted_at = time.monotonic()

    async def look(self) -> None:
        """Take in one moment; what does not answer is missing and named in ``trouble``."""
        try:
            self.now = replace(await self._gather(), trouble=self._failure())
        except (OSError, httpx.HTTPError, BoardRefusedError, BackendRefusedError) as error:
            trouble = f"a part of the bench does not answer: {error or type(error).__name__}"
            self.now = Moment(self.bench.billing_utc_ms(), self.bench.has_power, trouble=trouble)
        self._remember_power()

    async def _go_on_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def _failure(self) -> str:
        """Say which process ended by itself, "" while all live."""
        try:
            self.bench.check_alive()
        except ProcessFailedError as error:
            return str(error).splitlines()[0]
        return ""

    async def _gather(self) -> Moment:
        bench = self.bench
        board = await bench.board.state()
        await self._photograph()
        facts = (bench.billing_utc_ms(), bench.has_power, board)
        if bench.csms is None:
            newest, timeline = self._outside.newest(), self._waits(None)
            return Moment(*facts, transaction=newest, timeline=timeline, picture=self._version())
        state = await bench.csms.state()
        station: Json = next((s for s in state["stations"] if s["id"] == bench.station_id), {})
        summaries = state["transactions"]
        newest = await bench.csms.transaction(summaries[-1]["id"]) if summaries else None
        alarms = tuple(state["alarms"])
        return Moment(*facts, station, newest, alarms, self._waits(newest), self._version())

    def _waits(self, newest: Json | None) -> Json:
        csms = self.bench.csms
        marks = charge_marks(self.bench.board.seen, self.bench.wire.read_on(), csms.paid_ns if csms else [])
        if csms is not None:
            marks["settled"] = ((newest or {}).get("receipt") or {}).get("settled_ns")
        return waits(marks)

    async def _photograph(self) -> None:
        if time.monotonic() - self._picture_wanted_at > PICTURE_FOR_S:
            return
        picture = await self.bench.board.picture() if self.bench.has_power else None
        pixels = picture.tobytes() if picture is not None else b""
        if pixels != self._pixels:
            self._pixels = pixels
            self.picture_png = await asyncio.to_thread(png_of, picture) if picture is not None else b""

    def _version(self) -> str:
        return hashlib.sha256(self.picture_png).hexdigest()[:12] if self.picture_png else ""

    def _remember_power(self) -> None:
        watts = float(self.now.board.get("watts", 0)) if self.now.board.get("contactor_closed") else 0.0
        self.power.append((self.now.billing_utc_ms, watts))
        if len(self.power) > HISTORY:
            del self.power[: HISTORY // 2 : 2]
