"""The backend as one object: stations, offers, payments, books and alarms, and what it does with them."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ocpp.v21 import call

from hal.clock import ScaledClock
from sim.csms import totp
from sim.csms.alarms import MREC_FAULTS, Alarm, AlarmList
from sim.csms.books import Answer, Books
from sim.csms.payments import Offer, PayDesk, Payment, Session, offers_of
from sim.csms.pricing import Tariff
from sim.csms.provisioning import StationView, exact, set_tariff, set_web_payments
from sim.csms.site import Site
from sim.csms.station import Payload, Station, StationError

_LOG = logging.getLogger("csms")
_COURTESY_S: Final = 3.0
"""How long a message that only informs the station may keep the line busy."""
_PAYING_S: Final = 120
_VENDOR: Final = "Wattseal"


class NotConnectedError(Exception):
    """The station is not connected just now."""


class Backend:
    """The simulated CSMS. ``pay_address`` is where its pages are, known once the server listens."""

    def __init__(self, site: Site, tariff: Mapping[str, Any], clock: ScaledClock) -> None:
        self.site = site
        self.clock = clock
        self.tariff_data = tariff
        self.tariff = Tariff.from_ocpp(tariff)
        self.offers = offers_of(site)
        self.pay_address = ""
        self.stations: dict[str, StationView] = {}
        self.alarms = AlarmList()
        self.desk = PayDesk()
        self.books = Books(self.desk, self.alarms, site.symbol, self.utc_now)
        self.books.tariffs[self.tariff.tariff_id] = self.tariff
        self._tasks: set[asyncio.Task[None]] = set()

    # -- time ----------------------------------------------------------------------------------------------

    def utc_now(self) -> str:
        """Return billing time as ISO 8601 in UTC, to the millisecond."""
        at = datetime.fromtimestamp(self.clock.utc_ms() / 1000, UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def local_now(self) -> datetime:
        """Return billing time in the site's time zone."""
        return datetime.fromtimestamp(self.clock.utc_ms() / 1000, self.site.time_zone)

    # -- what stations tell --------------------------------------------------------------------------------

    def view(self, station: str) -> StationView:
        return self.stations.setdefault(station, StationView(station))

    def connected(self, link: Station, version: str) -> Station | None:
        """Take a new connection in and return the one it replaces."""
        view = self.view(link.identity)
        view.version = version
        if view.provisioning == "tried":
            view.provisioning = "due"
        before, view.link = view.link, link
        return before

    def disconnected(self, link: Station) -> None:
        view = self.view(link.identity)
        if view.link is link:
            view.link = None

    def boot(self, station: str, payload: Payload) -> None:
        self.view(station).boot = payload

    def status(self, station: str, payload: Payload) -> None:
        evse, status = payload["evseId"], payload["connectorStatus"]
        self.view(station).connectors[evse] = status
        if status == "Faulted":
            text = f"the connector of EVSE {evse} is out of service"
            self.alarms.raise_fault(Alarm(self.utc_now(), station, "Faulted", text, "Faulted", evse))
        else:
            self.alarms.clear_fault(station, evse, "Faulted", self.utc_now())
        self._catch_up(station)

    def events(self, station: str, payload: Payload) -> None:
        for event in payload["eventData"]:
            evse = event["component"].get("evse", {}).get("id", 0)
            code = event.get("techCode") or event["component"]["name"]
            fault = event["variable"].get("instance") or MREC_FAULTS.get(code, code)
            if event.get("cleared"):
                self.alarms.clear_fault(station, evse, fault, self.utc_now())
            else:
                text = event.get("techInfo") or event["actualValue"]
                self.alarms.raise_fault(Alarm(self.utc_now(), station, code, text, fault, evse))

    def security_event(self, station: str, payload: Payload) -> None:
        text = payload.get("techInfo", "")
        note = Alarm(self.utc_now(), station, payload["type"], text, "SecurityEvent", active=False)
        self.alarms.add(note)

    def data_transfer(self, station: str, payload: Payload) -> str:
        """Take a station's new key or a meter's late seal; return the answer's status."""
        if payload["vendorId"] != _VENDOR:
            return "UnknownVendorId"
        match payload.get("messageId"):
            case "KeyRotated":
                return self._take_key(station, payload)
            case "MeterSeal":
                return "Accepted" if self.books.take_meter_seal(station, payload["data"]) else "Rejected"
        return "UnknownMessageId"

    def _take_key(self, station: str, payload: Payload) -> str:
        problems = self.books.stream(station).rotate(str(payload.get("data")))
        for problem in problems:
            code = problem.partition(":")[0]
            self.alarms.add(Alarm(self.utc_now(), station, code, problem, "Unverified"))
        return "Rejected" if problems else "Accepted"

    def transaction_event(self, station: str, message_id: str, event: Payload, received_ns: int) -> Answer:
        self._catch_up(station)
        return self.books.take(station, message_id, event, received_ns)

    def authorized(self, token: str) -> bool:
        """Tell whether a token is a payment of ours, or one that a test brought in."""
        return token in self.desk.payments or token in self.books.accepted_tokens

    # -- provisioning --------------------------------------------------------------------------------------

    async def provision(self, station: str) -> None:
        """Give a station its pay-page settings and the tariff; what it refuses is an alarm."""
        view = self.view(station)
        view.provisioning = "tried"
        try:
            link = self.link(station)
            await set_web_payments(view, link, self.site, self.pay_address)
            await set_tariff(view, link, self.tariff_data)
            view.provisioning = "done"
            self.alarms.clear_fault(station, 0, "Unprovisioned", self.utc_now())
        except (StationError, NotConnectedError) as error:
            alarm = Alarm(self.utc_now(), station, "provisioning", str(error), "Unprovisioned")
            self.alarms.raise_fault(alarm)

    def _catch_up(self, station: str) -> None:
        """Provision a station that came back without a BootNotification, e.g. after our own restart."""
        if self.view(station).provisioning == "due":
            self.view(station).provisioning = "tried"
            self.in_background(self.provision(station))

    # -- what drivers do -----------------------------------------------------------------------------------

    def is_code_current(self, station: str, code: str) -> bool:
        """Tell whether a one-time code from the QR code is good now, by the billing clock."""
        view, utc_s = self.stations.get(station), self.clock.utc_ms() // 1000
        if view is None:
            return False
        form = {"validity_s": self.site.validity_s, "length": self.site.code_length}
        return totp.is_current(code, view.secret, utc_s, **form)

    def current_code(self, station: str) -> str:
        """Return the code that the display should be showing, for tests that have no camera."""
        form = {"validity_s": self.site.validity_s, "length": self.site.code_length}
        return totp.code_at(self.view(station).secret, self.clock.utc_ms() // 1000, **form)

    def refusal(self, station: str, evse: int) -> str | None:
        """Return why nobody can pay at a charger now (a key of the wording), None if one can."""
        view = self.stations.get(station)
        if view is None:
            return "refused_unknown"
        if view.link is None:
            return "refused_offline"
        if self.books.open_on(station, evse) is not None:
            return "refused_occupied"
        if view.connectors.get(evse) in ("Faulted", "Unavailable"):
            return "refused_faulted"
        return None

    def open_session(self, station: str, evse: int) -> Session:
        """Let a driver in, and let the charger show it."""
        self.in_background(self._notify_paying(station, evse, _PAYING_S))
        return self.desk.open_session(station, evse)

    def leave(self, session: Session) -> None:
        """The driver left without paying: the charger is free for others again."""
        if session.payment is None:
            self.in_background(self._notify_paying(session.station, session.evse, 0))

    async def confirm(self, session: Session, offer: Offer, language: str, limit: Any = None) -> Payment:
        """Take the (simulated) payment and start; a second confirmation changes nothing."""
        payment, is_new = self.desk.confirm(session, offer, language, limit)
        if is_new:
            await self._start(payment)
            self.in_background(self._notify_paying(session.station, session.evse, 0))
        return payment

    async def _start(self, payment: Payment) -> None:
        request = call.RequestStartTransaction(
            id_token={"idToken": payment.id, "type": "DirectPayment"},
            remote_start_id=payment.remote_start_id,
            evse_id=payment.evse,
        )
        try:
            answer = await self.link(payment.station).ask(request)
        except (StationError, NotConnectedError) as error:
            payment.error, payment.reason = str(error), "refused_offline"
            return
        if answer.status == "Accepted":
            payment.transaction = payment.transaction or answer.transaction_id
            return
        info = answer.status_info or {}
        payment.error = f"{info.get('reason_code', 'Rejected')} {info.get('additional_info', '')}".strip()
        payment.reason = self.refusal(payment.station, payment.evse) or "refused"

    async def stop(self, transaction_id: str) -> str:
        """Ask the station to end a transaction and return its answer. Raises KeyError, StationError."""
        transaction = self.books.transactions[transaction_id]
        answer = await self.link(transaction.station).ask(
            call.RequestStopTransaction(transaction_id=transaction_id)
        )
        if transaction.payment is not None and answer.status == "Accepted":
            transaction.payment.stop_requested = True
        return str(answer.status)

    async def call(self, station: str, action: str, payload: Payload) -> list[Any]:
        """Send any call, valid or not, and return the answer frame.

        Raises NotConnectedError, StationError.
        """
        if action == "RequestStartTransaction" and isinstance(payload.get("idToken"), dict):
            self.books.accepted_tokens.add(str(payload["idToken"].get("idToken")))
        frame = await self.link(station).ask_raw(action, payload)
        if action == "SetDefaultTariff" and frame[0] == 3 and frame[2].get("status") == "Accepted":
            tariff = Tariff.from_ocpp(exact(payload["tariff"]))
            self.books.tariffs[tariff.tariff_id] = tariff
        return frame

    def link(self, station: str) -> Station:
        """Return the connection to a station. Raises NotConnectedError."""
        view = self.stations.get(station)
        if view is None or view.link is None:
            raise NotConnectedError(f"{station} is not connected")
        return view.link

    async def _notify_paying(self, station: str, evse: int, timeout_s: int) -> None:
        """Tell the charger that a driver is paying; it is a courtesy, and a charger may not know it."""
        message = call.NotifyWebPaymentStarted(evse_id=evse, timeout=timeout_s)
        try:
            await self.link(station).ask(message, _COURTESY_S)
        except (StationError, NotConnectedError) as error:
            _LOG.info("%s: %s", station, error)

    def in_background(self, work: Any) -> None:
        """Run a coroutine on its own; it is kept until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
