"""Where the driver's pages are: choose (step 1), confirm and pay (step 2), the charge to its receipt."""

import contextlib
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from sim.csms import fonts, views
from sim.csms.backend import Backend, NotConnectedError
from sim.csms.page import NO_STORE, Page
from sim.csms.proof import values_xml
from sim.csms.station import StationError

Field = Annotated[str, Form()]


def add_pages(app: FastAPI, backend: Backend) -> None:
    """Add the driver's pages to the web application."""
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_api_route("/fonts/chinese.otf", chinese_font, include_in_schema=False)
    app.include_router(PayPages(backend).router())
    app.include_router(ChargePages(backend).router())


def chinese_font() -> Response:
    """Return the font for browsers that have no Chinese glyphs."""
    path = fonts.chinese()
    return (
        FileResponse(path, headers={"Cache-Control": "max-age=86400"}) if path else Response(status_code=404)
    )


class PayPages:
    """The two steps from the scanned code to the payment."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def router(self) -> APIRouter:
        router, path = APIRouter(tags=["driver"]), "/pay/{station}/{evse}"
        page = {"response_class": HTMLResponse}
        router.add_api_route(path, self.choose, summary="Step 1: choose", **page)  # type: ignore[arg-type]
        router.add_api_route(f"{path}/confirm", self.review, summary="Step 2: confirm")
        router.add_api_route(path, self.pay, methods=["POST"], summary="Pay and start")
        router.add_api_route(f"{path}/left", self.left, methods=["POST"], summary="Left without paying")
        return router

    async def choose(
        self, station: str, evse: int, totp: str = "", lang: str = "", session: str = ""
    ) -> Response:
        """Show the offers to whoever has a good one-time code, or comes back from step 2."""
        page, desk = Page(self._backend, lang), self._backend.desk
        known = desk.session(session, station, evse)
        is_station = station in self._backend.stations
        if known is None and is_station and not self._backend.is_code_current(station, totp):
            return page.refused("refused_code")
        reason = self._backend.refusal(station, evse)
        if reason is not None:
            return page.refused(reason)
        return page.choose(known or self._backend.open_session(station, evse))

    async def review(self, station: str, evse: int, session: str, offer: str, lang: str = "") -> Response:
        """Show one offer with everything there is to know before paying."""
        page, known = Page(self._backend, lang), self._backend.desk.session(session, station, evse)
        chosen = self._backend.offers.get(offer)
        if known is None:
            return page.refused("refused_code")
        return page.confirm(known, chosen) if chosen else page.refused("refused_offer")

    async def pay(self, station: str, evse: int, session: Field, offer: Field, lang: Field = "") -> Response:
        """Take the payment and start; the same session again leads to the same charge."""
        page, known = Page(self._backend, lang), self._backend.desk.session(session, station, evse)
        chosen = self._backend.offers.get(offer)
        if known is None:
            return page.refused("refused_code")
        if chosen is None:
            return page.refused("refused_offer")
        payment = await self._backend.confirm(known, chosen, page.language)
        return RedirectResponse(f"/charge/{payment.id}?lang={page.language}", 303)

    async def left(self, station: str, evse: int, session: str) -> Response:
        """Hear that the driver left: nothing happens to what is paid."""
        known = self._backend.desk.session(session, station, evse)
        if known is not None:
            self._backend.leave(known)
        return Response(status_code=204)


class ChargePages:
    """The charge as it runs. Its address is known only to who paid."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def router(self) -> APIRouter:
        router, path = APIRouter(tags=["driver"]), "/charge/{payment_id}"
        router.add_api_route(path, self.show, summary="The charge as it runs")
        router.add_api_route(f"{path}/state", self.state, summary="The same as JSON, polled by the page")
        router.add_api_route(f"{path}/charge.xml", self.proof, summary="For transparency software")
        router.add_api_route(f"{path}/stop", self.stop, methods=["POST"], summary="Stop charging")
        return router

    async def show(self, payment_id: str, lang: str = "") -> Response:
        payment = self._backend.desk.payments.get(payment_id)
        page = Page(self._backend, lang or (payment.language if payment else ""))
        return page.charge(payment) if payment else page.refused("refused_unknown")

    async def state(self, payment_id: str) -> Response:
        payment = self._backend.desk.payments.get(payment_id)
        if payment is None:
            return JSONResponse({"detail": "no such payment"}, 404)
        return JSONResponse(views.live(self._backend, payment), headers=NO_STORE)

    async def proof(self, payment_id: str) -> Response:
        """Return the signed begin and end of the charge, for a driver who wants to check them."""
        payment = self._backend.desk.payments.get(payment_id)
        transaction = self._backend.books.transactions.get(payment.transaction or "") if payment else None
        if transaction is None:
            return JSONResponse({"detail": "no such charge"}, 404)
        text = values_xml(transaction, self._backend.books.stream(transaction.station))
        return Response(text, media_type="application/xml", headers=NO_STORE)

    async def stop(self, payment_id: str, lang: str = "") -> Response:
        """Ask the charger to stop, and show the charge again, which says whether it could be asked."""
        page, payment = Page(self._backend, lang), self._backend.desk.payments.get(payment_id)
        if payment is None:
            return page.refused("refused_unknown")
        if payment.transaction in self._backend.books.transactions:
            with contextlib.suppress(NotConnectedError, StationError):
                await self._backend.stop(payment.transaction)
        return RedirectResponse(f"/charge/{payment_id}?lang={page.language}", 303)
