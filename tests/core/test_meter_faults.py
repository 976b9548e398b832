"""What a meter does wrong, and what the driver pays: stories from plug-in to receipt."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.customer_view import Screen
from firmware.core.entries import FaultCleared, FaultRaised, MeterAccepted, TransactionStarted, UsageRecorded
from firmware.core.settings import EvseSettings, MeterIdentity
from tests.support.virtual import VirtualStation
from tests.support.virtual_meter import VirtualMeter


def evse(
    *, step_dwh: int = 1, named: str = "", rollover_dwh: int | None = None, power_w: int = 24_288
) -> tuple[EvseSettings, ...]:
    identity = MeterIdentity(
        "Eastron", "SDM630", named or "unit-1", step_dwh, rollover_dwh=rollover_dwh, named=bool(named)
    )
    return (EvseSettings(1, 32_000, power_w, identity),)


def charging(minutes: float = 5, meter: VirtualMeter | None = None, **changes: object) -> VirtualStation:
    station = VirtualStation(meter=meter, **changes)  # type: ignore[arg-type]
    return station.scan_and_pay(minutes=600).plug_in().run(minutes=minutes)


def raised(station: VirtualStation) -> list[str]:
    return [entry.fault for entry in station.of(FaultRaised)]


def flags(record: UsageRecorded) -> list[str]:
    found: list[str] = json.loads(record.payload)["UF"]
    return found


def meters(station: VirtualStation) -> list[str]:
    return [json.loads(record.payload)["MS"] for record in station.records]


def start(station: VirtualStation) -> fx.AnswerStart:
    station.feed(ev.StartRequested(station.stamp(), "late", 1, 8, "psp-2", "DirectPayment"))
    return next(effect for effect in reversed(station.effects) if isinstance(effect, fx.AnswerStart))


def check_bill(station: VirtualStation) -> None:
    """The bill is the difference of the sealed begin and end registers."""
    begin, end = station.records[0], station.records[-1]
    assert (begin.kind, end.kind) == ("B", "E")
    assert station.ended.cost.energy_dwh == end.import_dwh - begin.import_dwh >= 0
    assert all(after.import_dwh >= before.import_dwh for before, after in pairwise(station.records))


# one wild reading, and more


@pytest.mark.parametrize("wild", [0, 1, 99_999_999, 12_345_000])
def test_one_wild_reading_ends_no_charge_and_reaches_no_bill(wild: int) -> None:
    station = charging()
    station.meter.wild = [wild]
    station.run(minutes=5).stop_from_phone()

    assert raised(station) == []
    assert station.ended.cost.energy_dwh == pytest.approx(12_000, abs=10)
    assert [flags(record) for record in station.records if flags(record)] == [["rejected"]]
    check_bill(station)


def test_a_second_wild_reading_ends_the_charge_by_the_last_good_one() -> None:
    station = charging()
    believed = station.meter.import_dwh
    station.meter.wild = [0, 77_777_777]
    station.run(seconds=3)

    assert raised(station) == ["MeterImplausible"]
    assert station.ended.import_end_dwh == believed
    assert flags(station.records[-1]) == ["implausible", "last-believed", "rejected"]
    check_bill(station)


def test_two_meters_that_answer_in_turns_are_found_out() -> None:
    station = charging()
    station.meter.wild = [55]
    station.run(seconds=30)
    assert raised(station) == []

    station.meter.wild = [56]
    station.run(seconds=30)
    assert station.ended.fault == "MeterImplausible"
    check_bill(station)


def test_a_wild_reading_each_quarter_of_an_hour_is_a_bad_line_not_a_bad_meter() -> None:
    station = charging()
    for _ in range(4):
        station.meter.wild = [0]
        station.run(minutes=15)
    assert raised(station) == []
    assert station.closed


def test_a_meter_that_reads_well_again_for_a_minute_is_in_service_again() -> None:
    station = charging()
    station.meter.wild = [0, 0]
    station.run(seconds=50)
    assert (station.status, start(station).reason_code) == ("Faulted", "FaultedEvse")
    assert station.view.screen is Screen.OUT_OF_SERVICE

    station.unplug().run(seconds=80)
    assert station.of(FaultCleared)[-1].fault == "MeterImplausible"
    assert start(station).accepted


def test_a_register_that_fell_for_good_waits_for_an_engineer_and_the_next_bill_is_right() -> None:
    """The meter has no number to tell; it was exchanged, or has lost its memory."""
    station = charging()
    station.import_mwh = 1_000
    station.run(seconds=5)
    check_bill(station)
    station.unplug().run(minutes=2)
    assert raised(station) == ["MeterImplausible", "MeterExchanged"]

    station.clear_faults("backend")
    assert station.status == "Faulted", "a backend cannot see the meter"
    station.kill_agent().run(minutes=5)
    assert station.status == "Faulted", "a restart clears nothing"

    station.clear_faults().run(seconds=2)
    assert station.status == "Available"
    entries = len(station.records)
    station.scan_and_pay(minutes=60).plug_in().run(minutes=5).stop_from_phone()
    assert station.ended.cost.energy_dwh == pytest.approx(6_000, abs=10)
    assert flags(station.records[entries]) == ["by-engineer"]


def test_a_register_that_fell_while_nobody_charged_is_found_before_anybody_pays() -> None:
    station = charging().stop_from_phone().unplug().run(minutes=10)
    station.import_mwh = 0
    station.run(seconds=2)
    assert (start(station).accepted, start(station).reason_code) == (False, "FaultedEvse")


def test_a_register_that_ran_ahead_while_nobody_charged_is_taken_as_it_is() -> None:
    """A gateway's copy was old. The next begin record is read anew, so nobody pays for it."""
    station = charging().stop_from_phone().unplug().run(minutes=10)
    station.import_mwh += 10_000_000
    station.run(minutes=2)
    assert station.status == "Available"

    station.scan_and_pay(minutes=60).plug_in().run(minutes=5).stop_from_phone()
    assert station.ended.cost.energy_dwh == pytest.approx(6_000, abs=10)


