"""A charge through the real core in virtual time, as the driver meets it."""

import hashlib
import json
from dataclasses import replace
from itertools import pairwise

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.customer_view import Screen
from firmware.core.entries import FaultCleared, FaultRaised, LimitAccepted, TransactionStarted
from firmware.core.journal import initial
from tests.support.virtual import VirtualStation, flat_tariff


def charging(**kwargs: object) -> VirtualStation:
    station = VirtualStation(**kwargs)  # type: ignore[arg-type]
    return station.scan_and_pay(minutes=60).plug_in()


def test_an_hour_is_charged_cut_into_sixty_minutes_and_ends_by_itself() -> None:
    station = charging().run(minutes=62)

    assert station.ended.stopped_reason == "TimeLimitReached"
    assert [record.kind for record in station.records] == ["B", *["C"] * 59, "E"]
    assert station.ended.cost.total_minor == 720
    assert station.ended.cost.charging_ms == 3_600_000
    assert station.view.screen is Screen.RECEIPT
    assert not station.closed
    assert station.released


def test_the_minutes_add_up_to_the_bill() -> None:
    station = charging(watts=6543).run(minutes=62)
    costs = [record.cost_e4 for record in station.records]
    minutes = [after - before for before, after in pairwise(costs)]

    assert sum(minutes) == station.ended.cost.total_e4
    assert station.ended.cost.energy_dwh == station.ended.import_end_dwh - station.ended.import_begin_dwh


def test_nothing_is_permitted_before_the_begin_record_is_stored() -> None:
    station = charging()
    order = [type(effect).__name__ for effect in station.effects if isinstance(effect, fx.Append | fx.Permit)]
    stored = [
        effect.entry for effect in station.effects[: station.effects.index(fx.Permit(1, 32_000))]
        if isinstance(effect, fx.Append)
    ]  # fmt: skip

    assert order.count("Permit") == 1
    assert any(getattr(entry, "kind", "") == "B" for entry in stored)


def test_the_connector_is_released_only_once_the_backend_said_what_was_bought() -> None:
    station = VirtualStation()
    station.feed(ev.StartRequested(station.stamp(), "call", 1, 7, "psp-1", "DirectPayment"))
    assert not station.released
    assert station.view.screen is Screen.PREPARING

    limit = ev.Limit(time_ms=3_600_000)
    transaction_id = station.of(TransactionStarted)[0].transaction_id
    station.feed(ev.TransactionAnswered(station.stamp(), transaction_id, 0, limit=limit))

    assert station.released
    assert station.of(LimitAccepted)[0].limit == limit
    assert station.view.screen is Screen.PLUG_IN


@pytest.mark.parametrize("yuan", [1, 3, 10])
def test_an_amount_is_never_exceeded_and_nearly_used_up(yuan: int) -> None:
    station = VirtualStation(watts=7200).scan_and_pay(yuan=yuan).plug_in().run(minutes=yuan * 9)

    assert station.ended.stopped_reason == "LocalOutOfCredit"
    assert station.ended.trigger == "CostLimitReached"
    assert station.ended.cost.total_minor == yuan * 100
    assert max(record.cost_e4 for record in station.records) <= yuan * 10_000


def test_energy_beyond_the_amount_paid_is_not_billed() -> None:
    """The meter is read once a second; what flows in between is the operator's."""
    station = VirtualStation(watts=600).scan_and_pay(yuan=1).plug_in().run(minutes=99.9)
    station.watts = 22_000
    station.run(seconds=2)

    assert station.ended.cost.energy_dwh > 10_000
    assert station.ended.cost.total_minor == 100
    assert station.ended.cost.kind == "MaxCost"


def test_the_remaining_time_of_an_amount_follows_the_power() -> None:
    station = VirtualStation(watts=7200).scan_and_pay(yuan=10).plug_in().run(minutes=10)
    at_full_power = station.view.remaining_ms
    station.watts = 3600
    station.run(seconds=2)

    assert at_full_power is not None
    assert station.view.remaining_ms is not None
    assert at_full_power == pytest.approx(8.8 / 7.2 * 3_600_000, rel=0.01)
    assert station.view.remaining_ms == pytest.approx(2 * at_full_power, rel=0.01)


def test_without_a_vehicle_all_returns_to_idle_and_the_attempt_is_kept() -> None:
    station = VirtualStation().scan_and_pay(minutes=60).run(seconds=61)

    assert station.ended.stopped_reason == "Timeout"
    assert station.ended.cost.total_minor == 0
    assert station.records == []
    assert station.view.screen is Screen.SCAN
    assert not station.released
    assert station.status == "Available"


