"""The agent's end of the lease: connects to the interlock, renews what stands, reports what it hears."""

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from firmware.core.events import Event, InterlockLost, MeterReading
from firmware.core.units import Stamp
from firmware.interlock.lease import (
    BACKEND,
    ENGINEER,
    ClearFaults,
    Decoder,
    Grant,
    MalformedFrameError,
    Message,
    Recall,
    SetLock,
    Status,
    Withdraw,
    encode,
    fault_bits,
)
from firmware.runtime.lease_words import measured, report

log = logging.getLogger(__name__)

LEASE_MS = 15_000
_RENEW_S = LEASE_MS / 3000
_RETRY_S = 0.1
_LOST_AFTER_S = 3.0
_SILENT_S = 3.0
"""An interlock says its status at least once a second: one that is silent for so long hangs."""
_GRACE_S = 0.25
"""A station that is shut down ends its interlock too, and one signal can reach that process first. An agent
that is ending within this time does not take its own end for a fault: the charge is taken up again later."""
_CLEARERS = {"engineer": ENGINEER, "backend": BACKEND}


class InterlockClient:
    """Holds the permissions that stand and renews their leases from the agent's own event loop.

    A loop that hangs renews nothing: that is the point. It posts `InterlockReported` and `InterlockLost`.
    ``latched`` gives the latched faults that stand on each EVSE by what the ledger kept: an interlock that
    was restarted is told of them before anything else, and believed only once it has heard.
    """

    def __init__(
        self,
        path: str,
        *,
        post: Callable[[Event], None],
        stamp: Callable[[], Stamp],
        latched: Callable[[], dict[int, frozenset[str]]],
    ) -> None:
        self._path = path
        self._post = post
        self._stamp = stamp
        self._latched = latched
        self._permitted_ma: dict[int, int] = {}
        self._lock_released: dict[int, bool] = {}
        self._recalled: dict[int, int] = {}
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
                    lost = self._lose(self._stamp())
                await asyncio.sleep(_RETRY_S)
                continue
            await self._serve(reader)
            at = self._stamp()
            await asyncio.sleep(_GRACE_S)
            lost = self._lose(at)

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

    def clear_faults(self, evse: int, by: Literal["engineer", "backend"]) -> None:
        """Say that the causes of latched faults are gone; the next report tells which have been forgotten."""
        self._send(ClearFaults(evse, self._next_seq(), _CLEARERS[by]))

    def measured(self, evse: int, reading: MeterReading) -> None:
        """Tell what the meter measures; a reading of the register alone says nothing of it."""
        if reading.voltage_mv is not None or reading.current_ma is not None:
            self._send(measured(evse, self._next_seq(), reading))

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        log.info("interlock.connected")
        self._recall()
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

    def _recall(self) -> None:
        """Tell a new connection what had latched, first of all."""
        for evse, names in self._latched().items():
            self._recalled[evse] = self._next_seq()
            self._send(Recall(evse, self._recalled[evse], fault_bits(names)))

    async def _renew(self) -> None:
        while True:
            for evse in tuple(self._permitted_ma):
                self._grant(evse)
            await asyncio.sleep(_RENEW_S)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        try:
            while data := await _read(reader):
                for message in decoder.feed(data):
                    if isinstance(message, Status):
                        self._hear(message)
        except (OSError, MalformedFrameError) as error:
            log.warning("interlock.broken", extra={"why": str(error)})

    def _hear(self, status: Status) -> None:
        """Pass a status on; one from before the recall would clear faults that were only forgotten."""
        if status.heard_seq >= self._recalled.get(status.evse, 0):
            self._post(report(self._stamp(), status))

    def _lose(self, at: Stamp) -> bool:
        log.error("interlock.lost")
        self._permitted_ma.clear()
        self._post(InterlockLost(at))
        return True

    def _grant(self, evse: int) -> None:
        self._send(Grant(evse, self._next_seq(), self._permitted_ma[evse], LEASE_MS))

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _send(self, message: Message) -> None:
        if self._writer is not None:
            self._writer.write(encode(message))


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Return the next bytes, b"" at the end. Raises TimeoutError after `_SILENT_S` of silence.

    Bytes that have arrived win over the time: an agent that was starved itself blames nobody.
    """
    reading = asyncio.ensure_future(reader.read(4096))
    try:
        done, _ = await asyncio.wait({reading}, timeout=_SILENT_S)
        if not done:
            raise TimeoutError(f"nothing heard for {_SILENT_S:.0f} s")
        return reading.result()
    finally:
        reading.cancel()
