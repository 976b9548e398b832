"""A vehicle in billing time: when it closes S2, what it draws, and the energy that makes.

Power runs along straight ramps, so its integral is exact whenever it is asked for.
"""

from sim.board.load import Load
from sim.board.mains import PHASE_V, Volts
from sim.board.pilot import PilotState

RAMP_UP_MS = 2_000.0
RAMP_DOWN_MS = 1_000.0
TAPER_MS = 5_000.0
"""How long the ramp over the vehicle's whole power takes: upwards, when the offer falls, when it is full."""

_NEVER = float("inf")
_STEP_MS = 0.001  # time always moves on, whatever the rounding of sums


class Vehicle:
    """One vehicle (or none, while not plugged). All times are billing milliseconds and never go back.

    ``max_w`` is what its charger takes at most, ``reaction_ms`` how long it takes to close S2 on an offer.
    With a ``load`` it draws what that recording says instead, as far as the offer allows, from when it
    first can; at the recording's end it is full. All its phases carry the same current.

    Its manners, any of which may be set: ``ventilation`` it asks for state D; ``stubborn`` it goes on when
    the offer is taken back; ``asleep`` it does nothing before it is woken, by state F or by a second offer;
    ``overdraw`` it takes so many times what is offered, whatever ``max_w`` says.
    """

    def __init__(self, max_w: float, phases: int, reaction_ms: float, load: Load | None = None) -> None:
        self.max_w = max_w
        self.phases = phases
        self.plugged = False
        self.ready = True
        self.full = False
        self.s2_closed = False
        self.power_w = 0.0
        self.drawn_wh = 0.0
        self.ventilation = False
        self.stubborn = False
        self.asleep = False
        self.overdraw: float | None = None
        self._reaction_ms = reaction_ms
        self._load = load
        self._load_since_ms: float | None = None
        self._offer_a = 0.0
        self._heeded_a = 0.0
        self._was_offered = False
        self._volts = 0.0  # the sum of those of its phases that have voltage
        self._close_s2_ms = _NEVER
        self._at_ms = 0.0

    @property
    def drawing(self) -> bool:
        """Whether current flows or is just beginning to."""
        return self.power_w > 0 or self._target_w() > 0

    def plug_in(self, *, ready: bool) -> None:
        """Connect the cable; ``ready`` says whether the vehicle wants energy at once."""
        self.plugged, self.ready, self.full = True, ready, False
        self._settle()

    def unplug(self) -> None:
        """Pull the plug, under load too: the current ends at once."""
        self.plugged, self._load_since_ms, self._heeded_a = False, None, 0.0
        self._settle()

    def set_ready(self, ready: bool) -> None:
        """Let the vehicle want energy (again), or stop wanting it."""
        self.ready = ready
        if ready and self.full:
            self.full, self._load_since_ms = False, None
        self._settle()

    def fill(self) -> None:
        """The battery is full: taper off, then open S2."""
        self.full = True
        self._settle()

    def set_max_w(self, max_w: float) -> None:
        """Change what the vehicle's charger takes at most."""
        self.max_w = max_w
        self._settle()

    @property
    def state(self) -> PilotState:
        """The pilot state that the vehicle makes."""
        if not self.plugged:
            return "A"
        return ("D" if self.ventilation else "C") if self.s2_closed else "B"

    def phase_power_w(self, volts: Volts) -> Volts:
        """Return the power of each phase, where the contactor gives it ``volts``."""
        used = [volt if phase < self.phases else 0.0 for phase, volt in enumerate(volts)]
        ampere = self.power_w / self._volts if self._volts else 0.0
        return used[0] * ampere, used[1] * ampere, used[2] * ampere

    def supply(self, offer_a: float, volts: Volts) -> None:
        """Tell the vehicle what the pilot offers per phase and the voltages behind the contactor.

        The current stays what it was while the voltages step; then it ramps to what it is to be.
        """
        if offer_a and not self._offer_a and self._was_offered:
            self.asleep = False
        self._was_offered = self.plugged and (self._was_offered or offer_a > 0)
        self._offer_a = offer_a
        if offer_a or not (self.stubborn and self.s2_closed):
            self._heeded_a = offer_a
        before, self._volts = self._volts, sum(volts[: self.phases])
        if before and self._volts != before:
            self.power_w *= self._volts / before
        self._settle()

    def wake(self) -> None:
        """State F on the pilot wakes a sleeping vehicle."""
        self.asleep = False
        self._settle()

    def behave(self, **manners: bool | float | None) -> None:
        """Set manners by their names."""
        for name, value in manners.items():
            setattr(self, name, value)
        self._settle()

    def advance(self, to_ms: float) -> None:
        """Let time pass up to ``to_ms``: integrate, follow ramps and the load, close or open S2."""
        while self._at_ms < to_ms:
            end_ms = min(to_ms, max(self.next_change_ms(), self._at_ms + _STEP_MS))
            self._integrate(end_ms)
            self._at_ms = end_ms
            self._settle()

    def next_change_ms(self) -> float:
        """Return when the vehicle will change something by itself, infinity if never."""
        load_ms = _NEVER
        if self._load is not None and self._load_since_ms is not None and self._wants():
            since_ms = self._load_since_ms
            load_ms = since_ms + self._load.next_step_ms(self._at_ms - since_ms)
        return min(self._close_s2_ms, self._ramp_ends_ms(), load_ms)

    def _wants(self) -> bool:
        return self.plugged and self.ready and not self.full and not self.asleep and self._heeded_a > 0

    def _target_w(self) -> float:
        if not (self.s2_closed and self._volts and self._wants()):
            return 0.0
        limit_w = self._heeded_a * self._volts
        if self.overdraw is not None:
            return limit_w * self.overdraw
        if self._load is None:
            return min(limit_w, self.max_w * self._share())
        return min(limit_w, self._load.watts_at(self._at_ms - self._load_begin_ms()) * self._share())

    def _share(self) -> float:
        """Return what part of its power is left: its charger has one rectifier a phase, rated for 230 V."""
        return min(1.0, self._volts / (PHASE_V * self.phases))

    def _slope(self, target_w: float) -> float:
        """Return the ramp's steepness towards ``target_w`` in watts per millisecond."""
        whole_ms = RAMP_UP_MS if target_w > self.power_w else TAPER_MS if self.full else RAMP_DOWN_MS
        return max(self.max_w, 1_000.0) / whole_ms

    def _ramp_ends_ms(self) -> float:
        target_w = self._target_w()
        if target_w == self.power_w:
            return _NEVER
        return self._at_ms + abs(target_w - self.power_w) / self._slope(target_w)

    def _integrate(self, to_ms: float) -> None:
        target_w, before_w = self._target_w(), self.power_w
        if to_ms >= self._ramp_ends_ms():
            self.power_w = target_w
        elif target_w != before_w:
            step_w = self._slope(target_w) * (to_ms - self._at_ms)
            self.power_w += step_w if target_w > before_w else -step_w
        self.drawn_wh += (before_w + self.power_w) / 2 * (to_ms - self._at_ms) / 3_600_000

    def _settle(self) -> None:
        """Bring S2, the load's begin and the power in line with what is true now."""
        if self._load_is_over():
            self.full, self.power_w = True, 0.0
        if not (self.plugged and self._volts):
            self.power_w = 0.0
        if self.s2_closed:
            self.s2_closed = self.plugged and (self._wants() or self.power_w > 0)
        elif self._at_ms >= self._close_s2_ms:
            self.s2_closed = self._wants()
        self._close_s2_ms = self._when_to_close_s2()
        if self._load is not None:
            self._follow_load()

    def _when_to_close_s2(self) -> float:
        if self.s2_closed or not self._wants():
            return _NEVER
        return min(self._close_s2_ms, self._at_ms + self._reaction_ms)

    def _load_begin_ms(self) -> float:
        return self._at_ms if self._load_since_ms is None else self._load_since_ms

    def _load_is_over(self) -> bool:
        return self._load is not None and self._at_ms - self._load_begin_ms() >= self._load.ends_ms

    def _follow_load(self) -> None:
        """A recording has its own ramps: take its power as it is."""
        if self.s2_closed and self._volts and self._load_since_ms is None:
            self._load_since_ms = self._at_ms
        if self._wants():
            self.power_w = self._target_w()