def test_the_driver_stops_from_the_phone() -> None:
    station = charging().run(minutes=10).stop_from_phone()

    assert station.ended.stopped_reason == "Remote"
    assert station.ended.cost.total_minor == 120
    assert fx.AnswerCall("call-2", "Accepted") in station.effects


def test_a_stop_for_an_unknown_transaction_is_refused_and_changes_nothing() -> None:
    station = charging().run(minutes=1)
    station.feed(ev.StopRequested(station.stamp(), "call-9", "nonsense"))

    answer = next(effect for effect in reversed(station.effects) if isinstance(effect, fx.AnswerCall))
    assert (answer.status, answer.reason_code) == ("Rejected", "UnknownTx")
    assert station.closed


def test_a_full_vehicle_ends_the_charge_after_a_while() -> None:
    station = charging().run(minutes=10).fill_vehicle()
    assert station.view.screen is Screen.PAUSED

    station.run(minutes=3)
    assert station.ended.stopped_reason == "StoppedByEV"
    assert [record.kind for record in station.records][-4:] == ["C", "S", "C", "E"]
    assert station.ended.cost.energy_dwh == pytest.approx(12_000, abs=10)


def test_a_pulled_plug_ends_the_charge() -> None:
    station = charging().run(minutes=5).unplug()

    assert station.ended.stopped_reason == "EVDisconnected"
    assert station.ended.cost.energy_dwh == pytest.approx(6000, abs=10)
    assert not station.closed


def test_an_emergency_stop_ends_the_charge_and_puts_the_station_out_of_service() -> None:
    station = charging().run(minutes=5).press_emergency_stop()

    assert station.ended.stopped_reason == "EmergencyStop"
    assert station.of(FaultRaised)[-1].fault == "EmergencyStop"
    assert station.view.screen is Screen.OUT_OF_SERVICE
    assert station.view.bill_minor == station.ended.cost.total_minor
    assert station.status == "Faulted"


def test_a_cleared_fault_leaves_no_trace_on_the_display() -> None:
    station = charging().run(minutes=5).press_emergency_stop().unplug()
    station.faults = frozenset()
    station._settle().run(minutes=2)

    assert station.of(FaultCleared)[-1].fault == "EmergencyStop"
    assert station.view.screen is Screen.SCAN
    assert station.status == "Available"


def test_nobody_pays_for_time_in_which_the_contacts_do_not_follow_the_coil() -> None:
    by_the_minute = flat_tariff(
        chargingTime={"prices": [{"priceMinute": 1}]}, idleTime={"prices": [{"priceMinute": 1}]}
    )
    station = VirtualStation(by_the_minute)
    station.coil_broken = True
    station.scan_and_pay(minutes=60).plug_in().run(seconds=1)
    assert station.view.screen is Screen.WAITING
    station.faults |= {"ContactorFailedToClose"}
    station.run(seconds=5)._settle().run(seconds=5)

    assert station.ended.fault == "ContactorFailedToClose"
    assert (station.ended.cost.charging_ms, station.ended.cost.total_minor) == (0, 0)


def test_a_contactor_that_does_not_close_again_costs_neither_charging_nor_idle_time() -> None:
    by_the_minute = flat_tariff(
        chargingTime={"prices": [{"priceMinute": 1}]}, idleTime={"prices": [{"priceMinute": 1}]}
    )
    station = charging(tariff=by_the_minute).run(minutes=5)
    used_ms = station.state.evses[0].transaction.used_ms  # type: ignore[union-attr]
    station.coil_broken = True
    station._report()
    station.run(seconds=1)
    station.faults |= {"ContactorFailedToClose"}
    station._settle().run(seconds=5)

    ended = station.ended.cost
    assert ended.charging_ms + ended.idle_ms == pytest.approx(used_ms, abs=100)


def test_a_silent_meter_ends_the_charge_on_the_last_good_reading() -> None:
    station = charging().run(minutes=5)
    last = station.state.evses[0].reading
    station.silence_meter().run(seconds=10)

    assert last is not None
    assert station.ended.import_end_dwh == last.import_dwh
    assert station.ended.fault == "MeterSilent"
    assert station.view.screen is Screen.OUT_OF_SERVICE
    assert not station.closed


def test_a_register_that_falls_reaches_no_bill() -> None:
    station = charging().run(minutes=5)
    believed = station.state.evses[0].reading
    station.import_mwh -= 5_000_000
    station.run(seconds=2)

    assert believed is not None
    assert station.ended.fault == "MeterImplausible"
    assert station.ended.import_end_dwh == believed.import_dwh


