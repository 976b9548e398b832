"""Several EVSEs on one supply in virtual time: the real core; per EVSE an interlock, a vehicle, a meter."""

from dataclasses import dataclass, field, replace

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.charge_point import step
from firmware.core.customer_view import CustomerView
from firmware.core.deadlines import next_deadline_ms
from firmware.core.entries import TransactionEnded
from firmware.core.journal import initial, restore
from firmware.core.settings import EvseSettings, Settings
from firmware.core.state import State
from firmware.core.units import Stamp
from tests.support.virtual import OFFSET_MIN, START_UTC_MS, settings

TICK_MS = 500
DUTY_GAP_MS = FOLLOW_MS = 5_000
LEAST_MA = 6_000


@dataclass
class Outlet:
    """One EVSE's world. ``wants_ma`` is what its vehicle would draw; None: there is no vehicle."""

    settings: EvseSettings
    now_ms: int
    wants_ma: int | None = None
    limit_ma: int = 0
    offered_ma: int = 0
    changed_ms: int = -DUTY_GAP_MS
    offers: list[tuple[int, int]] = field(default_factory=list)
    closed: bool = False
    import_mwh: int = 10_000_000

    def follow(self, now_ms: int) -> None:
        """Do what interlock and vehicle do in a moment: duty changes 5 s apart, taking back at once."""
        elapsed_ms, self.now_ms = now_ms - self.now_ms, now_ms
        wanted = self.limit_ma if self.limit_ma >= LEAST_MA else 0
        at_once = wanted == 0 or self.offered_ma == 0
        if wanted != self.offered_ma and (at_once or now_ms - self.changed_ms >= DUTY_GAP_MS):
            self.offered_ma, self.changed_ms = wanted, now_ms
        self.closed = bool(self.offered_ma and self.wants_ma)
        self.offers = [(at, ma) for at, ma in self.offers if now_ms - at < FOLLOW_MS] + [
            (now_ms, self.offered_ma)
        ]
        self.import_mwh += self.draw_ma * 230 * elapsed_ms // 3_600_000

    @property
    def most_ma(self) -> int:
        """What the vehicle may draw at this moment: what it was offered within the last 5 s."""
        return max((ma for _, ma in self.offers), default=0) if self.closed else 0

    @property
    def draw_ma(self) -> int:
        return min(self.wants_ma or 0, self.most_ma)

    @property
    def pilot(self) -> ev.Pilot:
        return "A" if self.wants_ma is None else "C" if self.closed else "B"


class Garage:
    """A station of several EVSEs. ``phases`` gives each its place on the supply, in order."""

    def __init__(self, supply_ma: int, phases: list[tuple[int, ...]], **changes: object) -> None:
        plain: Settings = settings()
        meter = plain.evses[0].meter
        evses = tuple(
            EvseSettings(number, 32_000, 24_288, meter, on) for number, on in enumerate(phases, start=1)
        )
        self.settings = replace(plain, evses=evses, supply_ma=supply_ma, **changes)  # type: ignore[arg-type]
        self.now_ms = 1_000_000
        self.outlets = {item.evse: Outlet(item, self.now_ms) for item in evses}
        self.entries: list[object] = []
        self.state: State = initial(self.settings)
        self.feed(ev.LinkOpened(self.stamp(), "ocpp2.1"))
        self.run(seconds=1)

    def plug_in(self, evse: int, wants_ma: int = 32_000) -> None:
        """A driver pays and plugs in."""
        self.feed(ev.StartRequested(self.stamp(), "call", evse, 7, f"card-{evse}", "ISO14443"))
        self.outlets[evse].wants_ma = wants_ma

    def unplug(self, evse: int) -> None:
        self.outlets[evse].wants_ma = None

    def restart(self) -> None:
        """The agent dies and starts again; leases stand meanwhile."""
        self.state = restore(self.settings, self.entries)  # type: ignore[arg-type]
        self.feed(ev.LinkOpened(self.stamp(), "ocpp2.1"))

    def run(self, seconds: float, tick_ms: int = TICK_MS) -> None:
        for _ in range(round(seconds * 1000 / tick_ms)):
            self.now_ms += tick_ms
            self._deadlines()
            for outlet in self.outlets.values():
                outlet.follow(self.now_ms)
                self.check()
                self._report(outlet)
                self.check()

    def check(self) -> None:
        """No phase may ever be loaded, or allowed to be loaded, with more than it carries."""
        for what, loads in (("allowed", self._loads("limit_ma")), ("drawn", self._loads("most_ma"))):
            over = {phase: ma for phase, ma in loads.items() if ma > (self.settings.supply_ma or 0)}
            assert not over, f"at {self.now_ms}: {what} {over}"

    def permits(self) -> list[int]:
        return [outlet.limit_ma for outlet in self.outlets.values()]

    def view(self, evse: int) -> CustomerView:
        view = self.state.evse(evse).told.view
        assert view is not None
        return view

    def ended(self) -> list[str]:
        return [entry.stopped_reason for entry in self.entries if isinstance(entry, TransactionEnded)]

    def stamp(self) -> Stamp:
        return Stamp(self.now_ms, START_UTC_MS + self.now_ms, "synchronised", OFFSET_MIN)

    def feed(self, event: ev.Event) -> None:
        self.state, effects = step(self.state, event)
        for effect in effects:
            match effect:
                case fx.Append():
                    self.entries.append(effect.entry)
                case fx.Permit():
                    self.outlets[effect.evse].limit_ma = effect.limit_ma
                case fx.Withdraw():
                    self.outlets[effect.evse].limit_ma = 0

    def _loads(self, what: str) -> dict[int, int]:
        return {
            phase: sum(
                getattr(outlet, what) for outlet in self.outlets.values() if phase in outlet.settings.phases
            )
            for phase in (1, 2, 3)
        }

    def _report(self, outlet: Outlet) -> None:
        number = outlet.settings.evse
        self.feed(
            ev.InterlockReported(
                self.stamp(),
                number,
                outlet.pilot,
                outlet.closed,
                "locked",
                outlet.limit_ma,
                frozenset(),
                offered_ma=outlet.offered_ma,
            )
        )
        current_ma = (outlet.draw_ma,) * 3
        reading = ev.MeterReading(
            self.stamp(), outlet.import_mwh // 100, outlet.draw_ma * 230 // 1000, None, current_ma
        )
        self.feed(ev.MeterSampled(self.stamp(), number, reading))

    def _deadlines(self) -> None:
        due = next_deadline_ms(self.state, self.stamp())
        if due is not None and due <= self.now_ms:
            self.feed(ev.DeadlineReached(self.stamp()))
