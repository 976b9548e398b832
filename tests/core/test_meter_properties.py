"""Whatever a meter does, whoever restarts or exchanges it: no bill is above what flowed, and each is sealed.

The wild registers here are further off than the cable carries: one that is as near as that nobody can tell
from a true one (docs/adr/0015-a-reading-is-believed-or-not.md).
"""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core import events as ev
from firmware.core.entries import Entry, TransactionEnded, TransactionStarted, UsageRecorded
from firmware.core.settings import EvseSettings, MeterIdentity
from tests.support.virtual import VirtualStation
from tests.support.virtual_meter import VirtualMeter

FAR_DWH = 10_000_000
"""More than ten minutes at full power, twice over."""

Action = Callable[["WatchedStation", int], object]


class WatchedStation(VirtualStation):
    """Audits each bill by what truly flowed through the meter's place, whatever meter was in it."""

    def __init__(self, meters: list[VirtualMeter], identity: MeterIdentity, watts: int) -> None:
        self.fresh = meters[1:]
        self._began_mwh: dict[str, int] = {}
        self._records: dict[str, list[UsageRecorded]] = {}
        self.bills: list[int] = []
        evses = (EvseSettings(1, 32_000, 24_288, identity),)
        super().__init__(meter=meters[0], watts=watts, store=self._audit, evses=evses)

    def _audit(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            match entry:
                case TransactionStarted(transaction_id=name):
                    self._began_mwh[name], self._records[name] = self.flowed_mwh, []
                case UsageRecorded(transaction_id=name):
                    self._records[name].append(entry)
                case TransactionEnded(transaction_id=name):
                    flowed_dwh = (self.flowed_mwh - self._began_mwh[name]) // 100
                    self._check(entry, self._records[name], flowed_dwh)

    def _check(self, ended: TransactionEnded, records: list[UsageRecorded], flowed_dwh: int) -> None:
        self.bills.append(ended.cost.energy_dwh)
        if not records:
            assert ended.cost.total_minor == 0
            return
        assert [records[0].kind, records[-1].kind] == ["B", "E"]
        assert {record.kind for record in records[1:-1]} <= {"C", "S", "T"}
        assert ended.cost.energy_dwh == records[-1].import_dwh - records[0].import_dwh
        assert all(before.import_dwh <= after.import_dwh for before, after in pairwise(records))
        assert len({json.loads(record.payload)["MS"] for record in records}) == 1
        assert ended.cost.energy_dwh <= flowed_dwh + self.settings.evses[0].meter.resolution_dwh


def _serve(station: WatchedStation, seconds: int) -> None:
    """Somebody mends what is broken and clears what has latched; then a driver comes."""
    meter = station.meter
    meter.works, meter.counts, meter.repeats, meter.wild = True, True, False, []
    station.leak_w, station.vehicle_wants = 0, True
    _stop(station, 0)
    station.unplug().run(seconds=70).clear_faults().run(seconds=2)
    station.scan_and_pay(minutes=600).plug_in().run(seconds=seconds)


def _stop(station: WatchedStation, _amount: int) -> None:
    transaction = station.state.evses[0].transaction
    if transaction is not None:
        station.feed(ev.StopRequested(station.stamp(), "call", transaction.start.transaction_id))
        station._settle()


def _begin_next(station: WatchedStation, seconds: int) -> None:
    """The next driver comes at once, whatever stands. An old copy that is near the truth nobody can tell."""
    if not station.meter.repeats:
        station.unplug().scan_and_pay(minutes=600).plug_in().run(seconds=seconds)


def _fall_silent(station: WatchedStation, seconds: int) -> None:
    station.silence_meter().run(seconds=seconds % 9)
    station.meter.works = True


def _read_wildly(station: WatchedStation, amount: int) -> None:
    far = (FAR_DWH if amount % 2 else -FAR_DWH) * (1 + amount)
    station.meter.wild = [max(0, station.meter.import_dwh + far)] * (amount % 3 + 1)


def _exchange(station: WatchedStation, amount: int) -> None:
    """Another meter: the line was dead meanwhile, or the station was, or nobody has noticed."""
    if station.fresh:
        if amount % 3 == 0:
            station.silence_meter().run(seconds=3)
        station.exchange_meter(station.fresh.pop())
        if amount % 3 == 1:
            station.kill_agent(away_ms=amount)


def _toggle(name: str) -> Action:
    return lambda station, _amount: setattr(station.meter, name, not getattr(station.meter, name))


def _pause(station: WatchedStation, _amount: int) -> None:
    station.vehicle_wants = not station.vehicle_wants
    station._settle()


def _leak(station: WatchedStation, _amount: int) -> None:
    station.leak_w = 0 if station.leak_w else 500


ACTIONS: dict[str, Action] = {
    "run": lambda station, amount: station.run(seconds=amount),
    "serve": _serve,
    "begin": _begin_next,
    "stop": _stop,
    "unplug": lambda station, _: station.unplug(),
    "pause": _pause,
    "silent": _fall_silent,
    "wild": _read_wildly,
    "count nothing": _toggle("counts"),
    "repeat": _toggle("repeats"),
    "leak": _leak,
    "kill": lambda station, amount: station.kill_agent(away_ms=amount * 1_000),
    "cut": lambda station, amount: station.cut_power(away_ms=amount * 10_000),
    "clear": lambda station, _: station.clear_faults(),
    "exchange": _exchange,
}
STORIES = st.lists(st.tuples(st.sampled_from([*ACTIONS, "run", "serve"]), st.integers(0, 90)), max_size=20)


@settings(max_examples=150, deadline=None)
@given(
    story=STORIES,
    numbers=st.lists(st.sampled_from(["", "A", "B"]), min_size=3, max_size=3),
    registers=st.permutations([4, 8, 12]),
    step_dwh=st.sampled_from([1, 10, 1_000]),
    watts=st.sampled_from([1_400, 7_200, 22_000]),
    named=st.booleans(),
)
def test_no_bill_is_above_what_flowed_and_each_is_the_difference_of_two_sealed_registers(
    story: list[tuple[str, int]],
    numbers: list[str],
    registers: list[int],
    step_dwh: int,
    watts: int,
    named: bool,
) -> None:
    meters = [
        VirtualMeter(place * 100 * 100_000_000 + 12_345, serial, step_dwh, phases=3)
        for place, serial in zip(registers, numbers, strict=True)
    ]
    identity = MeterIdentity("Eastron", "SDM630", "A", step_dwh, named=named)
    station = WatchedStation(meters, identity, watts)
    _serve(station, 60)
    for name, amount in story:
        ACTIONS[name](station, amount)
    _finish(station)


def _finish(station: WatchedStation) -> None:
    """Every transaction ends, whatever its meter does."""
    station.meter.works, station.meter.wild = True, []
    for _ in range(3):
        _stop(station, 0)
        station.run(seconds=10)
    assert station.state.evses[0].transaction is None
