"""The agent's composition root: a loaded site becomes a running station. The only place that joins rooms."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.board_io import io_of
from config.schema import AnyMeterMap, Evse, Loaded, MeterMap
from drivers.display import Display
from drivers.meter.errors import MeterError, MeterRefusedError, MeterValueError
from drivers.meter.lines import Lines
from drivers.meter.signers import RecordKeeper
from firmware import __version__
from firmware.core.customer_view import CustomerView
from firmware.core.entries import Entry, KeyRotated, SettingStored
from firmware.core.events import Event
from firmware.core.fault_watch import OWN_FAULTS
from firmware.core.faults import latched
from firmware.core.journal import restore
from firmware.core.settings import EvseSettings, MeterIdentity, Settings
from firmware.core.state import State
from firmware.core.tariff import Tariff
from firmware.core.tariff_type import parse
from firmware.core.web_payment import WebPayments
from firmware.csms.client import CsmsClient
from firmware.csms.messages import Identity, OutboxError, OutboxItem
from firmware.csms.variables import for_station
from firmware.ledger.errors import LedgerError
from firmware.ledger.store import Ledger
from firmware.runtime.agent import Agent, StorageError
from firmware.runtime.agent_control import SOCKET, AgentControl
from firmware.runtime.interlock_client import InterlockClient
from firmware.runtime.lasting_clock import BOOT_ID, lasting
from firmware.runtime.meter_poll import MeterPoll
from firmware.runtime.meter_records import MeterRecords
from firmware.runtime.screen_task import ScreenTask
from firmware.runtime.stamping import Stamper, clock_of
from firmware.screens.renderer import Renderer
from firmware.signing.keys import SigningKeyError
from firmware.signing.seal import Sealer
from firmware.signing.stores import open_key
from hal.backends import open_framebuffer
from hal.clock import Clock

_PHASE_VOLTS = 253  # 230 V + 10 %, EN 50160
_SECRET_BYTES = 24


class Storage:
    """The ledger as the agent's storage; its errors become the agent's."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def append_all(self, entries: Sequence[Entry]) -> None:
        try:
            self._ledger.append_all(entries)
        except LedgerError as error:
            raise StorageError(str(error)) from error


def sealing(sealer: Sealer) -> Callable[[str], str]:
    """Return the sealer's ``seal``; a record that cannot be sealed is one that cannot be stored."""

    def seal(payload: str) -> str:
        try:
            return sealer.seal(payload)
        except SigningKeyError as error:
            raise StorageError(str(error)) from error

    return seal


class LedgerOutbox:
    """The ledger as the uplink's outbox; its errors become the uplink's, which then waits and asks again."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def next_unacknowledged(self) -> OutboxItem | None:
        with _as_outbox_error():
            return self._ledger.next_unacknowledged()

    def acknowledge(self, seq: int) -> None:
        with _as_outbox_error():
            self._ledger.acknowledge(seq)

    def park(self, seq: int, why: str) -> None:
        with _as_outbox_error():
            self._ledger.park(seq, why)


@contextmanager
def _as_outbox_error() -> Iterator[None]:
    try:
        yield
    except LedgerError as error:
        raise OutboxError(str(error)) from error


class CoreState:
    """What the backend may ask of the core's state."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def default_tariffs(self) -> Mapping[int, Tariff]:
        return {evse.evse: evse.tariff for evse in self._state().evses if evse.tariff is not None}

    def contactor_cycles(self, evse: int) -> int:
        return self._state().evse(evse).contactor.cycles

    def is_ongoing(self, transaction_id: str) -> bool:
        running = (evse.transaction for evse in self._state().evses)
        return any(each is not None and each.start.transaction_id == transaction_id for each in running)


