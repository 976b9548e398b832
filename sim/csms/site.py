"""What the backend knows of its site, read from the operator's own site and tariff files (TOML)."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SYMBOLS = {"CNY": "¥", "EUR": "€", "USD": "$", "GBP": "£"}


class SiteFileError(Exception):
    """A file that the backend cannot start with; the text says where, what, and what next."""


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of site.toml that concern a backend. Times are seconds, amounts in the main unit."""

    station: str
    label: str
    operator: dict[str, str]
    hotline: str
    currency: str
    language: str
    time_zone: ZoneInfo
    minutes: tuple[int, ...]
    amounts: tuple[int, ...]
    url_template: str
    validity_s: int
    code_length: int
    password: str

    @property
    def symbol(self) -> str:
        """The currency's sign, or its code where it has no sign of its own."""
        return SYMBOLS.get(self.currency, self.currency + " ")

    @property
    def names_its_own_address(self) -> bool:
        """Whether drivers reach the pay page under an address that the site file gives."""
        return urlsplit(self.url_template).hostname not in (None, "127.0.0.1", "localhost", "::1")


def load_site(path: Path) -> Site:
    """Read a site file. Raises SiteFileError; keys that only concern the station are passed over."""
    data = _read(path)
    try:
        return _site(data)
    except ZoneInfoNotFoundError:
        raise SiteFileError(f'{path}: time_zone: "{data["time_zone"]}" is not an IANA time zone') from None
    except KeyError as error:
        raise SiteFileError(
            f"{path}: the key {error.args[0]} is missing; see config/site.example.toml"
        ) from None


def load_tariff(path: Path) -> dict[str, Any]:
    """Read a tariff file (OCPP 2.1 TariffType) with its numbers as Decimal. Raises SiteFileError."""
    tariff = _read(path)
    if "tariffId" not in tariff or "currency" not in tariff:
        raise SiteFileError(f"{path}: a tariff needs tariffId and currency")
    return tariff


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file, parse_float=Decimal)
    except OSError as error:
        raise SiteFileError(f"{path}: {error.strerror}; is the path right?") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteFileError(f"{path}: not TOML: {error}") from None


def _site(data: dict[str, Any]) -> Site:
    operator, offers, web = data["operator"], data.get("offers", {}), data["web_payments"]
    name = operator["name"]
    return Site(
        station=data["station"]["id"],
        label=data["station"].get("label", ""),
        operator={"zh": name, "en": operator.get("name_en") or name},
        hotline=operator.get("hotline", ""),
        currency=data.get("currency", "CNY"),
        language=data.get("language", "zh"),
        time_zone=ZoneInfo(data.get("time_zone", "Asia/Shanghai")),
        minutes=tuple(offers.get("minutes", (60, 120, 180))),
        amounts=tuple(offers.get("amounts", (10, 20, 30))),
        url_template=web["url_template"],
        validity_s=web.get("validity_s", 30),
        code_length=web.get("length", 12),
        password=data.get("csms", {}).get("password", ""),
    )
