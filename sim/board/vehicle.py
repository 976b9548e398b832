"""A vehicle in billing time: when it closes S2, what it draws, and the energy that makes.

Power runs along straight ramps, so its integral is exact whenever it is asked for.
"""

from sim.board.load import Load

PHASE_V = 230.0
RAMP_UP_MS = 2_000.0
RAMP_DOWN_MS = 1_000.0
TAPER_MS = 5_000.0
"""How long the ramp over the vehicle's whole power takes: upwards, when the offer falls, when it is full."""

_NEVER = float("inf")
_STEP_MS = 0.001  # time always moves on, whatever the rounding of sums


def offered_a(duty_e4: int) -> float:
    """Return the current per phase in amperes that a pilot duty offers, 0 outside 10 to 96 %.

    IEC 61851-1, annex A: duty % × 0.6 up to 85 %, (duty % − 64) × 2.5 above.
    """
    if not 1_000 <= duty_e4 <= 9_600:
        return 0.0
    percent = duty_e4 / 100
    return percent * 0.6 if percent <= 85 else (percent - 64) * 2.5


class Vehicle:
    """One vehicle (or none, while not plugged). All times are billing milliseconds and never go back.

    ``max_w`` is what its charger takes at most, ``reaction_ms`` how long it takes to close S2 on an offer.
    With a ``load`` it draws what that recording says instead, as far as the offer allows, from when it
    first can; at the recording's end it is full.
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
        self._reaction_ms = reaction_ms
        self._load = load
        self._load_since_ms: float | None = None
        self._offer_a = 0.0
        self._supplied = False
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
        self.plugged, self._load_since_ms = False, None
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

    def supply(self, offer_a: float, *, contactor_closed: bool) -> None:
        """Tell the vehicle what the pilot offers per phase and whether mains are there."""
        self._offer_a, self._supplied = offer_a, contactor_closed
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
        return self.plugged and self.ready and not self.full and self._offer_a > 0

    def _target_w(self) -> float:
        if not (self.s2_closed and self._supplied and self._wants()):
            return 0.0
        limit_w = self._offer_a * PHASE_V * self.phases
        if self._load is None:
            return min(limit_w, self.max_w)
        return min(limit_w, self._load.watts_at(self._at_ms - self._load_begin_ms()))

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
        if not (self.plugged and self._supplied):
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
        if self.s2_closed and self._supplied and self._load_since_ms is None:
            self._load_since_ms = self._at_ms
        if self._wants():
            self.power_w = self._target_w()