# standing still


def test_a_meter_that_measures_power_and_counts_nothing_ends_the_charge() -> None:
    station = charging()
    station.meter.counts = False
    frozen_at = station.meter.import_dwh
    station.run(seconds=29)
    assert station.closed

    station.run(seconds=5)
    assert station.ended.fault == "MeterFrozen"
    assert station.ended.import_end_dwh == frozen_at
    assert "frozen" in flags(station.records[-1])
    check_bill(station)


def test_a_coarse_register_that_steps_each_four_minutes_stands_still_for_nobody() -> None:
    """0.1 kWh at 1.4 kW: a step takes 257 s, and every record says that the register is coarse."""
    meter = VirtualMeter(step_dwh=1_000)
    station = charging(minutes=60, meter=meter, watts=1_400, evses=evse(step_dwh=1_000))
    assert raised(station) == []
    assert all(flags(record) == ["coarse-register"] for record in station.records)
    assert json.loads(station.records[0].payload)["UR"] == "100.0"

    meter.counts = False
    station.run(minutes=5)
    assert raised(station) == []
    station.run(minutes=4)
    assert station.ended.fault == "MeterFrozen"
    check_bill(station)


def test_a_gateway_that_repeats_a_dead_meter_is_found_out_even_at_no_power() -> None:
    """The copy was made before the contactor closed: no current, and the register as it was."""
    meter = VirtualMeter(phases=3)
    station = VirtualStation(meter=meter).run(minutes=1)
    meter.repeats = True
    station.scan_and_pay(minutes=60).plug_in().run(minutes=4)
    assert station.closed

    station.run(minutes=2)
    assert station.ended.fault == "MeterFrozen"
    assert station.ended.cost.total_minor == 0
    check_bill(station)


def test_a_gateway_that_repeats_a_dead_meter_in_mid_charge_is_found_out_in_half_a_minute() -> None:
    station = charging(meter=VirtualMeter(phases=3))
    station.meter.repeats = True
    station.run(seconds=35)
    assert station.ended.fault == "MeterFrozen"
    check_bill(station)


def test_a_vehicle_that_rests_with_its_contactor_closed_freezes_no_meter() -> None:
    station = charging(meter=VirtualMeter(phases=3))
    station.watts = 0
    station.run(minutes=60)
    assert raised(station) == []

    station.watts = 60
    station.run(minutes=60)
    assert raised(station) == []