class Station:
    """All parts of the agent, joined."""

    def __init__(self, loaded: Loaded) -> None:
        site = loaded.site
        state_dir = Path(site.state_dir)
        self._ledger = Ledger.open(state_dir / "ledger.db")
        entries = list(self._ledger.replay())
        rotation = next((entry for entry in entries if isinstance(entry, KeyRotated)), None)
        key = open_key(site.signing.key, state_dir, rotation)
        clock = lasting(
            clock_of(loaded.board.clock),
            Path(site.run_dir, "clock.json"),
            max((entry.at.mono_ms for entry in entries if hasattr(entry, "at")), default=0),
            BOOT_ID.read_text().strip(),
        )
        stamp = Stamper(clock, site.time_zone)
        state = restore(settings_of(loaded), self._first_boot(entries))
        self._screen = self._screen_task(loaded)
        self.agent = Agent(
            state,
            clock=clock,
            stamp=stamp,
            storage=Storage(self._ledger),
            seal=sealing(Sealer(key)),
            show=self._screen.show,
        )
        post = self.agent.post
        self._interlock = InterlockClient(
            f"{site.run_dir}/interlock.sock",
            post=post,
            stamp=stamp,
            latched=lambda: {evse.evse: latched(evse.faults) - OWN_FAULTS for evse in self.agent.state.evses},
        )
        lines = Lines(loaded.board.serial, loaded.board.tcp)
        self._meters = polls_of(loaded, lines, clock, stamp, post)
        self._records = records_of(loaded, lines, stamp, post)
        self._control = AgentControl(
            Path(site.run_dir, SOCKET), state=lambda: self.agent.state, post=post, stamp=stamp
        )
        identity = identity_of(loaded)
        stored = (SettingStored(*setting) for setting in state.stored_settings)
        self._csms = CsmsClient(
            site.csms,
            site.station.id,
            identity,
            LedgerOutbox(self._ledger),
            post=post,
            stamp=stamp,
            public_key_der=key.public_key_der,
            evse_ids=tuple(evse.id for evse in site.evse),
            settings=for_station(site, identity, key.public_key_der, stored),
            state=CoreState(lambda: self.agent.state),
        )
        self.agent.connect(self._interlock, self._meters, self._csms, self._records)

    async def run_until(self, ending: asyncio.Event) -> None:
        """Run until ``ending`` is set. Raises what ended it otherwise."""
        works = [self._interlock.run(), self._csms.run(), self._screen.run(), self._control.run()]
        works += [meter.run() for meter in self._meters.values()]
        works += [records.run() for records in self._records.values()]
        tasks = [asyncio.ensure_future(work) for work in (*works, ending.wait(), self.agent.failed)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()

    def _first_boot(self, entries: list[Entry]) -> list[Entry]:
        """Give a new station its own secret for the QR code: a default would let anyone forge codes."""
        name = ("WebPaymentsCtrlr", "SharedSecret")
        if any(
            isinstance(entry, SettingStored) and (entry.component, entry.variable) == name
            for entry in entries
        ):
            return entries
        secret = SettingStored(*name, secrets.token_urlsafe(_SECRET_BYTES))
        self._ledger.append(secret)
        return [*entries, secret]

    def _screen_task(self, loaded: Loaded) -> ScreenTask:
        site, board = loaded.site, loaded.board
        width, height, io = board.display.width, board.display.height, io_of(board)
        renderer = Renderer(
            site.operator,
            site.station.label or site.station.id,
            site.language,
            site.currency,
            width,
            height,
            evses=len(site.evse),
        )

        def open_display() -> Callable[[bytes], None]:
            return Display(open_framebuffer(io)).show

        def draw(view: CustomerView) -> bytes:
            return renderer.rgb565(view)

        return ScreenTask(draw, open_display)


def polls_of(
    loaded: Loaded, lines: Lines, clock: Clock, stamp: Stamper, post: Callable[[Event], None]
) -> dict[int, MeterPoll]:
    """Return what polls each EVSE's meter."""
    return {
        evse.id: MeterPoll(
            evse.id,
            lines.meter(evse.meter, loaded.meters[evse.meter.map]),
            error=MeterError,
            refused=(MeterRefusedError, MeterValueError),
            clock=clock,
            silent_ms=loaded.site.transactions.silent_meter_s * 1000,
            post=post,
            stamp=stamp,
        )
        for evse in loaded.site.evse
    }


def records_of(
    loaded: Loaded, lines: Lines, stamp: Stamper, post: Callable[[Event], None]
) -> dict[int, MeterRecords]:
    """Return what begins and ends the records of the meters that sign."""
    station = loaded.site.station.id
    return {
        evse.id: MeterRecords(
            evse.id,
            RecordKeeper(signs, lines.bus(evse.meter), evse.meter.unit, station, f"{station}*{evse.id}"),
            error=MeterError,
            post=post,
            stamp=stamp,
        )
        for evse in loaded.site.evse
        if (signs := signer_of(evse, loaded.meters[evse.meter.map])) is not None
    }


def identity_of(loaded: Loaded) -> Identity:
    """Return who the station says it is."""
    station = loaded.site.station
    return Identity(station.vendor, station.model, station.serial or station.id, __version__)


def settings_of(loaded: Loaded) -> Settings:
    """Return what the core must know of its site."""
    site, identity = loaded.site, identity_of(loaded)
    web, times = site.web_payments, site.transactions
    return Settings(
        station_id=site.station.id,
        vendor=identity.vendor,
        model=identity.model,
        firmware_version=identity.firmware_version,
        tariff=parse(loaded.tariff),
        web_payments=WebPayments(True, web.url_template, web.validity_s, web.length, ""),
        evses=tuple(evse_settings(evse, loaded.meters[evse.meter.map]) for evse in site.evse),
        connection_timeout_ms=times.connection_timeout_s * 1000,
        receipt_ms=times.receipt_s * 1000,
        record_every_ms=times.record_every_s * 1000,
        vehicle_full_ms=times.vehicle_full_s * 1000,
        meter_seal_ms=times.meter_seal_s * 1000,
        supply_ma=None if loaded.board.max_current_a is None else loaded.board.max_current_a * 1000,
        physics_rate=loaded.board.clock.rate if loaded.board.clock.source == "scaled" else 1,
    )


def signer_of(evse: Evse, meter: AnyMeterMap) -> str | None:
    """Return which driver an EVSE's meter signs with, None for one that does not sign or need not."""
    return meter.signs if isinstance(meter, MeterMap) and evse.meter.seal != "none" else None


def evse_settings(evse: Evse, meter: AnyMeterMap) -> EvseSettings:
    """Return one EVSE's limits and the identity of its meter."""
    vendor, _, model = meter.name.partition(" ")
    return EvseSettings(
        evse=evse.id,
        max_current_ma=evse.max_current_a * 1000,
        max_power_w=evse.max_current_a * evse.phases * _PHASE_VOLTS,
        meter=MeterIdentity(
            vendor,
            model,
            evse.meter.serial or evse.meter.address or f"unit-{evse.meter.unit}",
            meter.resolution_dwh,
            rollover_dwh=meter.rollover_dwh,
            named=bool(evse.meter.serial),
        ),
        phases=tuple("RST".index(phase) + 1 for phase in evse.phase_rotation[: evse.phases]),
        meter_signs=signer_of(evse, meter) is not None,
        meter_seal_required=evse.meter.seal == "required",
    )
