"""The bench from outside: an HTTP API that does all that the page does.

Loopback only, no log-in; `/docs` shows it, `/openapi.json` is its description. Every error is
``{"error": what and why, "hint": what to do next}`` with 404, 409 (not now), 422 (a bad request), 501 or
503 (a part of the bench does not answer).
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from sim.api_models import BenchState, BoardState, Card, Choice, Load, Paid, Problem, Scanned
from sim.artifacts import receipt_of, timeline_of
from sim.bench import Bench, BenchError, ProcessFailedError
from sim.camera import NothingToScanError, url_on
from sim.clients import BackendRefusedError, BoardRefusedError, CsmsClient

Json = dict[str, Any]
VEHICLE = "Vehicle and plug"
FAULTS = "Faults"
DRIVER = "Driver's phone"
READ = "What is true"


def install(app: FastAPI, bench: Bench) -> None:
    """Add the API of ``bench`` under ``/api`` to ``app``, and answer its errors as JSON."""
    app.include_router(_board_actions(bench))
    app.include_router(_station_actions(bench))
    app.include_router(_phone(bench))
    app.include_router(_readings(bench))
    app.include_router(_unknown())
    for kind, status, hint in _ERRORS:
        app.add_exception_handler(kind, _answer_with(status, hint))
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _refused)


_BOARD_ACTIONS: tuple[tuple[str, str, str, str], ...] = (
    ("plug_in", "plug_in", VEHICLE, "Put the connector into the vehicle"),
    ("unplug", "unplug", VEHICLE, "Pull the plug; refused while the lock holds it"),
    ("ready", "ready", VEHICLE, "The vehicle asks for energy (pilot state C)"),
    ("full", "full", VEHICLE, "The vehicle's battery is full (back to pilot state B)"),
    ("emergency_stop", "press_emergency_stop", FAULTS, "Press the emergency stop"),
    ("release_emergency_stop", "release_emergency_stop", FAULTS, "Turn the emergency stop free"),
    ("silence_meter", "silence_meter", FAULTS, "The meter answers no more"),
    ("revive_meter", "revive_meter", FAULTS, "The meter answers again"),
    ("junk_meter", "junk_meter", FAULTS, "The meter answers with junk"),
    ("weld_contactor", "weld_contactor", FAULTS, "The contactor's main contacts weld"),
    ("unweld_contactor", "unweld_contactor", FAULTS, "A new contactor was fitted"),
    ("jam_lock", "jam_lock", FAULTS, "The connector lock's motor jams"),
    ("free_lock", "free_lock", FAULTS, "The connector lock moves again"),
)


def _board_actions(bench: Bench) -> APIRouter:
    router = APIRouter(prefix="/api", responses=_PROBLEMS)

    def add(name: str, action: str, tag: str, summary: str) -> None:
        @router.post(f"/{name}", operation_id=name, tags=[tag], summary=summary)
        async def act() -> BoardState:
            return BoardState.model_validate(await bench.board.do(action))

    for row in _BOARD_ACTIONS:
        add(*row)

    @router.post(
        "/board/{action}", operation_id="board", tags=[FAULTS], summary="Whatever hands can do there"
    )
    async def anything(action: str, arguments: Json | None = None) -> BoardState:
        """Any action that docs/SCENARIOS.md lists for the board; the body is its arguments."""
        return BoardState.model_validate(await bench.board.do(action, **(arguments or {})))

    @router.post("/load", operation_id="load", tags=[VEHICLE], summary="Set what the vehicle draws")
    async def load(wanted: Load) -> BoardState:
        return BoardState.model_validate(await bench.board.do("set_load", watts=wanted.watts))

    return router


def _station_actions(bench: Bench) -> APIRouter:
    router = APIRouter(prefix="/api", tags=[FAULTS], responses=_PROBLEMS, default_response_class=JSONResponse)

    @router.post("/cut_power", summary="Mains power fails: every process of the station dies at once")
    async def cut_power() -> BenchState:
        await bench.cut_power()
        return await _state(bench)

    @router.post("/restore_power", summary="Power is back; answers when the station is in service")
    async def restore_power() -> BenchState:
        await bench.restore_power()
        return await _state(bench)

    @router.post("/kill_agent", summary="kill -9 the agent; the interlock lives on")
    async def kill_agent() -> BenchState:
        await bench.kill_agent()
        return await _state(bench)

    return router


def _phone(bench: Bench) -> APIRouter:
    router = APIRouter(prefix="/api", tags=[DRIVER], responses=_PROBLEMS)

    @router.get("/scan", summary="Read the QR code off the drawn display")
    async def scan() -> Scanned:
        return Scanned(url=await asyncio.to_thread(url_on, await bench.display_png()))

    @router.post("/pay", summary="Scan, choose and confirm in one step")
    async def pay(choice: Choice) -> Paid:
        csms = _own_backend(bench)
        return Paid.model_validate(await csms.pay(minutes=choice.minutes, amount=choice.amount))

    @router.post("/stop", summary="Stop the newest charge from the phone")
    async def stop() -> Json:
        csms = _own_backend(bench)
        await _newest(csms)
        return await csms.stop()

    @router.post("/card", status_code=501, summary="A card is held to the reader (this charger has none yet)")
    async def card(tapped: Card) -> Json:
        what = f"card {tapped.token!r} was not read: this charger has no card reader"
        raise HTTPException(501, {"error": what, "hint": "pay by phone: POST /api/pay"})

    return router


def _readings(bench: Bench) -> APIRouter:
    router = APIRouter(prefix="/api", tags=[READ], responses=_PROBLEMS)

    @router.get("/state", summary="Board, station and backend at this moment")
    async def state() -> BenchState:
        return await _state(bench)

    @router.get("/display.png", summary="What the display shows", response_class=Response)
    async def display() -> Response:
        png = await bench.display_png()
        if not png:
            raise HTTPException(
                404, {"error": "the display is dark", "hint": "restore power, or wait a moment"}
            )
        return Response(png, media_type="image/png", headers={"Cache-Control": "no-store"})

    @router.get("/records", summary="All usage records (OCMF texts), oldest first")
    async def records() -> list[str]:
        return await bench.records()

    @router.get("/transactions", summary="All charges, oldest first")
    async def transactions() -> list[Json]:
        return await _own_backend(bench).transactions()

    @router.get("/transactions/{transaction_id}", summary="One charge with its minutes and its receipt")
    async def transaction(transaction_id: str) -> Json:
        csms = _own_backend(bench)
        if transaction_id not in [known["id"] for known in await csms.transactions()]:
            what = f"there is no transaction {transaction_id!r}"
            raise HTTPException(404, {"error": what, "hint": "see GET /api/transactions"})
        return await csms.transaction(transaction_id)

    @router.get("/receipt", summary="The newest charge's receipt; zeros before the first")
    async def receipt() -> Json:
        return await receipt_of(bench, await timeline_of(bench))

    @router.get("/timeline", summary="The waits a driver feels, in real milliseconds, and their marks")
    async def timeline() -> Json:
        return await timeline_of(bench)

    return router


def _unknown() -> APIRouter:
    """Answer what is not there in JSON too; the page would answer it in HTML."""
    router = APIRouter(prefix="/api", include_in_schema=False)

    @router.api_route("/{name:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def unknown(name: str, request: Request) -> Json:
        what = f"there is no {request.method} /api/{name}"
        raise HTTPException(404, {"error": what, "hint": "actions are POST, readings GET; /docs lists them"})

    return router


async def _state(bench: Bench) -> BenchState:
    return BenchState(
        station=bench.station_id,
        has_power=bench.has_power,
        speed=bench.options.speed,
        billing_time=datetime.fromtimestamp(bench.billing_utc_ms() / 1000, UTC),
        board=BoardState.model_validate(await bench.board.state()),
        backend=await bench.csms.state() if bench.csms is not None else None,
    )


def _own_backend(bench: Bench) -> CsmsClient:
    if bench.csms is None:
        what = "the backend is not ours, so the bench knows neither its payments nor its books"
        raise HTTPException(
            409, {"error": what, "hint": "ask that backend, or start the bench without --csms"}
        )
    return bench.csms


async def _newest(csms: CsmsClient) -> Json:
    transactions = await csms.transactions()
    if not transactions:
        raise HTTPException(404, {"error": "there was no charge yet", "hint": "pay first: POST /api/pay"})
    return transactions[-1]


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem},
    422: {"model": Problem},
    503: {"model": Problem},
}
_LOOK = "see GET /api/state for what is true now"
_ERRORS: tuple[tuple[type[Exception], int, str], ...] = (
    (BoardRefusedError, 409, _LOOK),
    (BackendRefusedError, 409, _LOOK),
    (BenchError, 409, _LOOK),
    (NothingToScanError, 409, "a code is shown while the charger is free: GET /api/display.png"),
    (ProcessFailedError, 503, "the lines above are from its log; start the bench again"),
    (
        httpx.HTTPError,
        503,
        "the simulated backend does not answer; its log is csms.log in the work directory",
    ),
    (OSError, 503, "a process of the bench does not answer; look at the logs in the work directory"),
)

Handler = Callable[[Request, Exception], JSONResponse]


def _answer_with(status: int, hint: str) -> Handler:
    def answer(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error) or type(error).__name__, "hint": hint}, status)

    return answer


def _bad_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    hint = f"see /docs for what {request.url.path} takes"
    return JSONResponse({"error": f"{where}: {first['msg']}", "hint": hint}, 422)


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    said = error.detail
    body = said if isinstance(said, dict) else {"error": str(said), "hint": "see /docs for what there is"}
    return JSONResponse(body, error.status_code)
