"""Whatever happens in whatever order, the interlock's promises hold (`Bench` checks them after each step)."""

from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from firmware.interlock.lease import FAULTS
from firmware.interlock.model import Derating, Rules
from tests.interlock.bench import FULL, PLAIN, Bench

TETHERED = Rules(32_000, phases=1, lock="none", derating=Derating())
SOLENOID = Rules(16_000, lock="solenoid", release_on=frozenset({"EmergencyStop", "PowerFailing"}))
_MS = st.sampled_from([1, 5, 19, 20, 60, 100, 500, 999, 1_000, 3_000, 5_000, 6_000, 15_000])


class Anything(RuleBasedStateMachine):
    """People, vehicle, agent and parts do what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()

    @initialize(rules=st.sampled_from([PLAIN, FULL, TETHERED, SOLENOID]), charging=st.booleans())
    def begin(self, rules: Rules, charging: bool) -> None:
        self.bench = Bench(rules)
        if charging:
            self.bench.charge()

    @rule()
    def charge_again(self) -> None:
        """Mend everything and do all that a charge needs, so that there is something to go wrong."""
        bench = self.bench
        bench.welded = bench.coil_broken = bench.lock_jammed = bench.diode_broken = bench.pressed = False
        bench.leaks = bench.residual_device_broken = bench.door_open = bench.power_failing = False
        bench.temperature_mc, bench.cable_ohm = 25_000, 220
        bench.mirror_open = bench.mirror_open or not bench.closed
        bench.bolt_locked = bench.state.commands.lock == 1
        bench.unplug().measure().withdraw().let(3_000).clear_faults().let(3_000).charge()

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

    @rule(leaks=st.booleans(), broken=st.booleans(), door=st.booleans(), failing=st.booleans())
    def inputs_go(self, leaks: bool, broken: bool, door: bool, failing: bool) -> None:
        bench = self.bench
        bench.leaks, bench.residual_device_broken = leaks, broken
        bench.door_open, bench.power_failing = door, failing
        bench.sample()

    @rule(celsius=st.sampled_from([20, 65, 75, 85]), ohm=st.sampled_from([220, 680, 30, 9_000]))
    def surroundings_change(self, celsius: int, ohm: int) -> None:
        self.bench.cable_ohm = ohm
        self.bench.heat_to(celsius)

    @rule(volts=st.sampled_from([0, 100, 230, 300, None]), amperes=st.sampled_from([0, 6, 16, 40, None]))
    def the_meter_measures(self, volts: int | None, amperes: int | None) -> None:
        self.bench.measure((230, volts, 230), (amperes, amperes, 0))

    @rule(name=st.sampled_from(FAULTS))
    def the_agent_recalls(self, name: str) -> None:
        self.bench.recall(name)

    @rule(by=st.sampled_from(["engineer", "backend"]))
    def somebody_clears(self, by: Literal["engineer", "backend"]) -> None:
        self.bench.clear_faults(by)

    @rule(ms=_MS)
    def lose_the_board(self, ms: int) -> None:
        self.bench.lose_board().let(ms).find_board()


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
