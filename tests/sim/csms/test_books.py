"""The books, over real frames: what settles, what does not, and by which name the reason goes."""

import base64
from decimal import Decimal
from typing import Any

import pytest

from .conftest import Csms
from .station_script import Charge, ScriptedStation


def charged(csms: Csms, station: ScriptedStation, minutes: int = 3, after: Charge | None = None) -> Charge:
    """An hour's charge up to its last minute, all in good order."""
    charge = csms.pay(station, minutes=60)
    if after is not None:
        charge.meter_dwh, charge.at = after.meter_dwh, after.at
    charge.start()
    charge.accept_limit({"maxTime": 3600})
    charge.plug_in()
    for _ in range(minutes):
        charge.minute()
    return charge


def problems(csms: Csms, charge: Charge) -> str:
    """All that stands against a charge, which must not be settled and must be on the alarm list."""
    receipt = csms.transaction(charge)["receipt"]
    assert receipt["settled"] is False
    alarms = csms.alarms(charge.station.identity)
    assert "NotSettled" in [alarm["fault"] for alarm in alarms]
    assert set(receipt["problems"]) <= {alarm["text"] for alarm in alarms}
    return "\n".join(receipt["problems"])


def test_a_whole_charge_is_verified_priced_again_and_settled(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    answer = charge.end()
    assert answer["totalCost"] == float(charge.total) == 1.08  # 0.36 kWh, 3 minutes, start fee
    assert answer["updatedPersonalMessage"]["content"] == "Wattseal has charged ¥1.08"
    assert answer["updatedPersonalMessageExtra"][0]["content"] == "Wattseal 已扣款 ¥1.08"

    told = csms.transaction(charge)
    assert told["state"] == "Ended"
    assert [minute["kind"] for minute in told["minutes"]] == ["B", "C", "C", "C", "E"]
    assert all(minute["verified"] for minute in told["minutes"])
    assert [minute["ocmf"] for minute in told["minutes"]] == charge.records
    receipt = told["receipt"]
    assert (receipt["total"], receipt["energy_wh"], receipt["minutes"]) == ("1.08", 360, 3)
    assert receipt["settled"] and receipt["verified"] and receipt["problems"] == []
    assert receipt["settled_ns"] >= receipt["ended_received_ns"] > 0
    assert csms.alarms(station.identity) == []
    assert csms.get(f"/api/records/{station.identity}") == charge.records
    assert csms.get(f"/api/public_key/{station.identity}")["hex"] == station.sealer.public_key_hex


def test_the_minutes_add_up_to_the_bill(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station, minutes=7)
    charge.end()
    told = csms.transaction(charge)
    minutes = sum(Decimal(minute["minute_cost"]) for minute in told["minutes"])
    assert minutes == Decimal(told["minutes"][-1]["cost"]) == charge.cost
    assert sum(Decimal(part) for part in told["receipt"]["costs"].values()) == Decimal(
        told["receipt"]["total"]
    )


def test_the_limit_comes_with_each_answer_until_it_is_accepted(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, amount=20)
    assert charge.start()["transactionLimit"] == {"maxCost": 20}
    assert charge.tell("Updated", "CablePluggedIn")["transactionLimit"] == {"maxCost": 20}
    assert "transactionLimit" not in charge.accept_limit({"maxCost": 20})
    assert "transactionLimit" not in charge.tell("Updated", "ChargingStateChanged")


def test_time_is_limited_in_seconds(csms: Csms, station: ScriptedStation) -> None:
    assert csms.pay(station, minutes=120).start()["transactionLimit"] == {"maxTime": 7200}


def test_a_limit_that_was_not_paid_for_is_not_settled(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, amount=10)
    charge.start()
    charge.accept_limit({"maxCost": 30})
    charge.plug_in()
    charge.end()
    assert "limit: the station accepted" in problems(csms, charge)


def test_an_amount_is_never_exceeded(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, amount=10)
    charge.cost_cap = Decimal(10)
    charge.start()
    charge.accept_limit({"maxCost": 10})
    charge.plug_in()
    charge.minute(energy_dwh=70_000)
    assert charge.end()["totalCost"] == 10
    assert csms.transaction(charge)["receipt"]["total"] == "10.00"


def test_a_station_that_bills_above_the_amount_is_not_settled(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, amount=10)
    charge.start()
    charge.accept_limit({"maxCost": 10})
    charge.plug_in()
    charge.minute(energy_dwh=70_000)
    assert "totalCost" not in charge.end()
    assert "says 10.6700, it comes to 10.0000" in problems(csms, charge)


def test_an_attempt_without_energy_settles_at_nothing(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, minutes=60)
    charge.start()
    answer = charge.tell("Ended", "EVConnectTimeout", "Idle", "Timeout")
    assert answer["totalCost"] == 0
    receipt = csms.transaction(charge)["receipt"]
    assert receipt["settled"] and receipt["verified"]
    assert (receipt["total"], receipt["energy_wh"], receipt["minutes"]) == ("0.00", 0, 0)


def _altered(meter_value: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    signed = meter_value["sampledValue"][0]["signedMeterValue"]
    text = base64.b64decode(signed["signedMeterData"]).decode()
    assert old in text
    signed["signedMeterData"] = base64.b64encode(text.replace(old, new).encode()).decode()
    return meter_value


def test_a_byte_altered_on_the_way_is_found(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    value = _altered(charge.next_minute(), '"UD":240000', '"UD":240001')
    charge.tell("Updated", "MeterValuePeriodic", "Charging", meterValue=[value])
    assert "totalCost" not in charge.end()
    found = problems(csms, charge)
    assert "seal: T5 does not verify" in found
    assert "chain: T6 does not carry the hash of T5" in found
    assert not csms.transaction(charge)["receipt"]["verified"]
    broken = next(minute for minute in csms.transaction(charge)["minutes"] if minute["page"] == 5)
    assert not broken["verified"] and "seal" in broken["why"]


def test_a_record_left_out_is_missed(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    charge.next_minute()
    charge.end()
    assert "missing: T4 is followed by T6" in problems(csms, charge)


def test_records_in_the_wrong_order_are_found(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    early, late = charge.next_minute(), charge.next_minute()
    for value in (late, early):
        charge.tell("Updated", "MeterValuePeriodic", "Charging", meterValue=[value])
    charge.end()
    found = problems(csms, charge)
    assert "missing: T4 is followed by T6" in found
    assert "order: T5 came after T6" in found


def test_a_wrong_cost_in_a_record_is_found(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    charge.bend = {"UC": "9.9999"}
    charge.minute()
    charge.bend = {}
    charge.end()
    assert "price: T5 says 9.9999, it comes to 1.2760" in problems(csms, charge)
    assert csms.transaction(charge)["receipt"]["verified"], "the seals are good all the same"


def test_a_wrong_total_is_found(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    charge.end(total=Decimal("1.09"))
    assert "price: the station's total is 1.09, it comes to 1.08" in problems(csms, charge)


def test_a_missing_begin_is_found(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, minutes=60)
    charge.start()
    charge.accept_limit({"maxTime": 3600})
    charge.begin_dwh = charge.meter_dwh
    charge.minute()
    charge.end()
    assert "pair: T1 is of the kind C" in problems(csms, charge)


def test_a_missing_end_is_found(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    charge.tell("Ended", "RemoteStop", "Idle", "Remote", **charge.bill())
    assert "pair: the end record is missing" in problems(csms, charge)


@pytest.mark.parametrize(
    ("bend", "named"),
    [
        ({"ST": "M"}, "meter: T5 has the meter state M"),
        ({"EF": "E"}, "meter: T5 carries the error flags E"),
        ({"EF": "t"}, "meter: T5 carries the error flags t"),
        ({"TM": "2026-06-01T10:04:00,000+0800 U", "EF": "t"}, None),
        ({"TM": "2026-06-01T10:04:00,000+0800 U"}, "meter: T5 carries the error flags of no error"),
        ({"RV": "1.0000!"}, "register: T5 reads less than T4"),
        ({"TM": "2026-06-01T09:00:00,000+0800 S"}, "time: T5 is stamped before T4"),
        ({"UT": "another"}, "origin: T5 belongs to the transaction another"),
        ({"CI": "another*1"}, "origin: T5 is for the connector another*1"),
        ({"UB": "1.0000!"}, "register: T5 names another begin register"),
        ({"UV": "fedcba9876543210"}, "tariff: T5 is priced by another tariff"),
        ({"UD": 0}, "time: T5 has less used time than T4"),
        ({"UC": "1.27600"}, None),
        ({"UC": "1.27601"}, "unreadable: UC 1.27601 has more than 4 decimals"),
    ],
)
def test_a_record_must_say_what_is_true(
    csms: Csms, station: ScriptedStation, bend: dict[str, Any], named: str | None
) -> None:
    charge = charged(csms, station)
    charge.bend = bend
    charge.minute()
    charge.bend = {}
    charge.end()
    if named is None:
        assert csms.transaction(charge)["receipt"]["settled"]
    else:
        assert named in problems(csms, charge)


def test_another_key_than_the_pinned_one_is_refused(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    honest, forger = station.sealer.key, type(station.sealer)(station.identity).key
    station.sealer.key = forger
    charge.minute()
    station.sealer.key = honest
    charge.end()
    found = problems(csms, charge)
    assert "key: " in found and "pinned at first sight" in found
    assert "seal: T5" in found


def test_a_message_sent_again_is_booked_once(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    event = charge.event("Updated", "MeterValuePeriodic", "Charging", meterValue=[charge.next_minute()])
    answers = [station.call("TransactionEvent", event, "the-same-id") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    charge.end()
    told = csms.transaction(charge)
    assert [minute["page"] for minute in told["minutes"]] == [1, 2, 3, 4, 5, 6]
    assert told["receipt"]["settled"]
    assert csms.alarms(station.identity) == []


def test_a_message_sent_again_under_a_new_id_is_booked_once(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    event = charge.event("Updated", "MeterValuePeriodic", "Charging", meterValue=[charge.next_minute()])
    assert station.call("TransactionEvent", event) == station.call("TransactionEvent", event)
    charge.end()
    assert len(csms.transaction(charge)["minutes"]) == 6
    assert csms.transaction(charge)["receipt"]["settled"]


def test_the_end_sent_again_is_answered_as_before(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    pair = [
        charge._meter_value(charge.records[0], "Transaction.Begin"),
        charge.record("E", "Transaction.End"),
    ]
    event = charge.event("Ended", "RemoteStop", "Idle", "Remote", meterValue=pair, **charge.bill())
    first = station.call("TransactionEvent", event, "end-id")
    settled_ns = csms.transaction(charge)["receipt"]["settled_ns"]
    assert station.call("TransactionEvent", event, "end-id") == first
    assert csms.transaction(charge)["receipt"]["settled_ns"] == settled_ns


def test_other_bytes_under_a_used_number_are_an_alarm(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    sealer = station.sealer
    sealer.page, kept = sealer.page - 1, (sealer.page, sealer.digest)
    charge.bend = {"TT": "another"}
    charge.tell("Updated", "MeterValuePeriodic", "Charging", meterValue=[charge.record("C")])
    charge.bend, (sealer.page, sealer.digest) = {}, kept
    charge.end()
    assert "doubled: another record T4 came with different bytes" in problems(csms, charge)


def test_what_comes_after_the_end_changes_nothing(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    charge.end()
    before = csms.transaction(charge)
    charge.minute()
    assert csms.transaction(charge) == before
    assert "came after the end" in csms.alarms(station.identity)[-1]["text"]


def test_a_lost_message_is_noticed(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    charge.event("Updated", "ChargingStateChanged", "Charging")
    charge.end()
    assert "missing: event 5 is followed by event 7" in problems(csms, charge)


def test_a_late_message_is_an_alarm_and_rolls_nothing_back(csms: Csms, station: ScriptedStation) -> None:
    charge = charged(csms, station)
    late = charge.event("Updated", "ChargingStateChanged", "SuspendedEV")
    charge.minute()
    station.call("TransactionEvent", late)
    charge.end()
    assert "order: event 6 came after event 7" in problems(csms, charge)
    assert csms.transaction(charge)["receipt"]["energy_wh"] == 480


def test_two_charges_are_one_chain(csms: Csms, station: ScriptedStation) -> None:
    first = charged(csms, station)
    first.end()
    second = charged(csms, station, after=first)
    second.end()
    assert csms.transaction(second)["receipt"]["settled"]
    assert csms.get(f"/api/records/{station.identity}") == first.records + second.records


def test_an_unknown_payment_is_not_accepted(csms: Csms, station: ScriptedStation) -> None:
    charge = Charge(station, "nobody-paid", "unpaid-1")
    assert charge.start() == {"idTokenInfo": {"status": "Invalid"}}


def test_a_payment_is_accepted(csms: Csms, station: ScriptedStation) -> None:
    assert csms.pay(station, minutes=60).start()["idTokenInfo"] == {"status": "Accepted"}
