"""Polling one EVSE's meter: a full reading each second, or the register alone as fast as the wire allows."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from firmware.core.events import Event, MeterIdentified, MeterReading, MeterSampled, MeterSilent
from firmware.core.units import Stamp
from hal.clock import Clock

log = logging.getLogger(__name__)

_PERIOD_MS = 1000
_BREATH_S = 0.002
_FAILURES = 2
"""One failure is no silence: a process that was stopped itself finds its request overdue when it goes on."""


class Sample(Protocol):
    """What a meter driver returns; a short reading has only the register."""

    @property
    def import_dwh(self) -> int: ...
    @property
    def resolution_dwh(self) -> int: ...
    @property
    def power_w(self) -> int | None: ...
    @property
    def voltage_mv(self) -> tuple[int, ...] | None: ...
    @property
    def current_ma(self) -> tuple[int, ...] | None: ...


class Meter(Protocol):
    """A meter driver. ``sample`` sends its request after it was called; its error says that there is none.

    ``identify`` returns the number that the meter tells, "" where its kind tells none.
    """

    async def sample(self, full: bool) -> Sample: ...
    async def identify(self) -> str: ...


class MeterPoll:
    """Polls one meter and posts `MeterSampled`, or `MeterSilent` once ``silent_ms`` have gone without one and
    more than one request has failed.

    ``error`` is what the driver raises when there is no answer; ``refused`` those kinds of it with which a
    meter says that it does not know its number. Before the first reading, and before the first one after
    silence, the meter is asked who it is (`MeterIdentified`): no reading of a stranger is ever posted
    unnamed. One that refuses to say is read all the same, and logged.
    """

    def __init__(
        self,
        evse: int,
        meter: Meter,
        *,
        error: type[Exception],
        refused: tuple[type[Exception], ...] = (),
        clock: Clock,
        silent_ms: int,
        post: Callable[[Event], None],
        stamp: Callable[[], Stamp],
    ) -> None:
        self._evse = evse
        self._meter = meter
        self._error = error
        self._refused = refused
        self._clock = clock
        self._silent_ms = silent_ms
        self._post = post
        self._stamp = stamp
        self._register_only = False
        self._hurry = asyncio.Event()

    def pace(self, *, register_only: bool) -> None:
        """Change what is read, from the next request on; a pause in progress ends now."""
        self._register_only = register_only
        self._hurry.set()

    async def run(self) -> None:
        """Poll for ever."""
        heard_ms = self._clock.monotonic_ms()
        failures = 0
        silent = known = False
        while True:
            asked = self._stamp()
            try:
                if not known:
                    await self._identify()
                    known, asked = True, self._stamp()
                sample = await self._meter.sample(full=not self._register_only)
            except self._error as error:
                failures += 1
                known = known and failures < _FAILURES
                overdue = self._clock.monotonic_ms() - heard_ms >= self._silent_ms
                if not silent and overdue and failures >= _FAILURES:
                    silent = True
                    log.error("meter.silent", extra={"evse": self._evse, "why": str(error)})
                    self._post(MeterSilent(self._stamp(), self._evse, str(error)))
            else:
                heard_ms = self._clock.monotonic_ms()
                if silent:
                    log.info("meter.back", extra={"evse": self._evse})
                self._post(MeterSampled(asked, self._evse, _reading(asked, sample), failures))
                failures, silent = 0, False
            await self._pause(asked.mono_ms)

    async def _identify(self) -> None:
        """Post the number that the meter tells. Raises ``error`` when it does not answer."""
        try:
            serial = await self._meter.identify()
        except self._refused as error:
            log.warning("meter.unnamed", extra={"evse": self._evse, "why": str(error)})
            return
        if serial:
            log.info("meter.identified", extra={"evse": self._evse, "serial": serial})
            self._post(MeterIdentified(self._stamp(), self._evse, serial))

    async def _pause(self, asked_ms: int) -> None:
        wait_s = 0.0 if self._register_only else self._clock.seconds_until(asked_ms + _PERIOD_MS)
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), max(wait_s, _BREATH_S))
        except TimeoutError:
            return


def _reading(at: Stamp, sample: Sample) -> MeterReading:
    return MeterReading(
        at, sample.import_dwh, sample.power_w, sample.voltage_mv, sample.current_ma, sample.resolution_dwh
    )
