"""A bench without processes, for the page and its API: same methods as `sim.bench.Bench`, state in dicts."""

import asyncio
import io
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import qrcode
from fastapi import FastAPI
from PIL import Image, ImageDraw

from sim import api
from sim.bench import BenchError, BenchOptions, ProcessFailedError
from sim.clients import BackendRefusedError, BoardRefusedError
from sim.timeline import WireMarks

Json = dict[str, Any]
CONFIG = Path(__file__).parents[3] / "config"
START = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


class FakeBoard:
    """Does what the simulated board does to its state, without physics."""

    def __init__(self, pay_url: str) -> None:
        self.pay_url = pay_url
        self.gone = False
        self.seen: dict[str, list[int]] = {}
        self.truth: Json = {
            "pilot": "A", "plugged": False, "ready": True, "full": False, "contactor_closed": False,
            "lock": "locked",
            "duty_e4": 10000, "limit_a": 0, "watts": 0.0, "import_wh": 1_204_518.3, "emergency_stop": False,
            "meter": "ok", "defects": [], "marks": {},
        }  # fmt: skip

    async def do(self, action: str, *, evse: int = 1, **arguments: Any) -> Json:
        if self.gone:
            raise ConnectionRefusedError("the simulated board closed its control socket")
        truth = self.truth
        if action == "plug_in" and truth["plugged"]:
            raise BoardRefusedError("already plugged in")
        changes: dict[str, Json] = {
            "plug_in": {"plugged": True, "pilot": "B"},
            "unplug": {"plugged": False, "pilot": "A"},
            "ready": {"ready": True, "full": False},
            "full": {"full": True},
            "press_emergency_stop": {"emergency_stop": True, "contactor_closed": False, "watts": 0.0},
            "release_emergency_stop": {"emergency_stop": False},
            "silence_meter": {"meter": "silent"},
            "junk_meter": {"meter": "junk"},
            "revive_meter": {"meter": "ok"},
            "weld_contactor": {"defects": ["contactor_welded"]},
            "unweld_contactor": {"defects": []},
            "jam_lock": {"defects": ["lock_jammed"]},
            "free_lock": {"defects": []},
            "set_load": {"watts": float(arguments.get("watts", 0))},
            "state": {},
        }
        truth.update(changes[action])
        return dict(truth)

    async def state(self, *, evse: int = 1) -> Json:
        return await self.do("state")

    def seen_at(self, evse: int) -> dict[str, list[int]]:
        return self.seen if evse == 1 else {}

    async def picture(self) -> Image.Image | None:
        picture = Image.new("RGB", (800, 480), "#f7f7f2")
        code = qrcode.make(self.pay_url, box_size=7, border=2).convert("RGB")
        picture.paste(code, (40, 60))
        ImageDraw.Draw(picture).text(
            (460, 200), f"{self.truth['pilot']} {self.truth['watts']} W", fill="black"
        )
        return picture


