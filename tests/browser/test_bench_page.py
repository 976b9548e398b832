"""What a visitor does on the bench page, in a real browser on a real bench."""

import re

from bench_visitor import Visitor
from playwright.sync_api import Browser, expect


def test_a_visitor_charges_and_sees_the_receipt(visitor: Visitor) -> None:
    visitor.charges("a10")
    visitor.sees("minutes-count", re.compile(r"[3-9] of [3-9] seals verified"))
    visitor.page.frame_locator("[data-testid=phone]").locator("#stop").click()
    visitor.sees("receipt", re.compile(r"Wattseal has charged ¥\d+\.\d\d"))
    visitor.sees("receipt", "every seal verified")
    visitor.sees("end_to_settled_ms", re.compile(r"\d+ ms"))
    visitor.sees("reading-contactor", "open")
    phone = visitor.page.frame_locator("[data-testid=phone]")
    expect(phone.locator("#headline")).to_contain_text(re.compile(r"¥\d+\.\d\d"))
    assert visitor.foreign == []


def test_a_minute_opens_as_the_text_that_was_signed(visitor: Visitor) -> None:
    visitor.charges()
    visitor.sees("minutes-count", re.compile(r"[2-9] of [2-9]"))
    visitor.page.locator(".minutes tbody tr").last.click()
    record = visitor.page.locator(".record")
    expect(record.locator(".record-title")).to_have_text("Record T1, begin")
    expect(record.locator(".raw")).to_have_text(re.compile(r'^OCMF\|\{"FV":"1\.3".*\|\{"SA":"ECDSA'))


def test_the_emergency_stop_ends_the_charge_and_shows_at_the_backend(visitor: Visitor) -> None:
    visitor.charges()
    visitor.page.locator(".mushroom").click()
    visitor.sees("reading-contactor", "open")
    expect(visitor.page.locator(".light-text")).to_have_text("Out of service")
    visitor.sees("alarms", re.compile("emergency", re.IGNORECASE))
    visitor.sees("backend-stopped", "EmergencyStop")
    visitor.sees("receipt", "Wattseal has charged")


def test_a_vehicle_that_is_not_there_cannot_be_unplugged_but_the_page_says_so(visitor: Visitor) -> None:
    visitor.press("ready")
    expect(visitor.page.get_by_text("no vehicle is plugged in")).to_be_visible()


def test_a_second_tab_sees_the_same_charge(visitor: Visitor, browser: Browser) -> None:
    visitor.charges()
    other = browser.new_page(viewport={"width": 390, "height": 844})
    other.goto(visitor.url)
    expect(other.get_by_test_id("power")).to_contain_text("7.")
    expect(other.get_by_test_id("minutes-count")).to_contain_text("verified")
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    other.close()


def test_the_killed_agent_loses_no_minute(visitor: Visitor) -> None:
    visitor.charges()
    visitor.press("kill-agent")
    visitor.sees("minutes-count", re.compile(r"([6-9]|1\d) of ([6-9]|1\d) seals verified"))
    visitor.sees("reading-contactor", "closed")


def test_power_cut_and_back(visitor: Visitor) -> None:
    visitor.press("mains")
    expect(visitor.page.locator(".light-text")).to_have_text("No power")
    visitor.sees("online", "offline")
    visitor.press("mains")
    visitor.sees("online", "online")


def test_the_api_page_shows_every_operation_without_the_internet(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.url}/docs")
    operation = visitor.page.locator("details", has_text="/api/plug_in")
    operation.locator("summary").click()
    operation.get_by_role("button", name="Do it").click()
    expect(operation.locator("pre").last).to_contain_text('"plugged": true')
    assert visitor.foreign == []
