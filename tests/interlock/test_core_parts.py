"""What is not installed everywhere: residual current device, thermometer, proximity, locks, ventilation."""

import pytest

from firmware.interlock.core import notes
from firmware.interlock.lease import CLOSED, CLOSING, OPEN
from firmware.interlock.messages import status_of
from firmware.interlock.model import Derating, Rules, Stage
from firmware.interlock.offer import cable_ma
from firmware.interlock.times import (
    MEASURED_MS,
    OVER_CURRENT_MS,
    PROXIMITY_MS,
    RESIDUAL_MS,
    TEMPERATURE_MS,
    VOLTAGE_MS,
    WAKE_AFTER_MS,
    WAKE_MS,
)
from tests.interlock.bench import PLAIN, STEADY_E4, Bench

RESIDUAL = PLAIN._replace(residual_current=True)
HOT = PLAIN._replace(derating=Derating(60_000, 80_000, 70_000))
SOCKET = PLAIN._replace(proximity="iec")


# residual current


def test_the_residual_current_device_is_tested_before_each_charge() -> None:
    bench = Bench(RESIDUAL).plug_in().grant().let(20 + 60 + 19)
    assert (bench.stage, bench.state.commands.residual_test, bench.duty_e4) == (
        Stage.TESTING,
        True,
        STEADY_E4,
    )
    bench.let(1)
    assert not bench.state.commands.residual_test, "it has tripped"
    bench.let(20)
    assert (bench.stage, bench.duty_e4) == (Stage.OFFERED, 2_666)
    bench.vehicle_goes_to("C").let(20)
    assert bench.closed
    bench.withdraw().let(100).vehicle_goes_to("B").let(100).grant()
    assert bench.stage is Stage.TESTING, "the next charge of the same vehicle is tested for too"


def test_a_vehicle_that_pauses_is_not_tested_again() -> None:
    bench = Bench(RESIDUAL).charge().vehicle_goes_to("B").let(2_000)
    assert bench.stage is Stage.OFFERED


def test_a_device_that_does_not_trip_in_its_test_lets_nothing_be_offered() -> None:
    bench = Bench(RESIDUAL)
    bench.residual_device_broken = True
    bench.plug_in().grant().let(20 + 60 + RESIDUAL_MS)
    assert (bench.faults, bench.duty_e4) == ({"ResidualCurrentSelfTestFailed"}, STEADY_E4)
    bench.withdraw().unplug().let(5_000).clear_faults("backend")
    assert bench.faults == {"ResidualCurrentSelfTestFailed"}
    assert bench.clear_faults("engineer").faults == set()


def test_a_device_that_does_not_come_back_from_its_test_is_told_too() -> None:
    bench = Bench(RESIDUAL).plug_in().grant().let(20 + 60)
    bench.leak().let(RESIDUAL_MS)
    assert bench.faults == {"ResidualCurrentSelfTestFailed"}


def test_a_test_that_is_broken_off_is_no_residual_current() -> None:
    bench = Bench(RESIDUAL).plug_in().grant().let(20 + 60 + 19).withdraw().let(10_000)
    assert bench.faults == set()


def test_residual_current_opens_in_the_same_step_and_latches() -> None:
    bench = Bench(RESIDUAL).charge().leak()
    assert (bench.closed, bench.faults) == (False, {"ResidualCurrent"})
    bench.leaks = False
    bench.withdraw().vehicle_goes_to("B").let(5_000).unplug().let(5_000)
    assert bench.faults == {"ResidualCurrent"}
    assert bench.clear_faults("backend").faults == set()


def test_a_device_that_trips_with_the_contactor_open_is_believed_after_a_second() -> None:
    bench = Bench(RESIDUAL).leak().let(RESIDUAL_MS - 1)
    assert bench.faults == set()
    assert bench.let(1).faults == {"ResidualCurrent"}


# weld, told by the meter


def test_current_two_seconds_after_opening_is_a_weld_whatever_the_mirror_says() -> None:
    bench = Bench().charge().withdraw().vehicle_goes_to("B").measure(amperes=(10, 0, 0))
    assert bench.faults == set(), "the reading is of before"
    bench.order_release().let(2_000).measure(amperes=(10, 0, 0))
    assert bench.faults == {"ContactorWelded"}
    bench.let(5_000)
    assert bench.bolt_locked or bench.state.commands.lock == 1, "under voltage nothing is released"


def test_a_weld_cannot_be_cleared_while_the_meter_measures_current() -> None:
    bench = Bench().charge().withdraw().vehicle_goes_to("B").let(2_000).measure(amperes=(10, 0, 0))
    assert bench.clear_faults().faults == {"ContactorWelded"}
    assert bench.measure().faults == {"ContactorWelded"}
    assert bench.clear_faults().faults == set()


# temperature


