"""Each packaged scenario is run once, with the real processes; all tests look at what it left behind."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

SPEEDS = {"one-hour": 90}
"""Speeds other than the scenario's own, to keep the suite short."""

AT_A_TIME = 2


@dataclass(frozen=True)
class Run:
    """A scenario that was run: its exit code, what it said, and its artifacts."""

    name: str
    out: Path
    code: int
    said: str

    @property
    def receipt(self) -> dict[str, Any]:
        return self.json("receipt.json")

    @property
    def timeline(self) -> dict[str, Any]:
        return self.json("timeline.json")

    @property
    def records(self) -> list[str]:
        return (self.out / "records.ocmf").read_text().splitlines()

    @property
    def public_key(self) -> str:
        return (self.out / "public_key.hex").read_text().strip()

    @property
    def screens(self) -> list[str]:
        """Names of the pictures without their numbers, in order."""
        return [path.stem.split("-", 1)[1] for path in sorted((self.out / "screens").glob("*.png"))]

    def json(self, name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.out / name).read_text())
        return document


def run_scenario(name: str, out: Path) -> Run:
    speed = ["--speed", str(SPEEDS[name])] if name in SPEEDS else []
    command = [sys.executable, "-m", "sim", name, "--out", str(out), *speed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    return Run(name, out, done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="session")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Run]]]:
    """All scenarios that the selected tests ask for, two at a time: they mostly wait for time to pass."""
    specs = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    names = dict.fromkeys(params["run"] for params in specs if "run" in params)
    pool = ThreadPoolExecutor(AT_A_TIME)
    yield {name: pool.submit(run_scenario, name, tmp_path_factory.mktemp(name)) for name in names}
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest, runs: dict[str, Future[Run]]) -> Run:
    """The run of the scenario that the test is parametrised with."""
    return runs[request.param].result()