def test_current_flows_though_the_power_register_says_none() -> None:
    station = charging(meter=VirtualMeter(phases=3))
    station.meter.counts = False
    for _ in range(32):
        station._pass(1_000)
        now = station.stamp()
        reading = ev.MeterReading(now, station.meter.import_dwh, 0, (230_000,) * 3, (10_400,) * 3)
        station.feed(ev.MeterSampled(now, 1, reading))
    assert raised(station) == ["MeterFrozen"]


def test_a_frozen_meter_stays_out_of_service_until_somebody_has_looked_at_it() -> None:
    station = charging()
    station.meter.counts = False
    station.run(minutes=1).unplug().run(minutes=5)
    station.meter.counts = True
    station.kill_agent().run(minutes=5)
    assert not start(station).accepted

    station.clear_faults("backend").run(seconds=1)
    assert station.of(FaultCleared)[-1].fault == "MeterFrozen"
    assert start(station).accepted


def test_a_meter_that_renews_its_register_each_twenty_seconds_is_no_broken_one() -> None:
    """It measures power all the time; its register leaps by what has flowed meanwhile."""
    station = charging(meter=VirtualMeter(phases=3), watts=22_000)
    for _ in range(10):
        station.meter.counts = False
        before_mwh = station.flowed_mwh
        station.run(seconds=20)
        station.meter.counts = True
        station.meter.count(station.flowed_mwh - before_mwh)
    station.run(seconds=1).stop_from_phone()
    assert raised(station) == []
    assert station.ended.cost.energy_dwh == pytest.approx((300 + 201) * 22_000 / 360, abs=100)


# energy with the contactor open


def test_another_load_behind_the_meter_lets_nobody_start() -> None:
    station = VirtualStation()
    station.leak_w = 2_000
    station.run(minutes=1)
    assert raised(station) == ["EnergyWhileOpen"]
    assert start(station).reason_code == "FaultedEvse"

    station.clear_faults().run(minutes=1)
    assert station.status == "Faulted", "it still flows"

    station.leak_w = 0
    station.clear_faults().run(minutes=1)
    assert station.status == "Available"


def test_what_flows_while_the_vehicle_pauses_is_not_the_vehicles() -> None:
    station = charging()
    used_dwh = station.meter.import_dwh - station.records[0].import_dwh
    station.fill_vehicle()
    station.leak_w = 2_000
    station.run(minutes=1)

    assert station.ended.fault == "EnergyWhileOpen"
    assert station.ended.cost.energy_dwh == pytest.approx(used_dwh, abs=100), "15 s of it are the vehicle's"
    assert "energy-while-open" in flags(station.records[-1])
    check_bill(station)


def test_the_chargers_own_few_watts_are_no_fault() -> None:
    station = VirtualStation()
    station.leak_w = 15
    station.run(minutes=60 * 5)
    assert raised(station) == []


# rolling over


def test_a_charge_ends_before_its_register_begins_at_nought_and_the_next_one_is_right() -> None:
    meter = VirtualMeter(import_mwh=999_999_400_000, rollover_dwh=9_999_999_990)
    station = charging(minutes=4, meter=meter, evses=evse(rollover_dwh=9_999_999_990))
    assert raised(station) == []
    station.run(minutes=2)

    assert raised(station) == ["MeterRolledOver"]
    assert station.ended.cost.energy_dwh == pytest.approx(5_990, abs=25)
    assert flags(station.records[-1]) == ["last-believed", "rolled-over"]
    check_bill(station)
    assert station.of(FaultCleared)[-1].fault == "MeterRolledOver"

    first = len(station.records)
    station.unplug().run(seconds=3).scan_and_pay(minutes=60).plug_in().run(minutes=5).stop_from_phone()
    assert station.ended.cost.energy_dwh == pytest.approx(6_000, abs=10)
    assert flags(station.records[first]) == ["rolled-over"]
    assert station.records[first].import_dwh < 1_000
    assert "MeterExchanged" not in raised(station)


def test_a_fall_that_is_no_rollover_is_not_taken_for_one() -> None:
    station = charging(evses=evse(rollover_dwh=9_999_999_990))
    station.import_mwh = 1_000
    station.run(seconds=3)
    assert station.ended.fault == "MeterImplausible"


# another meter


def test_a_record_names_the_meter_by_the_number_that_it_tells_itself() -> None:
    station = charging(meter=VirtualMeter(serial="00421234"), evses=evse()).kill_agent().run(minutes=2)
    assert set(meters(station)) == {"00421234"}
    assert [entry.because for entry in station.of(MeterAccepted)] == ["first"]


