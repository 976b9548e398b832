"""Somebody with the bench page open, in the words of the field."""

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect


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
