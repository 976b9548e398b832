"""What must hold between the keys of a site and the files it names. Each rule yields "key: what"."""

import re
import zoneinfo
from collections.abc import Iterator
from urllib.parse import urlsplit

from config.schema import Board, Site
from config.shape import closest
from config.tariff_file import TariffFile

_PLACEHOLDERS = ("chargingstationid", "evse", "totp", "version")


_WITHOUT_HUNDREDTHS = (
    "BHD BIF CLF CLP DJF GNF IQD ISK JOD JPY KMF KRW KWD LYD OMR PYG RWF TND UGX UYI UYW VND VUV XAF XOF XPF"
)
"""Currencies whose minor unit is none, a thousandth or less (ISO 4217)."""


def of_site(site: Site) -> Iterator[str]:
    """Yield what is wrong within the site file."""
    yield from _backend_url(site.csms.url)
    yield from _pay_page_url(site.web_payments.url_template)
    yield from _time_zone(site.time_zone)
    yield from _currency(site.currency)
    yield from _numbers(site)


def of_wiring(site: Site, board: Board) -> Iterator[str]:
    """Yield the meters that are wired to a port that the board does not have, or set as none can be there."""
    ports = (*board.serial, *board.tcp)
    for index, evse in enumerate(site.evse):
        meter, where = evse.meter, f"evse[{index}].meter"
        if meter.port not in ports:
            there = ", ".join(f'"{port}"' for port in ports) or "none"
            yield f'{where}.port: the board has no port "{meter.port}", it has {there}' + closest(
                meter.port, ports
            )
        elif meter.port in board.tcp:
            for key in ("baudrate", "parity", "stopbits"):
                if getattr(meter, key) is not None:
                    yield f'{where}.{key}: not for TCP port "{meter.port}"; the gateway sets its own line'


def of_tariff(site: Site, tariff: TariffFile) -> Iterator[str]:
    """Yield a tariff whose currency is not the site's."""
    if tariff.currency != site.currency:
        yield f'currency: "{tariff.currency}", but the site sells in "{site.currency}"'


def _backend_url(url: str) -> Iterator[str]:
    problem = _url_problem(url, ("ws", "wss"))
    if problem:
        yield f"csms.url: {problem}"
    elif urlsplit(url).username is not None:
        yield "csms.url: a password does not belong in a URL, write csms.password"
    elif urlsplit(url).fragment or urlsplit(url).query:
        yield f'csms.url: "{url}" has a query or a fragment; the station\'s id is appended to it'


def _pay_page_url(template: str) -> Iterator[str]:
    problem = _url_problem(re.sub(r"\{\w*\}", "x", template), ("http", "https"))
    if problem:
        yield f"web_payments.url_template: {problem}"
    names = [name.lower() for name in re.findall(r"\{(\w*)\}", template)]
    for name in names:
        if name not in _PLACEHOLDERS:
            yield (
                f"web_payments.url_template: {{{name}}} is not known, known are "
                + ", ".join(f"{{{known}}}" for known in _PLACEHOLDERS)
                + closest(name, _PLACEHOLDERS)
            )
    if "totp" not in names:
        yield "web_payments.url_template: {totp} is missing; without it a code on a photograph never expires"


def _url_problem(url: str, schemes: tuple[str, ...]) -> str:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f'"{url}" is no URL: {error}'
    if parts.scheme not in schemes:
        return f'"{url}" must begin with {wanted}'
    if not parts.hostname or port == 0 or any(character.isspace() for character in url):
        return f'"{url}" is no URL: it names no host, or its port is 0, or there is a space in it'
    return ""


def _currency(currency: str) -> Iterator[str]:
    """A bill is rounded to hundredths of the main unit: elsewhere it would not be an amount to be paid."""
    if currency in _WITHOUT_HUNDREDTHS:
        yield f"currency: {currency} has no hundredths, and bills are in hundredths of the main unit"


def _time_zone(name: str) -> Iterator[str]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        advice = closest(name, known) if known else "; this system has no time zones, install tzdata"
        yield f'time_zone: "{name}" is not known{advice}'


def _numbers(site: Site) -> Iterator[str]:
    ids: dict[int, int] = {}
    for index, evse in enumerate(site.evse):
        first = ids.setdefault(evse.id, index)
        if first != index:
            yield f"evse[{index}].id: {evse.id} is taken by evse[{first}]"