@pytest.mark.parametrize("cost_e4", [0, -10_000])
def test_a_limit_of_nothing_ends_before_anything_is_released(cost_e4: int) -> None:
    station = VirtualStation()
    station.feed(ev.StartRequested(station.stamp(), "call", 1, 7, "psp-1", "DirectPayment"))
    transaction_id = station.of(TransactionStarted)[0].transaction_id
    limit = ev.Limit(cost_e4=cost_e4)
    station.feed(ev.TransactionAnswered(station.stamp(), transaction_id, 0, limit=limit))

    assert station.ended.stopped_reason == "LocalOutOfCredit"
    assert station.ended.cost.total_minor == 0
    assert fx.ReleaseLock(1) not in station.effects


def test_a_token_that_the_backend_refuses_ends_the_transaction() -> None:
    station = VirtualStation()
    station.feed(ev.StartRequested(station.stamp(), "call", 1, 7, "psp-1", "DirectPayment"))
    transaction_id = station.of(TransactionStarted)[0].transaction_id
    station.feed(ev.TransactionAnswered(station.stamp(), transaction_id, 0, token_accepted=False))

    assert station.ended.stopped_reason == "DeAuthorized"


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda station: station.scan_and_pay(minutes=60), "TxInProgress"),
        (lambda station: station.press_emergency_stop(), "FaultedEvse"),
    ],
)
def test_a_start_that_cannot_be_is_refused_with_its_reason(prepare: object, reason: str) -> None:
    station = VirtualStation()
    prepare(station)  # type: ignore[operator]
    before = len(station.of(TransactionStarted))
    station.feed(ev.StartRequested(station.stamp(), "late", 1, 8, "psp-2", "DirectPayment"))

    answer = next(effect for effect in reversed(station.effects) if isinstance(effect, fx.AnswerStart))
    assert (answer.accepted, answer.reason_code) == (False, reason)
    assert len(station.of(TransactionStarted)) == before


def test_a_killed_agent_takes_the_transaction_up_again() -> None:
    station = charging().run(minutes=10).kill_agent(away_ms=2000).run(minutes=52)

    assert station.ended.stopped_reason == "TimeLimitReached"
    assert station.ended.cost.total_minor == 720
    assert [record.kind for record in station.records] == ["B", *["C"] * 59, "E"]
    assert [record.number for record in station.records] == list(range(1, 62))


def test_a_decision_to_stop_survives_a_restart() -> None:
    station = charging().run(minutes=10)
    station.feed(ev.StopRequested(station.stamp(), "call", station.started.transaction_id))
    station.kill_agent()

    assert station.ended.stopped_reason == "Remote"
    assert not station.closed


def test_records_that_cannot_be_stored_stop_the_energy() -> None:
    station = charging().run(minutes=5)
    station.feed(ev.StorageFailed(station.stamp(), "no space left on device"))

    assert fx.Withdraw(1, "no permission stands") in station.effects
    assert station.view.screen is Screen.OUT_OF_SERVICE
    assert station.status == "Unavailable"


def test_sequence_numbers_have_no_gap() -> None:
    station = charging().run(minutes=5).fill_vehicle().run(minutes=3)
    numbers = [
        entry.seq_no
        for entry in station.entries
        if hasattr(entry, "seq_no") and getattr(entry, "kind", "") != "E"
    ]

    assert numbers == list(range(len(numbers)))


def test_each_record_points_at_the_one_before() -> None:
    station = charging().run(minutes=3).stop_from_phone()
    texts = [record.payload for record in station.records]
    linked = [json.loads(text)["UH"] for text in texts]

    assert linked == ["", *(hashlib.sha256(text.encode()).hexdigest() for text in texts[:-1])]
    assert [json.loads(text)["PG"] for text in texts] == [f"T{n + 1}" for n in range(len(texts))]


def test_the_qr_code_changes_with_its_validity() -> None:
    station = VirtualStation()
    first = station.view.qr_url
    station.run(seconds=31)

    assert first is not None
    assert station.view.qr_url not in (None, first)


def test_a_station_that_would_refuse_a_start_does_not_call_itself_available() -> None:
    station = VirtualStation()
    station.state = initial(station.settings)
    station.feed(ev.LinkOpened(station.stamp(), "ocpp2.1"))
    station._report()
    assert station.status is None

    station._sample()
    assert station.status == "Available"


def test_a_payment_under_way_hides_the_code_until_it_is_taken_back() -> None:
    station = VirtualStation()
    station.feed(ev.WebPaymentStarted(station.stamp(), 1, 120))
    assert station.view.screen is Screen.PAYING

    station.feed(ev.WebPaymentStarted(station.stamp(), 1, 0))
    assert station.view.screen is Screen.SCAN


