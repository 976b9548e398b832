"""A visitor at the bench page: the real bench as a process, a real headless Chromium."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench_visitor import Visitor
from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).parents[2]
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser a module: while playwright runs, no other test could run an event loop of its own."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def bench_url(browser: Browser, tmp_path: Path) -> Iterator[str]:
    """A bench of its own for each test, through the command that people use."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    command = [sys.executable, "-m", "sim", "--port", "0", "--out", str(tmp_path / "out"), "--language", "en"]
    with (tmp_path / "bench.log").open("w") as log:
        bench = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert bench.stdout is not None
    line = bench.stdout.readline()
    found = re.search(r"http://[\d.]+:\d+", line)
    assert found, f"{line}\n{(tmp_path / 'bench.log').read_text()}"
    yield found[0]
    bench.send_signal(signal.SIGINT)
    with bench.stdout:
        assert bench.wait(30) == 0, (tmp_path / "bench.log").read_text()


@pytest.fixture
def visitor(browser: Browser, bench_url: str) -> Iterator[Visitor]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if _is_foreign(request.url) else None)
    page.goto(bench_url)
    yield Visitor(page, bench_url, foreign)
    page.close()


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
