"""Whatever happens in whatever order, the interlock's promises hold (`Bench` checks them after each step)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.interlock.bench import Bench

_MS = st.sampled_from([1, 5, 19, 20, 60, 100, 500, 999, 1_000, 3_000, 5_000, 6_000, 15_000])


class Anything(RuleBasedStateMachine):
    """People, vehicle, agent and parts do what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()

    @initialize(charging=st.booleans())
    def begin(self, charging: bool) -> None:
        if charging:
            self.bench.charge()

    @rule()
    def charge_again(self) -> None:
        """Mend everything and do all that a charge needs, so that there is something to go wrong."""
        bench = self.bench
        bench.welded = bench.coil_broken = bench.lock_jammed = bench.diode_broken = bench.pressed = False
        bench.mirror_open = bench.mirror_open or not bench.closed
        bench.unplug().clear_faults().withdraw().let(3_000).charge()

    @rule(ms=_MS)
    def let(self, ms: int) -> None:
        self.bench.let(ms)

    @rule(pilot=st.sampled_from("AABBCCCCDEF"), ms=_MS)
    def vehicle(self, pilot: str, ms: int) -> None:
        self.bench.vehicle_goes_to(pilot).let(ms)

    @rule(amperes=st.sampled_from([0, 5, 6, 16, 32, 80]), seconds=st.sampled_from([0, 1, 15, 4_000_000]))
    def grant(self, amperes: int, seconds: int) -> None:
        self.bench.grant(amperes, seconds).let(200)

    @rule(seq=st.integers(0, 20))
    def say_something_old(self, seq: int) -> None:
        self.bench.grant(seq=seq).withdraw(seq=seq)

    @rule()
    def withdraw(self) -> None:
        self.bench.withdraw()

    @rule(locked=st.booleans())
    def order(self, locked: bool) -> None:
        _ = self.bench.order_lock() if locked else self.bench.order_release()

    @rule()
    def clear_faults(self) -> None:
        self.bench.clear_faults()

    @rule()
    def agent_connects(self) -> None:
        self.bench.agent_connects()

    @rule(pressed=st.booleans())
    def emergency_stop(self, pressed: bool) -> None:
        _ = self.bench.press_emergency_stop() if pressed else self.bench.release_emergency_stop()

    @rule(
        welded=st.booleans(), coil_broken=st.booleans(), lock_jammed=st.booleans(), diode_broken=st.booleans()
    )
    def break_or_mend(self, welded: bool, coil_broken: bool, lock_jammed: bool, diode_broken: bool) -> None:
        bench = self.bench
        bench.welded, bench.coil_broken, bench.lock_jammed = welded, coil_broken, lock_jammed
        bench.diode_broken = diode_broken
        bench.mirror_open = bench.mirror_open or not (welded or bench.closed)
        bench.sample()

    @rule(locked=st.booleans())
    def somebody_forces_the_bolt(self, locked: bool) -> None:
        self.bench.bolt_locked = locked
        self.bench.sample()

    @rule(ms=_MS)
    def lose_the_board(self, ms: int) -> None:
        self.bench.lose_board().let(ms).find_board()


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
