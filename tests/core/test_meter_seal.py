"""A meter that signs by itself, in virtual time: what it is told and when, what its seal and its lack do."""

import json
from dataclasses import replace
from typing import Any

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.entries import (
    FaultCleared,
    FaultRaised,
    MeterRecordBegan,
    MeterSealKept,
    MeterSealMissing,
)
from firmware.core.journal import restore
from tests.support.virtual import VirtualStation, settings

SEAL = ev.MeterSeal('OCMF|{"PG":"T241"}|{"SD":"3045"}', "3059")
BEGIN_SEAL = ev.MeterSeal('OCMF|{"PG":"T240"}|{"SD":"3046"}', "3059")


class SigningStation(VirtualStation):
    """A station whose meter signs: each order is answered ``signing_ms`` later, as ``manner`` says."""

    def __init__(self, *, required: bool = False, manner: str = "signs", **changes: Any) -> None:
        self.orders: list[fx.Effect] = []
        self.manner = manner
        self.signing_ms = 150
        self.begin_seal: ev.MeterSeal | None = None
        self.left_over: tuple[ev.MeterSeal, ...] = ()
        self._due: list[tuple[int, fx.BeginMeterRecord | fx.EndMeterRecord]] = []
        (evse,) = settings().evses
        signing = replace(evse, meter_signs=True, meter_seal_required=required)
        super().__init__(evses=(signing,), **changes)

    def _act(self, effect: fx.Effect) -> None:
        super()._act(effect)
        if isinstance(effect, fx.BeginMeterRecord | fx.EndMeterRecord):
            self.orders.append(effect)
            self._due.append((self.now_ms + self.signing_ms, effect))

    def _pass(self, ms: int) -> None:
        super()._pass(ms)
        while self._due and self._due[0][0] <= self.now_ms and self.manner != "silent":
            self._answer(self._due.pop(0)[1])

    def _answer(self, order: fx.BeginMeterRecord | fx.EndMeterRecord) -> None:
        at, evse, number = self.stamp(), order.evse, order.transaction_id
        at_end = isinstance(order, fx.EndMeterRecord)
        if self.manner == "refuses":
            self.feed(ev.MeterSealFailed(at, evse, number, at_end, "does not sign: signature error"))
        elif at_end:
            self.feed(ev.MeterSealed(at, evse, number, SEAL))
        else:
            self.feed(ev.MeterRecordOpened(at, evse, number, self.begin_seal, self.left_over))

    def kill_agent(self, away_ms: int = 0) -> "VirtualStation":
        self._due.clear()
        return super().kill_agent(away_ms)

    @property
    def orders_given(self) -> list[str]:
        return [type(order).__name__ for order in self.orders]

    @property
    def flags(self) -> list[list[str]]:
        return [json.loads(record.payload)["UF"] for record in self.records]


def test_it_is_begun_before_energy_flows_and_ended_after_our_end_record() -> None:
    station = SigningStation()
    station.signing_ms = 1_000
    station.scan_and_pay(minutes=2).plug_in()
    assert (len(station.records), station.orders_given, station.permit_ma) == (1, ["BeginMeterRecord"], 0)
    station.run(seconds=2)
    assert station.closed
    assert len(station.of(MeterRecordBegan)) == 1
    station.run(minutes=3)
    assert station.orders_given == ["BeginMeterRecord", "EndMeterRecord"]
    assert station.records[-1].kind == "E"
    assert (station.ended.meter_begin_seal, station.ended.meter_end_seal) == (None, SEAL)
    assert station.flags == [[]] * len(station.records)
    assert station.of(FaultRaised) == []


def test_a_meter_that_signs_begin_and_end_apart_gives_both() -> None:
    station = SigningStation()
    station.begin_seal = BEGIN_SEAL
    station.scan_and_pay(minutes=2).plug_in().run(minutes=4)
    assert (station.ended.meter_begin_seal, station.ended.meter_end_seal) == (BEGIN_SEAL, SEAL)


def test_a_station_whose_meter_does_not_sign_is_told_nothing() -> None:
    station = VirtualStation().scan_and_pay(minutes=2).plug_in().run(minutes=4)
    assert not [effect for effect in station.effects if isinstance(effect, fx.BeginMeterRecord)]
    assert station.ended.meter_end_seal is None


def test_a_refusal_at_the_begin_flags_the_records_and_the_driver_charges_all_the_same() -> None:
    station = SigningStation(manner="refuses")
    station.scan_and_pay(minutes=2).plug_in().run(minutes=4)
    assert station.ended.cost.energy_dwh > 2000
    assert station.ended.stopped_reason == "TimeLimitReached"
    assert station.orders_given == ["BeginMeterRecord"]
    assert station.flags[0] == []  # stored before the meter was asked
    assert all("meter-seal-missing" in flags for flags in station.flags[1:])
    (raised,) = station.of(FaultRaised)
    assert (raised.fault, raised.detail) == ("MeterSealMissing", "does not sign: signature error")


def test_where_the_site_demands_the_seal_no_energy_flows_without_it() -> None:
    station = SigningStation(required=True, manner="refuses")
    station.scan_and_pay(minutes=2).plug_in().run(minutes=1)
    assert (station.ended.fault, station.ended.cost.energy_dwh) == ("MeterSealMissing", 0)
    assert not [effect for effect in station.effects if isinstance(effect, fx.Permit)]
    station.unplug()
    station.manner = "signs"
    station.scan_and_pay(minutes=2).plug_in().run(minutes=4)
    assert station.ended.meter_end_seal == SEAL
    assert [entry.fault for entry in station.of(FaultCleared)] == ["MeterSealMissing"]