def test_heat_lowers_the_offer_along_the_curve_and_stops_at_its_end() -> None:
    bench = Bench(HOT).charge().grant(32, seconds=60).let(10_000).heat_to(70).let(5_000)
    assert (bench.state.offered_ma, bench.closed) == (19_000, True)
    assert notes(bench.state) == {"TemperatureDerating"}
    bench.heat_to(80)
    assert (bench.closed, bench.faults) == (False, {"OverTemperature"})
    bench.withdraw().heat_to(70)
    assert bench.faults == {"OverTemperature"}, "it has to cool below 70 degrees"
    bench.heat_to(69.9).grant(32).let(10_000)
    assert bench.closed


def test_a_temperature_that_wavers_does_not_change_the_offer_each_time() -> None:
    bench = Bench(HOT).charge().grant(32).let(10_000).heat_to(70).let(10_000)
    offers = set()
    for celsius in (70, 69.5, 70, 69, 70):
        offers.add(bench.grant(32).heat_to(celsius).let(10_000).state.offered_ma)
    assert offers == {19_000}


def test_a_lost_thermometer_is_told_and_stops_the_charge() -> None:
    bench = Bench(HOT).charge()
    bench.temperature_mc = None
    bench.sample().let(TEMPERATURE_MS - 1)
    assert bench.closed
    bench.let(1)
    assert (bench.closed, bench.faults) == (False, {"TemperatureSensorFault"})


# proximity


@pytest.mark.parametrize(
    ("codes", "ohm", "rating_ma"),
    [
        ("iec", 1_500, 13_000), ("iec", 680, 20_000), ("iec", 220, 32_000), ("iec", 100, 63_000),
        ("gbt", 1_500, 10_000), ("gbt", 680, 16_000), ("gbt", 220, 32_000), ("gbt", 100, 63_000),
    ],
)  # fmt: skip
def test_the_cables_code_limits_the_offer(codes: str, ohm: int, rating_ma: int) -> None:
    bench = Bench(PLAIN._replace(max_current_ma=63_000, proximity=codes))
    bench.cable_ohm = ohm
    bench.plug_in().grant(63).let(200)
    assert (cable_ma(bench.state), bench.state.offered_ma) == (rating_ma, rating_ma)


@pytest.mark.parametrize("ohm", [0, 50, 150, 350, 1_000, 3_000, 50_000])
def test_a_cable_without_a_code_is_told_and_gets_nothing(ohm: int) -> None:
    bench = Bench(SOCKET)
    bench.cable_ohm = ohm
    bench.plug_in().grant().let(20 + PROXIMITY_MS)
    assert (bench.faults, bench.duty_e4) == ({"ProximityFault"}, STEADY_E4)
    assert bench.withdraw().unplug().let(20).faults == set()


# supply, by the agent's meter


@pytest.mark.parametrize(
    ("volts", "fault"),
    [
        ((230, 270, 230), "OverVoltage"),
        ((230, 180, 230), "UnderVoltage"),
        ((0, 0, 0), "UnderVoltage"),
        ((230, 0, 230), "PhaseLoss"),
    ],
)
def test_a_supply_outside_its_band_stops_the_charge_after_three_seconds(
    volts: tuple[int, ...], fault: str
) -> None:
    bench = Bench().charge().measure_for(10).measure(volts).let(VOLTAGE_MS - 1)
    assert bench.closed
    bench.let(1)
    assert (bench.closed, bench.faults) == (False, {fault})
    assert bench.withdraw().measure().let(10).faults == set(), "it clears itself"


def test_a_single_phase_installation_does_not_miss_the_other_phases() -> None:
    bench = Bench(PLAIN._replace(phases=1)).charge().measure_for(10, (230, 0, None), (16, 0, None))
    assert (bench.closed, bench.faults) == (True, set())


def test_what_a_silent_meter_said_last_is_forgotten() -> None:
    bench = Bench().measure((230, 300, 230)).let(VOLTAGE_MS)
    assert bench.faults == {"OverVoltage"}
    bench.let(MEASURED_MS)
    assert bench.faults == set()


