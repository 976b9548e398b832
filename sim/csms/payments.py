"""Offers, pay sessions and payments: what a driver can choose, is choosing, and has chosen."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sim.csms.site import Site

SESSION_S: Final = 600.0
"""How long a driver may think on the pay page, in real seconds; after that the code is scanned again."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to choose: minutes of charging, or an amount in the main unit paid in advance."""

    minutes: int | None = None
    amount: int | None = None

    @property
    def id(self) -> str:
        return f"t{self.minutes}" if self.minutes is not None else f"a{self.amount}"

    @property
    def limit(self) -> dict[str, Any]:
        """The offer as an OCPP TransactionLimitType, whole numbers only."""
        return {"maxTime": self.minutes * 60} if self.minutes is not None else {"maxCost": self.amount}


def offers_of(site: Site) -> dict[str, Offer]:
    """Return the site's offers by their id, times first."""
    offers = [Offer(minutes=minutes) for minutes in site.minutes]
    offers += [Offer(amount=amount) for amount in site.amounts]
    return {offer.id: offer for offer in offers}


@dataclass(slots=True)
class Payment:
    """One confirmed choice. ``id`` is the payment reference that becomes the idToken; it cannot be guessed.

    ``error`` is why the start was refused, in the station's or the backend's words, "" when it was not.
    """

    id: str
    station: str
    evse: int
    limit: Mapping[str, Any]
    minutes: int | None
    amount: int | None
    remote_start_id: int
    language: str
    error: str = ""
    reason: str = ""
    transaction: str | None = None
    stop_requested: bool = False

    @property
    def cap(self) -> Decimal | None:
        """The amount that the bill must not exceed, in the main unit."""
        cost = self.limit.get("maxCost")
        return None if cost is None else Decimal(str(cost))


@dataclass(slots=True)
class Session:
    """A driver on the pay page, after a good one-time code. ``payment`` once confirmed: never twice."""

    token: str
    station: str
    evse: int
    opened: float
    payment: Payment | None = None


@dataclass(slots=True)
class PayDesk:
    """All sessions and payments of this backend."""

    sessions: dict[str, Session] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)

    def open_session(self, station: str, evse: int) -> Session:
        """Let a driver in."""
        session = Session(secrets.token_urlsafe(12), station, evse, time.monotonic())
        self.sessions[session.token] = session
        return session

    def session(self, token: str, station: str, evse: int) -> Session | None:
        """Return the session of a token at this charger, None if it is unknown or too old to pay with."""
        session = self.sessions.get(token)
        if session is None or (session.station, session.evse) != (station, evse):
            return None
        expired = time.monotonic() - session.opened > SESSION_S
        return None if expired and session.payment is None else session

    def confirm(
        self, session: Session, offer: Offer, language: str, limit: Any = None
    ) -> tuple[Payment, bool]:
        """Return the payment of a session, and whether it is new: a second confirmation gives the first's."""
        if session.payment is not None:
            return session.payment, False
        session.payment = Payment(
            id=f"pay-{secrets.token_hex(8)}",
            station=session.station,
            evse=session.evse,
            limit=offer.limit if limit is None else limit,
            minutes=offer.minutes,
            amount=offer.amount,
            remote_start_id=len(self.payments) + 1,
            language=language,
        )
        self.payments[session.payment.id] = session.payment
        return session.payment, True
