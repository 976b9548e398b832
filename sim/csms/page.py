"""One page in one language: what it shows of offers, prices and the charge, rendered from its template."""

from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from sim.csms import views, wording
from sim.csms.backend import Backend
from sim.csms.payments import Offer, Payment, Session
from sim.csms.pricing import Price, round_half_up

NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_STATUS: Final = {"refused_code": 403, "refused_unknown": 404, "refused_offline": 503, "refused_offer": 422}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page; a value that a template names and nobody gave is an error."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(**values), status, NO_STORE)


class Page:
    """One page in one language, with what every page shows."""

    def __init__(self, backend: Backend, language: str) -> None:
        self._backend = backend
        self._site = backend.site
        self.language = language if language in wording.LANGUAGES else self._site.language

    def choose(self, session: Session) -> HTMLResponse:
        offers = self._backend.offers.values()
        return self._render(
            "choose.html",
            session=session,
            times=[self._offer(offer) for offer in offers if offer.minutes is not None],
            amounts=[self._offer(offer) for offer in offers if offer.amount is not None],
            link_back=f"/pay/{session.station}/{session.evse}?session={session.token}",
            **self._prices(),
        )

    def confirm(self, session: Session, offer: Offer) -> HTMLResponse:
        link = f"/pay/{session.station}/{session.evse}/confirm?session={session.token}&offer={offer.id}"
        return self._render(
            "confirm.html", session=session, offer=self._offer(offer), link_back=link, **self._prices()
        )

    def charge(self, payment: Payment) -> HTMLResponse:
        texts = {key: self._say(key) for key in wording.all_keys() if not key.startswith("step_")}
        return self._render(
            "charge.html",
            payment=payment,
            state=views.live(self._backend, payment),
            texts=texts,
            link_back=f"/charge/{payment.id}?",
        )

    def refused(self, reason: str) -> HTMLResponse:
        status = _STATUS.get(reason, 409)
        return self._render("refused.html", status, reason=reason, link_back=None)

    def _render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        site, other = self._site, "en" if self.language == "zh" else "zh"
        return render(
            template,
            status,
            say=self._say,
            language=self.language,
            other_language=other,
            operator=site.operator[self.language],
            label=site.label,
            hotline=site.hotline,
            symbol=site.symbol,
            **values,
        )

    def _say(self, key: str, **values: object) -> str:
        if not values and "{" in wording.raw(key, self.language):
            return wording.raw(key, self.language)
        return wording.text(key, self.language, **values)

    def _offer(self, offer: Offer) -> dict[str, Any]:
        """Return an offer as the page shows it: a title, and what one gets for it at the present price."""
        if offer.minutes is not None:
            hours = Fraction(offer.minutes, 60)
            whole = hours.denominator == 1
            title = self._say("hours", n=hours) if whole else self._say("minutes", n=offer.minutes)
            return {"id": offer.id, "title": title, "note": self._say("pay_later"), "amount": None}
        assert offer.amount is not None
        title = f"{self._site.symbol}{offer.amount}"
        return {"id": offer.id, "title": title, "note": self._about_kwh(offer.amount), "amount": title}

    def _about_kwh(self, amount: int) -> str:
        tariff, now = self._backend.tariff, self._backend.local_now()
        per_kwh = tariff.energy.taxed(now)
        left = Fraction(amount) - tariff.fixed_fee.taxed(now)
        if per_kwh <= 0 or left <= 0:
            return ""
        return self._say("about_kwh", n=wording.number(float(left / per_kwh), 1))

    def _prices(self) -> dict[str, Any]:
        """Return the present price, its parts, what else is charged, and today's prices hour by hour."""
        tariff, now = self._backend.tariff, self._backend.local_now()
        price = tariff.energy.price_at(now)
        return {
            "price": _number(tariff.energy.taxed(now)),
            "price_parts": self._parts(price) if price and price.service else "",
            "extras": self._extras(now),
            "tariff_text": tariff.text.get(self.language, ""),
            "slots": _slots(self._backend, now),
            "now_share": (now.hour * 60 + now.minute) / 1440,
            "now_text": now.strftime("%H:%M"),
        }

    def _parts(self, price: Price) -> str:
        electricity, service = _number(price.amount - price.service), _number(price.service)
        return self._say("price_parts", electricity=electricity, service=service)

    def _extras(self, now: datetime) -> list[str]:
        tariff = self._backend.tariff
        kinds = {
            "also_time": tariff.charging_time,
            "also_idle": tariff.idle_time,
            "also_fixed": tariff.fixed_fee,
        }
        prices = {key: dimension.taxed(now) for key, dimension in kinds.items()}
        symbol = self._site.symbol
        return [self._say(key, price=symbol + _number(price)) for key, price in prices.items() if price > 0]


def _slots(backend: Backend, now: datetime) -> list[dict[str, Any]]:
    """Return today's spans of one energy price, with their share of the day and of the highest price."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    halves = [backend.tariff.energy.taxed(midnight + timedelta(minutes=30 * half)) for half in range(48)]
    highest = max(halves) or Fraction(1)
    spans: list[dict[str, Any]] = []
    for half, price in enumerate(halves):
        if spans and spans[-1]["exact"] == price:
            spans[-1]["halves"] += 1
            continue
        begin = f"{half // 2:02d}:{half % 2 * 30:02d}"
        height = float(price / highest)
        spans.append({"exact": price, "price": _number(price), "begin": begin, "halves": 1, "height": height})
    return spans


def _number(value: Fraction) -> str:
    """Return a price with two to five decimals, as many as it has."""
    e5 = round_half_up(value * 100_000)
    whole, decimals = divmod(e5, 100_000)
    text = f"{decimals:05d}"
    return f"{whole}.{text[:2]}{text[2:].rstrip('0')}"