def test_losing_the_interlock_ends_the_charge() -> None:
    station = charging().run(minutes=5)
    station.closed = False
    station.feed(ev.InterlockLost(station.stamp()))
    station._sample()

    assert station.ended.fault == "InterlockLost"
    assert station.ended.cost.energy_dwh == pytest.approx(6000, abs=10)


def test_a_tariff_set_in_mid_charge_is_for_the_next_driver() -> None:
    dear = replace(flat_tariff(), tariff_id="dear")
    station = charging().run(minutes=5)
    station.feed(ev.TariffSet(station.stamp(), "call", 1, dear))
    station.run(minutes=60)

    assert station.ended.cost.total_minor == 720
    assert station.state.evses[0].tariff == dear


def test_a_power_cut_bills_neither_the_time_without_power_nor_energy_twice() -> None:
    dear_time = flat_tariff(
        chargingTime={"prices": [{"priceMinute": 1}]}, idleTime={"prices": [{"priceMinute": 1}]}
    )
    station = charging(tariff=dear_time).run(minutes=10.5)
    station.cut_power(away_ms=20 * 60_000).run(minutes=5).stop_from_phone()

    ended = station.ended.cost
    assert ended.energy_dwh == pytest.approx(7_200 * 10 * 15.5 / 60, abs=20)
    assert ended.charging_ms + ended.idle_ms == pytest.approx(15 * 60_000, abs=2_000), (
        "from the last record on"
    )
    assert [record.number for record in station.records] == list(range(1, len(station.records) + 1))


def test_a_meter_exchanged_while_the_agent_was_away_reaches_no_bill() -> None:
    station = charging().run(minutes=5)
    last = station.records[-1]
    station.import_mwh = 1_000
    station.kill_agent().run(seconds=5)

    assert station.ended.fault == "MeterImplausible"
    assert station.ended.import_end_dwh == last.import_dwh
    assert station.ended.cost.total_e4 >= last.cost_e4


def test_a_vehicle_that_was_full_before_a_restart_still_ends_the_charge() -> None:
    station = charging().run(minutes=5).fill_vehicle().run(seconds=30).kill_agent().run(minutes=3)

    assert station.ended.stopped_reason == "StoppedByEV"


def test_a_reading_that_took_its_time_is_billed_for_the_time_it_was_asked_at() -> None:
    """At 9600 baud an answer takes 0.2 s; meanwhile other events have counted on."""
    station = charging().run(minutes=3.5)
    asked = station.stamp()
    reading = ev.MeterReading(asked, station.import_mwh // 100, station.watts)
    station._pass(40_000)
    station._report()
    before = len(station.records)
    station.feed(ev.MeterSampled(asked, 1, reading))
    assert len(station.records) == before, "half a minute was used when it was asked"

    station._sample()
    assert station.records[-1].charging_ms - station.records[-2].charging_ms == pytest.approx(70_000, abs=500)


def test_a_limit_that_limits_nothing_releases_nothing() -> None:
    station = VirtualStation()
    station.feed(ev.StartRequested(station.stamp(), "call", 1, 7, "psp-1", "DirectPayment"))
    transaction_id = station.of(TransactionStarted)[0].transaction_id
    station.feed(ev.TransactionAnswered(station.stamp(), transaction_id, 0, limit=ev.Limit()))

    assert not station.released
    assert station.of(LimitAccepted) == []


def test_a_restarted_agent_tells_the_interlock_that_nothing_is_permitted() -> None:
    """The interlock holds an emergency stop until the agent has taken its permission back, in words."""
    station = charging().run(minutes=5)
    station.faults = frozenset({"EmergencyStop"})
    station.closed, station.permit_ma = False, 0
    station.effects.clear()
    station.kill_agent()

    assert fx.Withdraw(1, "EmergencyStop") in station.effects
    assert not any(isinstance(effect, fx.Permit) for effect in station.effects)
    assert station.ended.stopped_reason == "EmergencyStop"


def test_a_station_shut_down_in_mid_charge_goes_on_after_the_start_as_after_a_power_cut() -> None:
    """In good order the agent ends first and the interlock opens after it: nothing was decided, no fault."""
    station = charging().run(minutes=10)
    station.cut_power(away_ms=60_000).plug_in().run(minutes=53)

    assert station.of(FaultRaised) == []
    assert station.ended.stopped_reason == "TimeLimitReached"
    assert station.ended.cost.total_minor == 720
    assert station.ended.cost.charging_ms == pytest.approx(3_600_000, abs=500)
