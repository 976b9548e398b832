"""The driver's pages in a real browser: two taps, the live page, the receipt."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .conftest import Csms
from .station_script import Charge, ScriptedStation
from .test_pay import code_of

CHROMIUM = shutil.which("chromium") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Debian's chromium is not installed")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone's browser; an error in a page's script fails the test."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


def scan(phone: Page, csms: Csms, station: ScriptedStation, language: str) -> None:
    code = code_of(csms, station)
    phone.goto(f"{csms.http.base_url}/pay/{station.identity}/1?totp={code}&v=1&lang={language}")


def test_two_taps_and_a_receipt(csms: Csms, station: ScriptedStation, phone: Page) -> None:
    scan(phone, csms, station, "en")
    phone.click("#offer-a10")
    phone.click("#confirm")
    expect(phone.locator("h1")).to_have_text("Starting…")
    found = re.search(r"/charge/([^?]+)", phone.url)
    assert found is not None

    charge = Charge(station, found[1], f"browser-{station.identity}")
    charge.start()
    expect(phone.locator("h1")).to_have_text("Take the connector, plug in")
    charge.accept_limit({"maxCost": 10})
    charge.plug_in()
    for _ in range(3):
        charge.minute()
    expect(phone.locator("h1")).to_have_text("Charging")
    expect(phone.locator("#energy")).to_have_text("0.360")
    expect(phone.locator("#cost")).to_have_text("1.08")
    expect(phone.locator("#power")).to_have_text("7.20")

    phone.click("#stop")
    station.wait_for("RequestStopTransaction")
    charge.end()
    expect(phone.locator("h1")).to_have_text("Wattseal has charged ¥1.08")
    expect(phone.locator("#hint")).to_have_text("Ended by · you stopped it")
    expect(phone.locator("#seal")).to_have_text("All 5 records verified, price recalculated")
    expect(phone.locator(".total dd")).to_have_text("¥1.08")
    expect(phone.locator(".refund dt")).to_have_text("¥8.92 refunded")
    phone.click("summary")
    expect(phone.locator("#rows .good")).to_have_count(4)


def test_a_bill_in_doubt_is_not_called_charged(csms: Csms, station: ScriptedStation, phone: Page) -> None:
    charge = csms.pay(station, minutes=60)
    charge.start()
    charge.accept_limit({"maxTime": 3600})
    charge.plug_in()
    charge.minute()
    charge.next_minute()
    charge.end()
    phone.goto(f"{csms.http.base_url}/charge/{charge.payment}?lang=zh")
    expect(phone.locator("h1")).to_have_text("账单待核对")
    expect(phone.locator(".total dt")).to_have_text("合计（未扣款）")


def test_leaving_the_page_frees_the_charger(csms: Csms, station: ScriptedStation, phone: Page) -> None:
    scan(phone, csms, station, "zh")
    expect(phone.locator("#offer-t60")).to_contain_text("1 小时")
    phone.click("#offer-t60")
    expect(phone.locator("#confirm")).to_have_text("开始充电")
    assert station.wait_for("NotifyWebPaymentStarted")["timeout"] == 120
    phone.goto("about:blank")
    assert station.wait_for("NotifyWebPaymentStarted", 2)["timeout"] == 0


def test_chinese_is_drawn_with_real_glyphs(csms: Csms, station: ScriptedStation, phone: Page) -> None:
    scan(phone, csms, station, "zh")
    phone.evaluate("document.fonts.ready")
    assert phone.evaluate("document.fonts.check('16px \"Wattseal CJK\"', '楚氏充电')")
