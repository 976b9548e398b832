"""The agent's end of the lease: connects to the interlock, renews what stands, reports what it hears."""

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from firmware.core.events import Event, InterlockLost, InterlockReported, Pilot
from firmware.core.units import Stamp
from firmware.interlock.lease import (
    Decoder,
    Grant,
    MalformedFrameError,
    Message,
    SetLock,
    Status,
    Withdraw,
    encode,
    fault_names,
)

log = logging.getLogger(__name__)

LEASE_MS = 15_000
_RENEW_S = LEASE_MS / 3000
_RETRY_S = 0.1
_LOST_AFTER_S = 3.0
_LOCKS: tuple[Literal["released", "locked", "moving"], ...] = ("released", "locked", "moving")


class InterlockClient:
    """Holds the permissions that stand and renews their leases from the agent's own event loop.

    A loop that hangs renews nothing: that is the point. It posts `InterlockReported` and `InterlockLost`.
    """

    def __init__(self, path: str, *, post: Callable[[Event], None], stamp: Callable[[], Stamp]) -> None:
        self._path = path
        self._post = post
        self._stamp = stamp
        self._permitted_ma: dict[int, int] = {}
        self._lock_released: dict[int, bool] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._seq = 0

    async def run(self) -> None:
        """Connect, listen, and connect again, for ever."""
        deadline = asyncio.get_running_loop().time() + _LOST_AFTER_S
        lost = False
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(self._path)
            except OSError:
                if not lost and asyncio.get_running_loop().time() >= deadline:
                    lost = self._lose()
                await asyncio.sleep(_RETRY_S)
                continue
            await self._serve(reader)
            lost = self._lose()
            await asyncio.sleep(_RETRY_S)

    def permit(self, evse: int, limit_ma: int) -> None:
        """Let the interlock close for up to ``limit_ma``, now and until `withdraw`."""
        self._permitted_ma[evse] = limit_ma
        self._grant(evse)

    def withdraw(self, evse: int) -> None:
        """Take the permission back at once."""
        self._permitted_ma.pop(evse, None)
        self._send(Withdraw(evse, self._next_seq()))

    def set_lock(self, evse: int, *, released: bool) -> None:
        """Ask for the connector to be released or locked; the interlock refuses while energy is on."""
        self._lock_released[evse] = released
        self._send(SetLock(evse, self._next_seq(), 0 if released else 1))

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        log.info("interlock.connected")
        for evse, released in self._lock_released.items():
            self.set_lock(evse, released=released)
        renewing = asyncio.create_task(self._renew())
        try:
            await self._listen(reader)
        finally:
            renewing.cancel()
            if self._writer is not None:
                self._writer.close()
            self._writer = None

    async def _renew(self) -> None:
        while True:
            for evse in tuple(self._permitted_ma):
                self._grant(evse)
            await asyncio.sleep(_RENEW_S)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        try:
            while data := await reader.read(4096):
                for message in decoder.feed(data):
                    if isinstance(message, Status):
                        self._post(_report(self._stamp(), message))
        except (OSError, MalformedFrameError) as error:
            log.warning("interlock.broken", extra={"why": str(error)})

    def _lose(self) -> bool:
        log.error("interlock.lost")
        self._permitted_ma.clear()
        self._post(InterlockLost(self._stamp()))
        return True

    def _grant(self, evse: int) -> None:
        self._send(Grant(evse, self._next_seq(), self._permitted_ma[evse], LEASE_MS))

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _send(self, message: Message) -> None:
        if self._writer is not None:
            self._writer.write(encode(message))


def _report(at: Stamp, status: Status) -> InterlockReported:
    pilot: Pilot = chr(status.pilot)  # type: ignore[assignment]
    return InterlockReported(
        at,
        status.evse,
        pilot,
        contactor_closed=bool(status.contactor),
        lock=_LOCKS[status.lock],
        limit_ma=status.limit_ma,
        faults=fault_names(status.faults),
        opened_at_ms=status.opened_at_ms,
        closed_at_ms=status.closed_at_ms,
    )