class FakeCsms:
    """Books that a test fills."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.paid_ns: list[int] = []
        self.connected = True
        self.status = "Available"
        self.books: list[Json] = []
        self.alarms: list[Json] = []

    async def state(self) -> Json:
        connectors = [{"evse": 1, "status": self.status}]
        station = {
            "id": "chu-003",
            "connected": self.connected,
            "version": "ocpp2.1",
            "connectors": connectors,
        }
        summaries = [{"id": charge["id"]} for charge in self.books]
        return {"stations": [station], "transactions": summaries, "alarms": list(self.alarms)}

    async def transactions(self) -> list[Json]:
        return [{"id": charge["id"], "evse": 1} for charge in self.books]

    async def transaction(self, transaction_id: str) -> Json:
        found = [charge for charge in self.books if charge["id"] == transaction_id]
        if not found:
            raise BackendRefusedError(f"/api/transactions/{transaction_id}: 404 not known")
        return found[0]

    async def pay(self, *, minutes: int | None = None, amount: int | None = None, evse: int = 1) -> Json:
        self.paid_ns.append(time.monotonic_ns())
        if minutes not in (60, 120, 180) and amount not in (10, 20, 30):
            raise BackendRefusedError("this is not offered here")
        charge = {
            "id": f"charge-{len(self.books) + 1}", "station": "chu-003", "evse": 1, "payment": "psp-1",
            "limit": {"maxTime": minutes * 60} if minutes else {"maxCost": amount}, "state": "started",
            "stopped_reason": None, "minutes": [], "receipt": None,
        }  # fmt: skip
        self.books.append(charge)
        return {"payment": "psp-1", "transaction_id": charge["id"], "error": None}

    async def stop(self, transaction_id: str | None = None) -> Json:
        self.books[-1]["state"] = "ended"
        return {"status": "Accepted"}

    def seal_minutes(self, count: int, wh: float = 120.0, cost: float = 0.194) -> None:
        """Put ``count`` verified minutes into the newest charge."""
        charge = self.books[-1]
        for number in range(len(charge["minutes"]), count + 1):
            at = START + timedelta(minutes=number)
            charge["minutes"].append({
                "page": number + 1, "at": at.isoformat(timespec="milliseconds"),
                "kind": "C" if number else "B", "import_kwh": f"{1204.5183 + number * wh / 1000:.4f}",
                "energy_wh": number * wh, "cost": f"{0.5 + number * cost:.4f}" if number else "0.0000",
                "minute_cost": f"{cost:.4f}" if number else "0.0000", "verified": True, "why": "",
                "ocmf": f'OCMF|{{"FV":"1.3","PG":"T{number + 1}","CI":"楚氏"}}|{{"SD":"3045"}}',
            })  # fmt: skip

    def settle(self) -> None:
        """End the newest charge with a receipt."""
        minutes = self.books[-1]["minutes"]
        self.books[-1]["state"] = "settled"
        self.books[-1]["stopped_reason"] = "TimeLimitReached"
        self.books[-1]["receipt"] = {
            "energy_wh": minutes[-1]["energy_wh"], "total": "12.14", "currency": "CNY",
            "minutes": len(minutes) - 1,
            "settled": True, "verified": True, "problems": [], "charged_text": "Wattseal has charged ¥12.14",
            "ended_received_ns": 1, "settled_ns": 2,
        }  # fmt: skip


class FakeBench:
    """Stands in for `Bench` where no process is needed."""

    def __init__(self, work_dir: Path, pay_url: str = "http://127.0.0.1:9/pay/chu-003/1?totp=x&v=1") -> None:
        self.options = BenchOptions(work_dir=work_dir)
        self.site_path = work_dir / "site.toml"
        shutil.copyfile(CONFIG / "site.example.toml", self.site_path)
        self.frames_path = work_dir / "frames.jsonl"
        self.wire = WireMarks(self.frames_path)
        self.station_id = "chu-003"
        self.has_power = True
        self.board = FakeBoard(pay_url)
        self.csms: FakeCsms | None = FakeCsms("http://127.0.0.1:9")
        self.failure = ""
        self._began = time.monotonic()

    def billing_utc_ms(self) -> int:
        return round(START.timestamp() * 1000 + (time.monotonic() - self._began) * 60_000)

    async def display_png(self) -> bytes:
        picture = await self.board.picture() if self.has_power else None
        target = io.BytesIO()
        if picture is not None:
            picture.save(target, "PNG")
        return target.getvalue()

    async def boards(self) -> list[Json]:
        return [await self.board.state()]

    def check_alive(self) -> None:
        if self.failure:
            raise ProcessFailedError(self.failure)

    async def cut_power(self) -> None:
        if not self.has_power:
            raise BenchError("the station has no power")
        self.has_power = False

    async def restore_power(self) -> None:
        self.has_power = True

    async def kill_agent(self) -> None:
        if not self.has_power:
            raise BenchError("the station has no power")

    async def records(self) -> list[str]:
        return (
            [minute["ocmf"] for charge in self.csms.books for minute in charge["minutes"]]
            if self.csms
            else []
        )


class ApiClient:
    """Calls the API of a bench without a socket."""

    def __init__(self, bench: Any) -> None:
        self._app = FastAPI()
        api.install(self._app, bench)

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._send("GET", path))

    def post(self, path: str, json: object = None) -> httpx.Response:
        return asyncio.run(self._send("POST", path, json))

    async def _send(self, method: str, path: str, body: object = None) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench") as http:
            return await http.request(method, path, json=body)


async def main(port: int, work_dir: Path, idle_s: float, minute_s: float) -> None:
    """Serve the page on a fake in mid-charge, to look at it."""
    from sim.page import start

    bench: Any = FakeBench(work_dir)
    server = await start(bench, port=port)
    print(server.url, flush=True)
    await asyncio.sleep(idle_s)
    await bench.csms.pay(minutes=60)
    bench.csms.status = "Occupied"
    bench.board.truth |= {
        "plugged": True,
        "pilot": "C",
        "contactor_closed": True,
        "limit_a": 32,
        "watts": 7200.0,
    }
    for count in range(1, 61):
        bench.csms.seal_minutes(count)
        bench.board.truth["import_wh"] += 120
        await asyncio.sleep(minute_s)
    bench.csms.settle()
    bench.csms.status = "Unavailable"
    bench.board.truth |= {"contactor_closed": False, "watts": 0.0, "emergency_stop": True, "pilot": "B"}
    bench.csms.alarms.append({"at": "2026-06-01T03:00:00Z", "code": "CX008", "text": "Emergency stop pressed",
                              "fault": "emergency_stop", "active": True, "evse": 1})  # fmt: skip
    await server.wait()


if __name__ == "__main__":
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
