"""The bench: a board, a backend and a station as real processes on real wires, in one work directory.

The station runs through its public entry point (``wattseal run``) with generated site files; only its
billing clock, the vehicle and the meter run ``speed`` times as fast as life.
"""

import asyncio
import json
import secrets
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sim.clients import BoardClient, CsmsClient, png_of
from sim.options import BenchOptions, ExternalCsms
from sim.processes import Child, ProcessFailedError, descendants, kill
from sim.site_files import BESIDE_EACH_OTHER, CONFIG, baudrate_of, board_for, merged, site_for, write_toml
from sim.timeline import WireMarks
from sim.trace import records_in_trace

READY_WITHIN_S = 30.0


class BenchError(RuntimeError):
    """The bench cannot do this; the text says what and why."""


class Bench:
    """A running bench. Start it with `Bench.start`, end it with `stop` (or use it in ``async with``)."""

    def __init__(self, options: BenchOptions) -> None:
        self.options = options
        self.work_dir = options.work_dir.resolve()
        # Not in the work directory: the path of a Unix socket has room for 107 bytes only.
        self.run_dir = Path(tempfile.gettempdir()) / f"wattseal-{secrets.token_hex(4)}"
        self.site_path = self.work_dir / "site.toml"
        self.tariff_path = self.work_dir / "tariff.toml"
        self.state_dir = self.work_dir / "state"
        self.station_log = self.work_dir / "station.log"
        self.frames_path = self.work_dir / "frames.jsonl"
        self.wire = WireMarks(self.frames_path)
        self.pay_url: str | None = None
        self.board = BoardClient(self.run_dir / "board.sock.control")
        self.csms: CsmsClient | None = None
        self.import_wh_at_start = 0.0
        starts_at = options.starts_at or datetime.now(UTC)
        self._site = site_for(options)
        self._anchor_ns = time.monotonic_ns()
        self._anchor_utc_ms = round(starts_at.timestamp() * 1000)
        self._children: dict[str, Child] = {}

    @classmethod
    async def start(cls, options: BenchOptions) -> "Bench":
        """Start board, backend and station; return when the station is in service.

        Raises ProcessFailedError with the failing process' last log lines; nothing is left running then.
        """
        bench = cls(options)
        try:
            await bench._start_all()
        except BaseException:
            await bench.stop()
            raise
        return bench

    async def __aenter__(self) -> "Bench":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End everything, the station first so that it can part from the backend in good order."""
        for name in ("station", "csms", "board"):
            child = self._children.pop(name, None)
            if child is not None:
                await child.stop()
        await self.board.close()
        if self.csms is not None:
            await self.csms.close()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    # -- what can be done to it ----------------------------------------------------------------------------

    async def cut_power(self) -> None:
        """Take the station's power away: all its processes die at once, the board's outputs fall to safe."""
        await self._pop("station").kill()
        for pid_file in self.run_dir.glob("*.pid"):
            pid_file.unlink()

    async def restore_power(self) -> None:
        """Power is back: the station starts with the ledger it had."""
        if "station" in self._children:
            raise BenchError("the station has power; cut it first")
        await self._start_station()

    async def kill_agent(self) -> None:
        """SIGKILL the agent only; supervisor and interlock live on. Raises BenchError if it does not run."""
        station, pid_file = self._station, self.run_dir / "agent.pid"
        named = pid_file.read_text().strip() if pid_file.exists() else ""
        running = [pid for pid in descendants(station.pid) if str(pid) == named]
        if not running:
            raise BenchError("the agent does not run at this moment")
        kill(running)

    async def display_png(self) -> bytes:
        """Return what the display shows as PNG, empty while nothing has been drawn."""
        picture = await self.board.picture()
        return png_of(picture) if picture is not None else b""

    async def boards(self) -> list[dict[str, Any]]:
        """Return what is true at each EVSE of the board, in their order."""
        return [await self.board.state(evse=number) for number in range(1, self.options.evses + 1)]

    async def records(self) -> list[str]:
        """Return the usage records (OCMF texts) that reached the backend, in order."""
        if self.csms is None:
            return records_in_trace(self.frames_path)
        texts = []
        for summary in await self.csms.transactions():
            transaction = await self.csms.transaction(summary["id"])
            texts += [minute["ocmf"] for minute in transaction["minutes"] if minute["ocmf"]]
        return texts

    # -- what is true of it --------------------------------------------------------------------------------

    @property
    def has_power(self) -> bool:
        return "station" in self._children

    @property
    def station_id(self) -> str:
        """The station's OCPP identity."""
        identity: str = self._site["station"]["id"]
        return identity

    def billing_utc_ms(self) -> int:
        """Return the billing clock's time, milliseconds since 1970."""
        return self._anchor_utc_ms + (time.monotonic_ns() - self._anchor_ns) * self.options.speed // 1_000_000

    def local_time(self) -> datetime:
        """Return the billing clock's time where the station is."""
        zone = ZoneInfo(self._site["time_zone"])
        return datetime.fromtimestamp(self.billing_utc_ms() / 1000, zone)

    def check_alive(self) -> None:
        """Raise ProcessFailedError if a process of the bench ended by itself."""
        for child in self._children.values():
            if not child.alive:
                raise child.failure("ended unexpectedly")

    # -- starting ------------------------------------------------------------------------------------------

    async def _start_all(self) -> None:
        self.run_dir.mkdir(mode=0o700)
        self.work_dir.mkdir(parents=True, exist_ok=True)
        self.state_dir.mkdir(exist_ok=True)
        shutil.copyfile(self.options.tariff or CONFIG / self._site["tariff"], self.tariff_path)
        self._write_site()
        await self._start_board()
        self.import_wh_at_start = sum(board["import_wh"] for board in await self.boards())
        if self.options.csms is None:
            await self._start_csms()
            self._write_site()
        await self._start_station()

    async def _start_board(self) -> None:
        options = self.options
        command = ["-m", "sim.board", "--address", str(self.run_dir / "board.sock")]
        command += ["--tty", str(self.run_dir / "tty-meter"), "--watts", str(options.watts), *self._clock()]
        command += ["--evses", str(options.evses), "--meter", options.meter]
        command += ["--baudrate", str(baudrate_of(options.meter))]
        command += ["--phases", str(self._site["evse"][0]["phases"])]
        if options.load is not None:
            command += ["--load", str(options.load.resolve())]
        child = await self._launch("board", command)
        await child.first_line(READY_WITHIN_S)

    async def _start_csms(self) -> None:
        command = ["-m", "sim.csms", "--site", str(self.site_path), "--tariff", str(self.tariff_path)]
        command += ["--ocpp-port", "0", "--pay-port", "0", *self._clock(), "--trace", str(self.frames_path)]
        child = await self._launch("csms", command)
        line = await child.first_line(READY_WITHIN_S)
        urls = json.loads(line)
        self._ocpp_url, self.pay_url = urls["ocpp"], urls["pay"]
        self.csms = CsmsClient(urls["pay"], self.station_id)

    async def _start_station(self) -> None:
        command = ["-m", "firmware", "run", "--config", str(self.site_path)]
        station = await self._launch("station", command)
        station.keep_draining()
        deadline = time.monotonic() + READY_WITHIN_S
        while not await self._in_service():
            if not station.alive:
                raise station.failure("ended before it was in service")
            if time.monotonic() > deadline:
                raise station.failure(f"was not in service within {READY_WITHIN_S:.0f} s")
            await asyncio.sleep(0.05)

    async def _in_service(self) -> bool:
        """Whether the agent runs, draws, and (with our own backend) is connected and has told its status."""
        if not (self.run_dir / "agent.pid").exists() or await self.board.picture() is None:
            return False
        if self.csms is None:
            return True
        stations = [s for s in (await self.csms.state())["stations"] if s["id"] == self.station_id]
        told = self.options.evses
        return any(station["connected"] and len(station["connectors"]) >= told for station in stations)

    async def _launch(self, name: str, command: list[str]) -> Child:
        child = await Child.start(name, command, self.work_dir / f"{name}.log")
        self._children[name] = child
        return child

    @property
    def _station(self) -> Child:
        if "station" not in self._children:
            raise BenchError("the station has no power")
        return self._children["station"]

    def _pop(self, name: str) -> Child:
        if name not in self._children:
            raise BenchError(f"the {name} does not run")
        return self._children.pop(name)

    # -- its files -----------------------------------------------------------------------------------------

    def _clock(self) -> list[str]:
        return [
            *("--rate", str(self.options.speed)),
            *("--anchor-monotonic-ns", str(self._anchor_ns)),
            *("--anchor-utc-ms", str(self._anchor_utc_ms)),
        ]

    def _write_site(self) -> None:
        generated: dict[str, Any] = {"state_dir": str(self.state_dir), "run_dir": str(self.run_dir)}
        if self.options.csms is not None:
            generated["csms"] = {"trace": str(self.frames_path)}
        elif self.pay_url is not None:
            path = "/pay/{chargingstationid}/{evse}?totp={totp}&v={version}"
            generated["csms"] = {"url": self._ocpp_url}
            generated["web_payments"] = {"url_template": self.pay_url + path}
        write_toml(self.site_path, merged(self._site, {**BESIDE_EACH_OTHER, **generated}))
        write_toml(self.work_dir / "board.toml", self._board())

    def _board(self) -> dict[str, Any]:
        clock = {
            "source": "scaled",
            "rate": self.options.speed,
            "anchor_monotonic_ns": self._anchor_ns,
            "anchor_utc_ms": self._anchor_utc_ms,
        }
        line = {"meter": {"device": str(self.run_dir / "tty-meter")}}
        address = str(self.run_dir / "board.sock")
        return merged(board_for(self.options), {"address": address, "clock": clock, "serial": line})


__all__ = ["Bench", "BenchError", "BenchOptions", "ExternalCsms", "ProcessFailedError"]
