"""The backend's HTTP side: JSON for bench and tests, and an API page without anything from elsewhere."""

from typing import Annotated, Any, NoReturn

from fastapi import Body, FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from sim.csms import pay, views, wording
from sim.csms.backend import Backend, NotConnectedError
from sim.csms.page import render
from sim.csms.payments import Offer
from sim.csms.station import StationError


class PayRequest(BaseModel):
    """The phone's two steps in one: minutes or an amount, or a raw ``limit`` for tests of bad input."""

    station: str
    evse: int = 1
    minutes: int | None = Field(None, gt=0)
    amount: int | None = Field(None, gt=0)
    limit: dict[str, Any] | None = None


class StopRequest(BaseModel):
    transaction_id: str


class CallRequest(BaseModel):
    """Any OCPP call, valid or not; it leaves exactly as given."""

    station: str
    action: str
    payload: Any = {}


def make_app(backend: Backend) -> FastAPI:
    """Return the web application of a backend."""
    app = FastAPI(title="Wattseal bench: simulated CSMS", version="1", docs_url=None, redoc_url=None)
    _add_views(app, backend)
    _add_actions(app, backend)
    _add_api_page(app)
    pay.add_pages(app, backend)
    return app


def _add_views(app: FastAPI, backend: Backend) -> None:
    @app.get("/api/state", summary="Stations, transactions and alarms")
    def state() -> views.Json:
        return views.state(backend)

    @app.get("/api/transactions", summary="All transactions, oldest first")
    def transactions() -> list[views.Json]:
        return [views.summary(transaction) for transaction in backend.books.transactions.values()]

    @app.get("/api/transactions/{transaction_id}", summary="One transaction with minutes and receipt")
    def transaction(transaction_id: str) -> views.Json:
        found = backend.books.transactions.get(transaction_id)
        if found is None:
            _refuse(404, f"no transaction {transaction_id}")
        return views.detail(backend, found)

    @app.get("/api/public_key/{station}", summary="The key pinned for a station, DER (SPKI) in hex")
    def public_key(station: str) -> dict[str, str]:
        stream = backend.books.streams.get(station)
        if stream is None or stream.key is None:
            _refuse(404, f"{station} has not shown a public key yet")
        return {"hex": stream.key.hex}

    @app.get("/api/records/{station}", summary="A station's records (OCMF texts) in order of arrival")
    def records(station: str) -> list[str]:
        stream = backend.books.streams.get(station)
        return [record.text for record in stream.records] if stream else []


def _add_actions(app: FastAPI, backend: Backend) -> None:
    @app.post("/api/pay", summary="Scan, choose and confirm with the code of this moment")
    async def pay_now(request: PayRequest) -> views.Json:
        if request.minutes is None and request.amount is None and request.limit is None:
            _refuse(422, "say minutes or amount")
        return await _pay(backend, request)

    @app.post("/api/stop", summary="Stop from the phone")
    async def stop(request: StopRequest) -> dict[str, str]:
        try:
            return {"status": await backend.stop(request.transaction_id)}
        except KeyError:
            _refuse(404, f"no transaction {request.transaction_id}")
        except (NotConnectedError, StationError) as error:
            _refuse(502, str(error))

    @app.post("/api/call", summary="Send any OCPP call, valid or not, and return its answer")
    async def call(request: Annotated[CallRequest, Body()]) -> views.Json:
        try:
            frame = await backend.call(request.station, request.action, request.payload)
        except (NotConnectedError, StationError) as error:
            _refuse(502, str(error))
        if frame[0] == 3:
            return {"answer": frame[2], "error": None}
        code, description, details = (*frame[2:], "", {})[:3]
        return {"answer": None, "error": {"code": code, "description": description, "details": details}}


async def _pay(backend: Backend, request: PayRequest) -> views.Json:
    """Do what the two pages do, refusals included."""
    reason = backend.refusal(request.station, request.evse)
    if reason is None and not backend.is_code_current(request.station, backend.current_code(request.station)):
        reason = "refused_code"
    if reason is not None:
        return {
            "payment": None,
            "transaction_id": None,
            "error": wording.text(reason, "en"),
            "reason": reason,
        }
    session = backend.open_session(request.station, request.evse)
    offer = Offer(request.minutes, request.amount)
    payment = await backend.confirm(session, offer, backend.site.language, request.limit)
    return {
        "payment": payment.id,
        "transaction_id": payment.transaction,
        "error": payment.error or None,
        "reason": payment.reason or None,
    }


def _add_api_page(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return render("api.html", paths=app.openapi()["paths"], title=app.title)


def _refuse(status: int, why: str) -> NoReturn:
    raise HTTPException(status, why)
