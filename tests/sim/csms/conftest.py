"""A real backend process for the tests of this room, and scripted stations that connect to it."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from .station_script import TEN_O_CLOCK, Charge, ScriptedStation

ROOT = Path(__file__).parents[3]
_NAMES = itertools.count(1)


@dataclass
class Csms:
    """A running backend; every test brings stations of its own names."""

    process: subprocess.Popen[str]
    ocpp: str
    http: httpx.Client
    trace: Path
    anchor_ns: int

    def billing_s(self) -> int:
        """The billing clock's time in seconds since 1970."""
        return int(TEN_O_CLOCK.timestamp()) + (time.monotonic_ns() - self.anchor_ns) // 1_000_000_000

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def transaction(self, charge: Charge) -> Any:
        return self.get(f"/api/transactions/{charge.transaction}")

    def is_connected(self, station: ScriptedStation) -> bool:
        """Whether the backend sees a station connected."""
        views = self.get("/api/state")["stations"]
        return any(view["id"] == station.identity and view["connected"] for view in views)

    def alarms(self, station: str) -> list[Any]:
        return [alarm for alarm in self.get("/api/state")["alarms"] if alarm["station"] == station]

    def pay(self, station: ScriptedStation, **choice: Any) -> Charge:
        """Pay for a charge at a station and return what the station makes of it."""
        answer = self.post("/api/pay", station=station.identity, evse=1, **choice)
        assert answer["error"] is None, answer
        return Charge(station, answer["payment"], answer["transaction_id"])


def eventually(holds: Callable[[], Any], within_s: float = 10) -> None:
    """Ask again and again until it holds; each question is a round trip to the backend."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s} s"


def start_csms(work_dir: Path, site: Path, *arguments: str) -> Csms:
    """Start a backend at 10:00 local billing time, running at the pace of life."""
    anchor_ns = time.monotonic_ns()
    anchor = ["--anchor-monotonic-ns", str(anchor_ns)]
    anchor += ["--anchor-utc-ms", str(int(TEN_O_CLOCK.timestamp() * 1000))]
    trace = work_dir / "frames.jsonl"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "sim.csms", "--site", str(site)),
            *("--tariff", str(ROOT / "config/tariffs/chu_time_of_use.toml")),
            *("--ocpp-port", "0", "--pay-port", "0", "--rate", "1", "--trace", str(trace)),
            *anchor,
            *arguments,
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    urls = json.loads(process.stdout.readline())
    http = httpx.Client(base_url=urls["pay"], trust_env=False, timeout=20)
    return Csms(process, urls["ocpp"], http, trace, anchor_ns)


def stop_csms(csms: Csms) -> None:
    csms.http.close()
    csms.process.terminate()
    assert csms.process.wait(10) == 0


@pytest.fixture(scope="package")
def csms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Csms]:
    """The sample site's backend."""
    running = start_csms(tmp_path_factory.mktemp("csms"), ROOT / "config/site.example.toml")
    yield running
    stop_csms(running)


@pytest.fixture
def connect(csms: Csms) -> Iterator[Callable[..., ScriptedStation]]:
    """Connects stations, each under a new name unless one is given."""
    stations = []

    def make(identity: str = "", **options: Any) -> ScriptedStation:
        stations.append(ScriptedStation(csms.ocpp, identity or f"test-{next(_NAMES):03d}", **options))
        return stations[-1]

    yield make
    for station in stations:
        station.close()


@pytest.fixture
def station(connect: Callable[..., ScriptedStation]) -> ScriptedStation:
    """A station that has booted."""
    return connect().boot()