def test_a_vehicle_that_takes_more_than_it_is_offered_is_stopped_after_ten_seconds() -> None:
    bench = Bench().charge().measure_for(30, amperes=(18.6, 18.6, 18.6))
    assert bench.closed, "within the tolerance of meter and vehicle"
    bench.measure_for(OVER_CURRENT_MS // 1_000, amperes=(18.7, 16, 16))
    assert (bench.closed, bench.faults) == (False, {"OverCurrent"})


def test_a_vehicle_has_time_to_follow_a_lower_offer() -> None:
    bench = Bench().charge().grant(32).let(6_000).measure_for(3, amperes=(32, 32, 32))
    bench.grant(10)
    for ampere in (32, 32, 32, 25, 20, 15, 10, 10, 10, 10, 10, 10):
        bench.grant(10).measure(amperes=(ampere,) * 3).let(1_000)
    assert (bench.closed, bench.faults) == (True, set())


# locks


def test_a_solenoid_is_held_as_long_as_the_plug_is_to_be_locked() -> None:
    bench = Bench(PLAIN._replace(lock="solenoid")).charge().let(5_000)
    assert bench.state.commands.lock == 1
    bench.order_release().withdraw().let(100).vehicle_goes_to("B").let(50)
    assert bench.state.commands.lock == 1, "the contacts may still touch"
    bench.let(100)
    assert bench.state.commands.lock == 0


def test_a_tethered_cable_without_a_lock_charges() -> None:
    assert Bench(PLAIN._replace(lock="none")).charge().let(100).closed


def test_a_holster_keeps_the_connector_until_a_driver_may_have_it() -> None:
    bench = Bench(PLAIN._replace(lock_holds="holster"))
    bench.order_lock().let(200)
    assert bench.bolt_locked
    bench.order_release().let(200)
    assert not bench.bolt_locked
    bench.charge().let(1_000)
    assert not bench.bolt_locked, "the connector is at the vehicle"


@pytest.mark.parametrize("cause", ["EmergencyStop", "PowerFailing"])
def test_the_plug_is_released_on_what_the_installation_names_but_not_under_voltage(cause: str) -> None:
    bench = Bench(PLAIN._replace(release_on=frozenset({cause}))).order_lock().charge()
    bench.pressed, bench.power_failing = cause == "EmergencyStop", cause == "PowerFailing"
    bench.sample().let(99)
    assert (bench.closed, bench.bolt_locked) == (False, True)
    bench.let(200)
    assert not bench.bolt_locked
    plain = Bench().order_lock().charge()
    plain.pressed, plain.power_failing = bench.pressed, bench.power_failing
    assert plain.let(5_000).bolt_locked


# vehicle


def test_state_d_is_fed_where_there_is_ventilation_and_the_fan_runs() -> None:
    bench = Bench(PLAIN._replace(ventilation=True)).plug_in().grant().let(200).vehicle_goes_to("D").let(20)
    assert (bench.closed, bench.state.commands.ventilate) == (True, True)
    bench.vehicle_goes_to("B")
    assert not bench.closed


def test_where_there_is_no_ventilation_that_is_said() -> None:
    bench = Bench().plug_in().grant().let(200).vehicle_goes_to("D").let(5_000)
    assert notes(bench.state) == {"VentilationMissing"}


def test_a_vehicle_that_sleeps_is_woken_twice_and_then_left_alone() -> None:
    bench = Bench().plug_in().let(100)
    pulses = 0
    for _ in range(40):
        before = bench.duty_e4
        bench.grant().let(4_000)
        pulses += bench.duty_e4 == 0 != before
    assert (pulses, bench.duty_e4, bench.faults) == (2, 2_666, set())


def test_a_woken_vehicle_charges() -> None:
    bench = Bench().plug_in().let(100).grant(seconds=60).let(WAKE_AFTER_MS + 100)
    assert (bench.duty_e4, notes(bench.state)) == (0, {"WakingVehicle"})
    bench.let(WAKE_MS).vehicle_goes_to("C").let(100)
    assert bench.closed


def test_a_vehicle_that_has_charged_and_is_full_is_not_woken() -> None:
    bench = Bench().charge().let(2_000).vehicle_goes_to("B")
    for _ in range(20):
        bench.grant().let(4_000)
        assert bench.duty_e4 == 2_666


# coil


def test_an_economiser_holds_the_coil_with_less_after_it_has_pulled_in() -> None:
    bench = Bench(PLAIN._replace(economiser=True)).charge()
    assert not bench.state.commands.economised
    assert bench.let(200).state.commands.economised
    assert not bench.vehicle_goes_to("B").state.commands.economised


def test_closings_are_counted() -> None:
    bench = Bench().charge().vehicle_goes_to("B").let(2_000).vehicle_goes_to("C").let(100)
    assert bench.state.closings == 2


def test_a_coil_whose_contacts_do_not_follow_is_told_as_closing_not_as_closed() -> None:
    bench = Bench()
    bench.coil_broken = True
    bench.plug_in().grant().vehicle_goes_to("C").let(500)
    assert (bench.closed, status_of(1, 1, bench.state).contactor) == (True, CLOSING)
    assert status_of(1, 1, bench.let(2_500).state).contactor == OPEN
    assert status_of(1, 1, Bench().charge().state).contactor == CLOSED


def test_a_contactor_rests_as_long_as_its_installation_says() -> None:
    bench = Bench(PLAIN._replace(reclose_ms=100)).charge().vehicle_goes_to("B").let(50).vehicle_goes_to("C")
    assert bench.let(50).closed


# a restarted interlock


def test_what_it_is_told_of_before_its_start_stands_again_and_is_left_by_its_own_rule_only() -> None:
    bench = Bench().recall("ContactorWelded", "EmergencyStop")
    assert bench.faults == {"ContactorWelded"}, "the others show themselves"
    assert not bench.plug_in().grant().let(5_000).closed
    bench.withdraw().clear_faults("engineer")
    bench.charge()


def test_rules_without_a_part_do_not_miss_it() -> None:
    assert Bench(Rules(32_000)).charge().let(60_000).faults == set()