def test_a_number_on_the_plate_and_in_the_register_may_differ_in_leading_noughts() -> None:
    station = charging(meter=VirtualMeter(serial="421234"), evses=evse(named="00421234"))
    assert raised(station) == []
    assert station.closed


def test_a_meter_exchanged_in_mid_charge_never_mixes_with_the_old_one() -> None:
    """The line was dead for three seconds; another meter answers, with a register that would fit."""
    station = charging(meter=VirtualMeter(serial="A"), evses=evse())
    believed = station.meter.import_dwh
    old = station.silence_meter().run(seconds=3).meter
    station.exchange_meter(VirtualMeter(old.import_mwh + 50_000, serial="B")).run(seconds=3)

    assert station.ended.fault == "MeterExchanged"
    assert station.ended.import_end_dwh == believed
    assert set(meters(station)) == {"A"}
    assert "exchanged" in flags(station.records[-1])
    check_bill(station)
    assert not start(station).accepted

    station.unplug().clear_faults().run(seconds=2)
    first = len(station.records)
    station.scan_and_pay(minutes=60).plug_in().run(minutes=5).stop_from_phone()
    assert set(meters(station)[first:]) == {"B"}
    assert station.ended.cost.energy_dwh == pytest.approx(6_000, abs=10)


def test_a_meter_exchanged_over_a_restart_in_mid_charge_never_mixes_with_the_old_one() -> None:
    station = charging(meter=VirtualMeter(serial="A"), evses=evse())
    last = station.records[-1]
    station.exchange_meter(VirtualMeter(station.import_mwh + 50_000, serial="B"))
    station.kill_agent(away_ms=2_000).run(seconds=3)

    assert station.ended.fault == "MeterExchanged"
    assert station.ended.import_end_dwh == last.import_dwh
    assert set(meters(station)) == {"A"}
    check_bill(station)


def test_a_meter_exchanged_while_nobody_charged_is_kept_in_the_ledger() -> None:
    station = charging(meter=VirtualMeter(serial="A"), evses=evse()).stop_from_phone().unplug().run(minutes=1)
    station.silence_meter().run(seconds=20)
    station.exchange_meter(VirtualMeter(7_000, serial="B")).run(seconds=2)

    assert [(entry.serial, entry.because) for entry in station.of(MeterAccepted)] == [
        ("A", "first"), ("B", "exchanged"),
    ]  # fmt: skip
    first = len(station.records)
    station.kill_agent().run(seconds=5).scan_and_pay(minutes=60).plug_in().run(minutes=5).stop_from_phone()
    assert set(meters(station)[first:]) == {"B"}
    assert flags(station.records[first]) == ["exchanged"]
    assert station.ended.cost.energy_dwh == pytest.approx(6_000, abs=10)


def test_a_meter_that_the_site_file_does_not_name_measures_nothing() -> None:
    station = VirtualStation(meter=VirtualMeter(serial="B"), evses=evse(named="A")).run(seconds=2)
    assert station.view.screen is Screen.OUT_OF_SERVICE
    assert start(station).reason_code == "FaultedEvse"

    station.clear_faults().run(seconds=2)
    assert station.status == "Faulted", "the site file still names the other"

    station.settings = VirtualStation(evses=evse(named="B")).settings
    station.kill_agent().run(seconds=2)
    assert station.status == "Faulted", "latched: an engineer says that it is right now"
    station.clear_faults().run(seconds=2)
    assert start(station).accepted


# gaps


def test_energy_that_flowed_while_the_meter_was_silent_is_billed_once_and_flagged() -> None:
    station = charging().silence_meter().run(seconds=4)
    station.meter.works = True
    station.run(minutes=5).stop_from_phone()

    assert raised(station) == []
    assert station.ended.cost.energy_dwh == pytest.approx((5 * 60 + 4 + 5 * 60) * 20, abs=10)
    assert [flags(record) for record in station.records if flags(record)] == [["gap"]]
    check_bill(station)


def test_energy_that_flowed_while_the_agent_was_away_is_billed_once_and_flagged() -> None:
    station = charging(minutes=5.5).kill_agent(away_ms=9_000).run(minutes=5).stop_from_phone()
    assert station.ended.cost.energy_dwh == pytest.approx((5.5 * 60 + 9 + 5 * 60) * 20, abs=20)
    assert [flags(record) for record in station.records if flags(record)] == [["gap"]]
    check_bill(station)


