"""The charge point's OCPP side: keeps a connection to the backend for ever and works it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from config.schema import Csms
from firmware.core.effects import AnswerCall, AnswerStart, ReportStatus
from firmware.core.events import Event, LinkClosed
from firmware.core.faults import CATALOGUE
from firmware.core.units import Stamp
from firmware.csms.backoff import Backoff
from firmware.csms.commands import Commands, Desk
from firmware.csms.device_model import DeviceModel, Key
from firmware.csms.link import Address, Link, LinkClosedError, open_link
from firmware.csms.messages import Identity, Outbox, Reply, StationState
from firmware.csms.ocpp2 import Ocpp2
from firmware.csms.quantities import timestamp
from firmware.csms.rpc import CallReceived, Rpc
from firmware.csms.schemas import Schemas
from firmware.csms.session import Session
from firmware.csms.trace import FrameTrace
from firmware.csms.uplink import Uplink
from firmware.csms.v21 import V21
from firmware.csms.v201 import V201

log = logging.getLogger(__name__)

DIALECTS: Mapping[str, type[Ocpp2]] = {dialect.version: dialect for dialect in (V21, V201)}
"""The versions that this firmware speaks."""


@dataclass(frozen=True)
class Pace:
    """How the link waits; a test hands in its own."""

    backoff: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    ping_interval_s: float = 20


class CsmsClient:
    """One station's connection. All its methods belong to the event loop's thread; none but `run` waits."""

    def __init__(
        self,
        csms: Csms,
        station_id: str,
        identity: Identity,
        outbox: Outbox,
        *,
        post: Callable[[Event], None],
        stamp: Callable[[], Stamp],
        public_key_der: bytes,
        evse_ids: tuple[int, ...],
        settings: DeviceModel,
        state: StationState | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Raise ValueError for a version in ``csms.versions`` that this firmware does not speak."""
        unknown = [version for version in csms.versions if version not in DIALECTS]
        if unknown or not csms.versions:
            spoken = ", ".join(DIALECTS)
            raise ValueError(f"csms.versions: {', '.join(unknown) or 'empty'}: this firmware speaks {spoken}")
        pace = pace or Pace()
        self._address = Address(csms.url, station_id, csms.password, csms.versions, pace.ping_interval_s)
        self._call_timeout_s = csms.call_timeout_s
        self._public_key_der = public_key_der
        self._post = post
        self._stamp = stamp
        self._backoff = pace.backoff
        self._sleep = pace.sleep
        self._trace = FrameTrace(csms.trace, lambda: stamp().utc_ms)
        self._uplink = Uplink(identity, outbox, settings, post, stamp, pace.sleep)
        desk = Desk(post, stamp, settings, outbox, evse_ids, state)
        self._commands = Commands(desk, self._uplink)
        self._trouble = ""
        self._spoken: dict[str, tuple[Ocpp2, Schemas]] = {}
        self._make_live(settings, evse_ids, state)

    async def run(self) -> None:
        """Connect, work, and connect again, for ever."""
        while True:
            try:
                link = await open_link(self._address)
            except LinkClosedError as error:
                self._note_trouble(str(error))
            else:
                await self._serve(link)
            await self._sleep(self._backoff.next_s())

    def wake(self) -> None:
        """There are new entries in the outbox."""
        self._uplink.wake()

    def answer_start(self, effect: AnswerStart) -> None:
        """Answer a RequestStartTransaction."""
        self._commands.finish(effect)

    def answer_call(self, effect: AnswerCall) -> None:
        """Answer any other call that the core decides about."""
        self._commands.finish(effect)

    def report_status(self, effect: ReportStatus) -> None:
        """Tell the connector's status, and tell it again after each reconnect; the newest counts."""
        self._uplink.report_status(effect.evse, effect.status)

    async def _serve(self, link: Link) -> None:
        """Work one connection to its end."""
        dialect, schemas = self._speak(link.version)
        rpc = Rpc(schemas, has_types_5_and_6=dialect.has_types_5_and_6)
        session = Session(link, rpc, self._trace, self._call_timeout_s)
        connected_at = asyncio.get_running_loop().time()

        def handle(call: CallReceived, reply: Reply) -> None:
            self._commands.handle(call, dialect.actions, reply)

        try:
            await session.run(handle, lambda session: self._uplink.run(session, dialect))
        except LinkClosedError as error:
            self._closed(str(error), asyncio.get_running_loop().time() - connected_at)

    def _closed(self, why: str, lived_s: float) -> None:
        self._commands.forget()
        if self._uplink.registered:
            self._uplink.registered = False
            self._trouble = ""
            self._backoff.lived(lived_s)
            self._post(LinkClosed(self._stamp(), why))
        self._note_trouble(why)

    def _speak(self, version: str) -> tuple[Ocpp2, Schemas]:
        """Return a version's mapping and schemas; they stay loaded for the next connection."""
        if version not in self._spoken:
            dialect = DIALECTS[version](self._public_key_der, CATALOGUE)
            self._spoken[version] = dialect, Schemas(version)
        return self._spoken[version]

    def _note_trouble(self, why: str) -> None:
        """Log why there is no connection when that is news, not at each try."""
        if why != self._trouble:
            log.warning("csms.not_connected", extra={"why": why, "url": self._address.url})
        self._trouble = why

    def _make_live(
        self, settings: DeviceModel, evse_ids: tuple[int, ...], state: StationState | None
    ) -> None:
        settings.make_live(Key("ClockCtrlr", "DateTime"), lambda: timestamp(self._stamp().utc_ms))
        for evse in evse_ids:
            settings.make_live(Key("EVSE", "AvailabilityState", evse), partial(self._uplink.status, evse))
            if state is not None:
                settings.make_live(Key("PowerContactor", "Count", evse), partial(_cycles, state, evse))


def _cycles(state: StationState, evse: int) -> str:
    return str(state.contactor_cycles(evse))
