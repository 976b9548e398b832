"""A visitor at the bench page: the real bench as a process, a real headless Chromium."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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


@dataclass
class Visitor:
    """Somebody with the page open. ``foreign`` are the requests that left this machine's loopback."""

    page: Page
    url: str
    foreign: list[str]

    def scan(self) -> None:
        self.page.get_by_test_id("scan").click()

    def choose(self, offer: str) -> None:
        """Take an offer on the phone's pay page and confirm it."""
        phone = self.page.frame_locator("[data-testid=phone]")
        phone.locator(f"#offer-{offer}").click()
        phone.locator("#confirm").click()

    def press(self, control: str) -> None:
        self.page.get_by_test_id(control).click()

    def sees(self, test_id: str, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_test_id(test_id)).to_contain_text(text)

    def charges(self, offer: str = "t60") -> None:
        """Scan, pay, plug in, and see power."""
        self.scan()
        self.choose(offer)
        self.sees("reading-lock", "released")
        self.press("plug")
        self.sees("reading-contactor", "closed")
        self.sees("power", re.compile(r"7\.\d+ kW"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
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