def test_one_lost_answer_is_no_gap() -> None:
    station = charging().silence_meter().run(seconds=1)
    station.meter.works = True
    station.run(minutes=5).stop_from_phone()
    assert [record for record in station.records if flags(record)] == []


# whose energy it is


def test_energy_between_two_charges_is_nobodys() -> None:
    station = charging().stop_from_phone().unplug()
    first_end = station.records[-1].import_dwh
    station.import_mwh += 3_000
    station.run(seconds=2).scan_and_pay(minutes=60)
    station.import_mwh += 3_000
    station.run(seconds=1).plug_in().run(minutes=5).stop_from_phone()

    begin = [record for record in station.records if record.kind == "B"][-1]
    assert begin.import_dwh >= first_end + 60
    assert station.ended.cost.energy_dwh == pytest.approx(6_000, abs=10)


def test_a_reading_asked_for_before_the_plug_was_in_begins_no_charge() -> None:
    station = VirtualStation().scan_and_pay(minutes=60)
    asked = station.stamp()
    station._pass(300)
    station.plugged = True
    station._report()
    station.feed(ev.MeterSampled(asked, 1, ev.MeterReading(asked, station.meter.import_dwh)))
    assert station.records == []

    station._pass(50)
    station._sample()
    assert [record.kind for record in station.records] == ["B"]


def test_a_reading_asked_for_before_the_contactor_opened_ends_no_charge() -> None:
    station = charging()
    station.feed(ev.StopRequested(station.stamp(), "call", station.of(TransactionStarted)[-1].transaction_id))
    asked = station.stamp()
    station._pass(300)
    station._report()
    station.feed(ev.MeterSampled(asked, 1, ev.MeterReading(asked, station.meter.import_dwh)))
    assert station.records[-1].kind != "E"

    station._pass(50)
    station._sample()
    assert station.ended.import_end_dwh == station.meter.import_dwh
    check_bill(station)


def test_readings_that_come_out_of_order_or_from_the_future_change_nothing() -> None:
    station = charging()
    believed, records = station.state.evses[0].reading, len(station.records)
    assert believed is not None
    now = station.stamp()
    earlier = replace(now, mono_ms=believed.at.mono_ms - 5_000)
    station.feed(ev.MeterSampled(earlier, 1, ev.MeterReading(earlier, believed.import_dwh - 100)))
    later = replace(now, mono_ms=now.mono_ms + 90_000)
    station.feed(ev.MeterSampled(now, 1, ev.MeterReading(later, believed.import_dwh + 1_700)))

    assert station.state.evses[0].reading == believed
    assert len(station.records) == records
    station.run(minutes=1)
    assert raised(station) == []


def test_a_fault_of_the_meter_is_cleared_once_its_charge_has_ended_not_before() -> None:
    """Else the last reading of the old meter's charge could be the new one's."""
    station = charging(meter=VirtualMeter(serial="A"), evses=evse())
    believed = station.meter.import_dwh
    station.feed(ev.MeterIdentified(station.stamp(), 1, "B"))
    station.feed(ev.ClearRequested(station.stamp(), "", None, "engineer"))
    station.exchange_meter(VirtualMeter(station.import_mwh + 50_000, serial="B")).run(seconds=3)

    assert station.of(FaultCleared) == []
    assert station.ended.import_end_dwh == believed
    assert set(meters(station)) == {"A"}

    station.clear_faults()
    assert station.of(FaultCleared)[-1].fault == "MeterExchanged"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_wrong_register_that_passes_the_right_one_during_the_ramp_ends_no_charge(restarted: bool) -> None:
    """The contactor stays closed while the vehicle ramps down, and what is not believed comes nearer."""
    station = charging()
    believed = station.meter.import_dwh
    mark = station.records[-1].import_dwh
    for ahead in (-500, -480, 3, 20, 40):
        station._pass(1_000)
        now = station.stamp()
        station.feed(ev.MeterSampled(now, 1, ev.MeterReading(now, believed + ahead)))
    assert raised(station) == ["MeterImplausible"]
    if restarted:
        station.kill_agent()
    station._settle().run(seconds=2)
    assert station.ended.import_end_dwh == (mark if restarted else believed)
    check_bill(station)
