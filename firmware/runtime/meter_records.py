"""Carries out what a signing meter is told: its own record begun and ended, one order after the other."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from firmware.core.events import (
    Event,
    MeterRecordOpened,
    MeterSeal,
    MeterSealed,
    MeterSealFailed,
)
from firmware.core.units import Stamp

log = logging.getLogger(__name__)


class Signed(Protocol):
    """A text as the driver brings it."""

    @property
    def data(self) -> str: ...
    @property
    def public_key_hex(self) -> str: ...
    @property
    def encoding(self) -> Literal["OCMF"]: ...


class SigningMeter(Protocol):
    """One EVSE's signing meter. Each call raises the driver's error."""

    async def begin(self, transaction_id: str, at: Stamp) -> tuple[Signed | None, Sequence[Signed]]:
        """Begin a record; return its begin text, if there is one, and those of a record found open."""

    async def end(self, transaction_id: str, at: Stamp) -> Signed:
        """End the record and return what was signed."""


class MeterRecords:
    """One EVSE's signing meter: orders in, events out. ``error`` is what its driver raises."""

    def __init__(
        self,
        evse: int,
        meter: SigningMeter,
        *,
        error: type[Exception],
        post: Callable[[Event], None],
        stamp: Callable[[], Stamp],
    ) -> None:
        self._evse = evse
        self._meter = meter
        self._error = error
        self._post = post
        self._stamp = stamp
        self._orders: deque[tuple[str, bool]] = deque()
        self._ordered = asyncio.Event()

    def begin(self, transaction_id: str) -> None:
        """Begin the meter's record of a charge when it is its turn."""
        self._order(transaction_id, at_end=False)

    def end(self, transaction_id: str) -> None:
        """End the meter's record of a charge when it is its turn."""
        self._order(transaction_id, at_end=True)

    async def run(self) -> None:
        """Carry orders out for ever."""
        while True:
            self._ordered.clear()
            while self._orders:
                await self._carry_out(*self._orders.popleft())
            await self._ordered.wait()

    def _order(self, transaction_id: str, *, at_end: bool) -> None:
        self._orders.append((transaction_id, at_end))
        self._ordered.set()

    async def _carry_out(self, transaction_id: str, at_end: bool) -> None:
        do = self._end if at_end else self._begin
        try:
            event = await do(transaction_id)
        except self._error as error:
            why = str(error)
            log.error("meter.not_sealed", extra={"evse": self._evse, "at_end": at_end, "why": why})
            event = MeterSealFailed(self._stamp(), self._evse, transaction_id, at_end, why)
        self._post(event)

    async def _begin(self, transaction_id: str) -> Event:
        seal, left_over = await self._meter.begin(transaction_id, self._stamp())
        return MeterRecordOpened(
            self._stamp(),
            self._evse,
            transaction_id,
            None if seal is None else _kept(seal),
            tuple(_kept(each) for each in left_over),
        )

    async def _end(self, transaction_id: str) -> Event:
        seal = await self._meter.end(transaction_id, self._stamp())
        return MeterSealed(self._stamp(), self._evse, transaction_id, _kept(seal))


def _kept(seal: Signed) -> MeterSeal:
    return MeterSeal(seal.data, seal.public_key_hex, seal.encoding)