def test_a_silent_meter_holds_the_start_up_for_two_seconds_only() -> None:
    station = SigningStation(manner="silent")
    station.scan_and_pay(minutes=2).plug_in()
    asked_ms = station.state.evses[0].meter_asked_ms
    station.run(seconds=4)
    (missing,) = station.of(MeterSealMissing)
    assert asked_ms is not None
    assert (missing.at.mono_ms - asked_ms, missing.at_end, missing.why) == (
        2_000,
        False,
        "no answer in 2000 ms",
    )
    assert station.closed


def test_a_meter_silent_at_the_end_holds_the_bill_up_for_two_seconds_only() -> None:
    station = SigningStation()
    station.scan_and_pay(minutes=2).plug_in().run(minutes=1)
    station.manner = "silent"
    station.run(minutes=3)
    assert station.records[-1].kind == "E"
    assert station.ended.at.mono_ms - station.records[-1].at.mono_ms == 2_000
    assert station.ended.meter_end_seal is None
    assert station.ended.cost.energy_dwh > 2000
    assert [(missing.at_end, missing.transaction_id) for missing in station.of(MeterSealMissing)] == [
        (True, station.ended.transaction_id)
    ]
    assert [entry.fault for entry in station.of(FaultRaised)] == ["MeterSealMissing"]


def test_a_seal_that_comes_too_late_is_kept_and_the_fault_ends() -> None:
    station = SigningStation()
    station.scan_and_pay(minutes=2).plug_in().run(minutes=1)
    station.signing_ms = 10_000
    station.run(minutes=3)
    (kept,) = station.of(MeterSealKept)
    assert (kept.when, kept.seal, kept.transaction_id) == ("late", SEAL, station.ended.transaction_id)
    assert station.ended.meter_end_seal is None
    assert [entry.fault for entry in station.of(FaultCleared)] == ["MeterSealMissing"]


def test_a_begin_that_comes_too_late_is_ended_too_and_the_records_stay_flagged() -> None:
    station = SigningStation()
    station.signing_ms = 20_000
    station.scan_and_pay(minutes=2).plug_in().run(minutes=1)
    station.signing_ms = 150
    station.run(minutes=3)
    assert station.ended.meter_end_seal == SEAL
    assert all("meter-seal-missing" in flags for flags in station.flags[1:])


@pytest.mark.parametrize("at_s", [0, 30])
def test_over_a_restart_the_meters_record_goes_on(at_s: int) -> None:
    """At 0 s the meter has been asked and has not answered; at 30 s the vehicle charges."""
    station = SigningStation()
    station.signing_ms = 1_000
    station.scan_and_pay(minutes=2).plug_in().run(seconds=at_s)
    station.kill_agent(away_ms=1_500).run(minutes=4)
    asked_again = ["BeginMeterRecord"] if at_s == 0 else []
    assert station.orders_given == ["BeginMeterRecord", *asked_again, "EndMeterRecord"]
    assert station.ended.meter_end_seal == SEAL
    assert station.of(FaultRaised) == []


def test_over_a_restart_at_the_end_the_meter_is_asked_again() -> None:
    station = SigningStation()
    station.scan_and_pay(minutes=2).plug_in().run(minutes=1)
    station.signing_ms = 1_500
    station.stop_from_phone().run(seconds=1)
    assert station.records[-1].kind == "E"
    station.kill_agent(away_ms=1_000).run(seconds=5)
    assert station.orders_given == ["BeginMeterRecord", "EndMeterRecord", "EndMeterRecord"]
    assert station.ended.meter_end_seal == SEAL


def test_a_standing_fault_is_not_forgotten_over_a_restart() -> None:
    station = SigningStation(manner="refuses")
    station.scan_and_pay(minutes=2).plug_in().run(minutes=4)
    station.unplug()
    station.entries = list(station.of(FaultRaised))  # what a ledger replays once the transaction has ended
    station.kill_agent()
    assert station.state.evses[0].faults == {"MeterSealMissing"}


def test_what_another_charge_left_open_is_kept_and_sent_with_no_end_of_ours() -> None:
    station = SigningStation()
    station.left_over = (BEGIN_SEAL,)
    station.scan_and_pay(minutes=2).plug_in().run(minutes=4)
    assert [(kept.when, kept.seal) for kept in station.of(MeterSealKept)] == [
        ("left-over", BEGIN_SEAL),
        ("end", SEAL),
    ]
    assert (station.ended.meter_begin_seal, station.ended.meter_end_seal) == (None, SEAL)


def test_a_vehicle_that_leaves_while_the_meter_begins_ends_the_meters_record_too() -> None:
    station = SigningStation()
    station.signing_ms = 1_000
    station.scan_and_pay(minutes=2).plug_in()
    station.unplug().run(seconds=5)
    assert station.orders_given == ["BeginMeterRecord", "EndMeterRecord"]
    assert (station.ended.meter_end_seal, station.ended.cost.energy_dwh) == (SEAL, 0)


def test_waiting_for_the_meter_is_no_idle_time_of_the_vehicles() -> None:
    station = SigningStation(vehicle_full_ms=1_000)
    station.signing_ms = 1_800
    station.scan_and_pay(minutes=2).plug_in().run(seconds=30)
    assert station.closed


def test_the_ledger_alone_gives_the_state_back() -> None:
    station = SigningStation()
    station.begin_seal = BEGIN_SEAL
    station.scan_and_pay(minutes=2).plug_in().run(seconds=30)
    lived = station.state.evses[0].transaction
    replayed = restore(station.settings, station.entries).evses[0].transaction
    assert lived is not None
    assert replayed is not None
    assert replayed.meter_record == lived.meter_record
    assert replayed.meter_record.begin_seal == BEGIN_SEAL
