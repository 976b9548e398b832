"""A charge point in virtual time: the real core on a made-up clock, in a world that answers at once.

An eight-hour charge takes about a second.

    station = VirtualStation().scan_and_pay(minutes=60)
    station.plug_in().run(minutes=61)
    assert station.ended.stopped_reason == "TimeLimitReached"
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal, TypeVar

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.charge_point import step
from firmware.core.customer_view import CustomerView
from firmware.core.deadlines import next_deadline_ms
from firmware.core.entries import Entry, TransactionEnded, UsageRecorded
from firmware.core.journal import initial, restore
from firmware.core.settings import EvseSettings, MeterIdentity, Settings
from firmware.core.state import State
from firmware.core.tariff import Tariff
from firmware.core.tariff_type import parse
from firmware.core.units import Stamp
from firmware.core.web_payment import WebPayments
from tests.support.virtual_meter import VirtualMeter

START_UTC_MS = 1_780_277_400_000  # 2026-06-01T09:30:00+08:00
OFFSET_MIN = 480

EntryT = TypeVar("EntryT", bound=Entry)


def flat_tariff(**extra: Any) -> Tariff:
    """One yuan per kWh and nothing else, unless said otherwise."""
    return parse(
        {
            "tariffId": "flat",
            "currency": "CNY",
            "energy": {"prices": [{"priceKwh": Decimal("1")}]},
            **extra,
        }
    )


def settings(tariff: Tariff | None = None, **changes: Any) -> Settings:
    """A one-EVSE station with an SDM630-like meter of 0.1 Wh steps."""
    meter = MeterIdentity("Eastron", "SDM630", "0042", 1)
    plain = Settings(
        station_id="chu-003",
        vendor="Wattseal",
        model="AC",
        firmware_version="test",
        tariff=tariff or flat_tariff(),
        web_payments=WebPayments(True, "http://pay/{chargingstationid}/{evse}?totp={totp}", 30, 12, "secret"),
        evses=(EvseSettings(1, 32_000, 24_288, meter),),
    )
    return replace(plain, **changes)


class VirtualStation:
    """Carries the core's effects out on a simple world; every ``run`` moves the clock second by second."""

    def __init__(
        self,
        tariff: Tariff | None = None,
        *,
        watts: int = 7200,
        meter: VirtualMeter | None = None,
        store: Callable[[Sequence[Entry]], None] | None = None,
        **changes: Any,
    ) -> None:
        self.settings = settings(tariff, **changes)
        self.watts = watts
        self.now_ms = 1_000_000
        self.meter = meter or VirtualMeter()
        self.entries: list[Entry] = []
        self.effects: list[fx.Effect] = []
        self.limit: ev.Limit | None = None
        self.vehicle_wants = True
        self.plugged = False
        self.faults: frozenset[str] = frozenset()
        self.permit_ma = 0
        self.closed = False
        self.coil_broken = False
        self.leak_w = 0
        self.flowed_mwh = 0
        self.released = False
        self.pace_register = False
        self._store = store
        self._silent_since: int | None = None
        self._missed, self._known, self._told_silent = 0, False, False
        self.state: State = initial(self.settings)
        self._boot()

    # what people do

    def scan_and_pay(self, minutes: int | None = None, yuan: int | None = None) -> "VirtualStation":
        self.limit = ev.Limit(
            cost_e4=None if yuan is None else yuan * 10_000,
            time_ms=None if minutes is None else minutes * 60_000,
        )
        self.feed(ev.StartRequested(self.stamp(), "call-1", 1, 7, "psp-1", "DirectPayment"))
        started = [entry for entry in self.entries if type(entry).__name__ == "TransactionStarted"]
        if started:
            answer = ev.TransactionAnswered(
                self.stamp(), started[-1].transaction_id, started[-1].seq_no, limit=self.limit
            )
            self.feed(answer)
        return self

    def plug_in(self) -> "VirtualStation":
        self.plugged = True
        return self._settle()

    def unplug(self) -> "VirtualStation":
        self.plugged = False
        return self._settle()

    def fill_vehicle(self) -> "VirtualStation":
        self.vehicle_wants = False
        return self._settle()

    def press_emergency_stop(self) -> "VirtualStation":
        self.faults |= {"EmergencyStop"}
        return self._settle()

    def stop_from_phone(self) -> "VirtualStation":
        self.feed(ev.StopRequested(self.stamp(), "call-2", self.started.transaction_id))
        return self._settle()

    def lower_limit(self, yuan_e4: int) -> "VirtualStation":
        """The backend thinks better of it in its next answer."""
        self.limit = ev.Limit(cost_e4=yuan_e4)
        self.feed(ev.TransactionAnswered(self.stamp(), self.started.transaction_id, 9, limit=self.limit))
        return self._settle()

    def silence_meter(self) -> "VirtualStation":
        self.meter.works = False
        return self

    def exchange_meter(self, meter: VirtualMeter) -> "VirtualStation":
        """Another meter is put in, or answers in its place; the poll does not notice a thing by itself."""
        self.meter = meter
        return self

    def clear_faults(self, by: Literal["engineer", "backend"] = "engineer") -> "VirtualStation":
        self.feed(ev.ClearRequested(self.stamp(), "", None, by))
        return self._settle()

    def kill_agent(self, away_ms: int = 0) -> "VirtualStation":
        """The process dies and starts again: only what was stored is left."""
        self._pass(away_ms)
        self.state = restore(self.settings, self.entries)
        self.pace_register = False
        self._missed, self._known, self._told_silent = 0, False, False
        self.feed(ev.LinkOpened(self.stamp(), "ocpp2.1"))
        return self._settle()

    def cut_power(self, away_ms: int) -> "VirtualStation":
        """All processes die and outputs fall to safe; later all of them start again."""
        self.closed, self.permit_ma = False, 0
        return self.kill_agent(away_ms)

    def run(self, *, minutes: float = 0, seconds: float = 0) -> "VirtualStation":
        end_ms = self.now_ms + round(minutes * 60_000 + seconds * 1000)
        while self.now_ms < end_ms:
            self._until(min(end_ms, self.now_ms + 1000))
            self._sample()
        return self

    # what can be seen

    def stamp(self) -> Stamp:
        utc_ms = START_UTC_MS + self.now_ms - 1_000_000
        return Stamp(self.now_ms, utc_ms, "synchronised", OFFSET_MIN)

    def of(self, kind: type[EntryT]) -> list[EntryT]:
        return [entry for entry in self.entries if isinstance(entry, kind)]

    @property
    def started(self) -> Any:
        return next(entry for entry in reversed(self.entries) if type(entry).__name__ == "TransactionStarted")

    @property
    def import_mwh(self) -> int:
        """What the meter has counted."""
        return self.meter.import_mwh

    @import_mwh.setter
    def import_mwh(self, mwh: int) -> None:
        self.meter.import_mwh = mwh

    @property
    def records(self) -> list[UsageRecorded]:
        return self.of(UsageRecorded)

    @property
    def ended(self) -> TransactionEnded:
        return self.of(TransactionEnded)[-1]

    @property
    def view(self) -> CustomerView:
        view = self.state.evses[0].told.view
        assert view is not None
        return view

    @property
    def status(self) -> str | None:
        return self.state.evses[0].told.status

    # the world

    def feed(self, event: ev.Event) -> None:
        self.state, effects = step(self.state, event)
        stored = [effect.entry for effect in effects if isinstance(effect, fx.Append)]
        self.entries += stored
        if self._store and stored:
            self._store(stored)
        self.effects += [effect for effect in effects if not isinstance(effect, fx.Show)]
        for effect in effects:
            self._act(effect)

    def _act(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Permit():
                self.permit_ma = effect.limit_ma
            case fx.Withdraw():
                self.permit_ma = 0
            case fx.ReleaseLock() | fx.SecureLock():
                self.released = isinstance(effect, fx.ReleaseLock)
            case fx.PaceMeter():
                self.pace_register = effect.pace == "register"

    def _boot(self) -> None:
        self.feed(ev.LinkOpened(self.stamp(), "ocpp2.1"))
        self._report()
        self._sample()

    def _settle(self) -> "VirtualStation":
        """Let the interlock and the meter follow: a few hundred milliseconds pass."""
        for _ in range(4):
            self._report()
            self._pass(50)
            if self.pace_register:
                self._sample()
        return self

    def _report(self) -> None:
        wants = self.plugged and self.permit_ma > 0 and self.vehicle_wants and not self.faults
        self.closed = wants and not self.coil_broken
        pilot: ev.Pilot = "A" if not self.plugged else "C" if wants else "B"
        lock = "released" if self.released else "locked"
        report = ev.InterlockReported(
            self.stamp(),
            1,
            pilot,
            wants,
            lock,  # type: ignore[arg-type]
            self.permit_ma,
            self.faults,
            closing=wants and self.coil_broken,
        )
        self.feed(report)

    def _sample(self) -> None:
        if not self.meter.works:
            self._silent_since = self._silent_since or self.now_ms
            self._missed += 1
            self._known = self._known and self._missed < 2
            if self.now_ms - self._silent_since >= 5000 and not self._told_silent:
                self._told_silent = True
                self.feed(ev.MeterSilent(self.stamp(), 1, "no reply"))
                self._settle()
            return
        self._identify()
        now = self.stamp()
        watts = self.watts if self.closed else 0
        reading = self.meter.read(now, watts, register_only=self.pace_register)
        self.feed(ev.MeterSampled(now, 1, reading, self._missed))
        self._silent_since, self._missed, self._told_silent = None, 0, False
        if self.closed != (self.permit_ma > 0 and self.plugged and self.vehicle_wants):
            self._settle()

    def _identify(self) -> None:
        if not self._known and self.meter.serial:
            self.feed(ev.MeterIdentified(self.stamp(), 1, self.meter.serial))
        self._known = True

    def _until(self, until_ms: int) -> None:
        """Let time pass, with the core's deadlines on the way."""
        deadline_ms = next_deadline_ms(self.state, self.stamp())
        while deadline_ms is not None and deadline_ms <= until_ms:
            self._pass(max(0, deadline_ms - self.now_ms))
            self.feed(ev.DeadlineReached(self.stamp()))
            if self.closed and not self.permit_ma:
                self._settle()
            later_ms = next_deadline_ms(self.state, self.stamp())
            if later_ms == deadline_ms:
                raise AssertionError("the deadline was reached and is still the next one")
            deadline_ms = later_ms
        self._pass(max(0, until_ms - self.now_ms))

    def _pass(self, ms: int) -> None:
        watts = (self.watts if self.closed else 0) + self.leak_w
        self.flowed_mwh += watts * ms // 3600
        self.meter.count(watts * ms // 3600)
        self.now_ms += ms
