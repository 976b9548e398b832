"""A station's connection: what it is given, what it is answered, and what of it is on file."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Csms, eventually
from .station_script import TEN_O_CLOCK, CallRefused, ScriptedStation

Connect = Callable[..., ScriptedStation]


def frames(csms: Csms, text: str) -> list[Any]:
    """The lines of the trace that contain a text."""
    return [json.loads(line) for line in csms.trace.read_text().splitlines() if text in line]


def test_boot_is_answered_in_billing_time(connect: Connect) -> None:
    about = {"model": "Scripted", "vendorName": "Tests"}
    answer = connect().call("BootNotification", {"reason": "PowerUp", "chargingStation": about})
    assert (answer["status"], answer["interval"]) == ("Accepted", 300)
    assert answer["currentTime"].startswith("2026-06-01T02:0")


def test_a_booted_station_is_given_pay_page_and_tariff(csms: Csms, station: ScriptedStation) -> None:
    given = {
        item["variable"]["name"]: item["attributeValue"]
        for item in station.wait_for("SetVariables")["setVariableData"]
    }
    pay = "/pay/{chargingstationid}/{evse}?totp={totp}&v={version}"
    assert given["URLTemplate"] == str(csms.http.base_url).rstrip("/") + pay
    assert (given["ValidityTime"], given["Length"]) == ("30", "12")
    assert len(given["SharedSecret"]) >= 24
    told = next(s for s in csms.get("/api/state")["stations"] if s["id"] == station.identity)
    assert told["connected"] and told["version"] == "ocpp2.1" and told["tariff"] == "Accepted"
    assert told["connectors"] == [{"evse": 1, "status": "Available"}]
    assert set(told["web_payments"].values()) == {"Accepted"}
    assert told["boot"]["reason"] == "PowerUp"


def test_prices_leave_with_the_digits_of_the_tariff_file(station: ScriptedStation) -> None:
    station.wait_for("SetDefaultTariff")
    text = next(text for text in station.texts if "SetDefaultTariff" in text)
    for number in (
        '"priceKwh":1.45',
        '"priceMinute":0.02',
        '"priceMinute":0.05',
        '"priceFixed":0.5',
        '"tax":0',
    ):
        assert number + "}" in text or number + "," in text
    assert '"customData":{"vendorId":"wattseal","electricityKwh":0.95,"serviceKwh":0.5}' in text


def test_a_station_that_comes_back_without_booting_is_given_them_too(connect: Connect) -> None:
    station = connect()
    station.status("Available")
    station.wait_for("SetDefaultTariff")


def test_a_station_is_not_given_them_again_with_each_message(station: ScriptedStation) -> None:
    station.status("Occupied")
    station.status("Available")
    assert station.count("SetDefaultTariff") == 1


def test_a_refused_tariff_is_an_alarm_until_it_is_taken(csms: Csms, connect: Connect) -> None:
    def alarms(*, active: bool) -> list[Any]:
        found = csms.alarms(station.identity)
        return [alarm for alarm in found if alarm["fault"] == "Unprovisioned" and alarm["active"] is active]

    station = connect()
    station.replies["SetDefaultTariff"] = lambda _: {"status": "TooManyElements"}
    station.boot()
    eventually(lambda: alarms(active=True))
    assert "SetDefaultTariff: TooManyElements" in alarms(active=True)[0]["text"]
    station.replies["SetDefaultTariff"] = lambda _: {"status": "Accepted"}
    station.boot()
    eventually(lambda: alarms(active=False))


def test_problems_of_one_component_come_and_go_each_for_itself(csms: Csms, station: ScriptedStation) -> None:
    def notify(problem: str, cleared: bool) -> None:
        event = {
            "eventId": 1,
            "timestamp": TEN_O_CLOCK.isoformat(),
            "trigger": "Alerting",
            "actualValue": str(not cleared).lower(),
            "cleared": cleared,
            "techCode": "CX017",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "PowerContactor", "evse": {"id": 1}},
            "variable": {"name": "Problem", "instance": problem},
        }
        message = {"generatedAt": TEN_O_CLOCK.isoformat(), "seqNo": 0, "eventData": [event]}
        station.call("NotifyEvent", message)

    notify("ContactorWelded", cleared=False)
    notify("ContactorFailedToOpen", cleared=False)
    notify("ContactorFailedToOpen", cleared=True)
    alarms = csms.alarms(station.identity)
    assert [(a["fault"], a["code"], a["active"]) for a in alarms] == [
        ("ContactorWelded", "CX017", True),
        ("ContactorFailedToOpen", "CX017", False),
    ]


def test_an_unknown_action_is_answered(station: ScriptedStation) -> None:
    with pytest.raises(CallRefused) as refused:
        station.call("NotifyDERAlarm", {})
    assert refused.value.code == "NotImplemented"
    assert station.call("Heartbeat", {})["currentTime"]


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("StatusNotification", {"evseId": 1}),
        ("TransactionEvent", {"eventType": "Started"}),
        ("NotifyEvent", {"generatedAt": "now", "seqNo": 0, "eventData": []}),
        ("Heartbeat", {"unknown": 1}),
    ],
)
def test_a_message_against_its_schema_is_refused(
    station: ScriptedStation, action: str, payload: dict[str, Any]
) -> None:
    with pytest.raises(CallRefused):
        station.call(action, payload)
    assert station.call("Heartbeat", {})["currentTime"]


def test_junk_is_survived(station: ScriptedStation) -> None:
    station._socket.send("this is no JSON")
    station.send({"not": "a list"})
    station.send([9, "what", "is", "this"])
    station.send([])
    assert station.call("Heartbeat", {})["currentTime"]


def test_faults_are_alarms_until_they_are_cleared(csms: Csms, station: ScriptedStation) -> None:
    def notify(cleared: bool) -> None:
        event = {
            "eventId": 1,
            "timestamp": TEN_O_CLOCK.isoformat(),
            "trigger": "Alerting",
            "actualValue": str(not cleared).lower(),
            "cleared": cleared,
            "techCode": "CX008",
            "techInfo": "Emergency stop pressed",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "EmergencyStopSensor", "evse": {"id": 1}},
            "variable": {"name": "Problem"},
        }
        message = {"generatedAt": TEN_O_CLOCK.isoformat(), "seqNo": 0, "eventData": [event]}
        station.call("NotifyEvent", message)

    notify(cleared=False)
    notify(cleared=False)
    station.status("Faulted")
    alarms = csms.alarms(station.identity)
    assert [(a["fault"], a["code"], a["active"], a["evse"]) for a in alarms] == [
        ("EmergencyStop", "CX008", True, 1),
        ("Faulted", "Faulted", True, 1),
    ]
    assert alarms[0]["text"] == "Emergency stop pressed"
    notify(cleared=True)
    station.status("Available")
    assert not any(alarm["active"] for alarm in csms.alarms(station.identity))


def test_other_messages_are_taken(csms: Csms, station: ScriptedStation) -> None:
    now = TEN_O_CLOCK.isoformat()
    assert station.call("SecurityEventNotification", {"type": "StartupOfTheDevice", "timestamp": now}) == {}
    assert station.call("NotifyReport", {"requestId": 1, "generatedAt": now, "seqNo": 0}) == {}
    value = {"timestamp": now, "sampledValue": [{"value": 1}]}
    assert station.call("MeterValues", {"evseId": 1, "meterValue": [value]}) == {}
    token = {"idToken": "card", "type": "ISO14443"}
    assert station.call("Authorize", {"idToken": token})["idTokenInfo"]["status"] == "Unknown"
    assert [(a["code"], a["active"]) for a in csms.alarms(station.identity)] == [
        ("StartupOfTheDevice", False)
    ]


def test_any_call_can_be_sent_and_its_answer_seen(csms: Csms, station: ScriptedStation) -> None:
    station.replies["ClearCache"] = lambda _: {"status": "Accepted"}
    call = {"station": station.identity, "action": "ClearCache", "payload": {}}
    assert csms.post("/api/call", **call) == {"answer": {"status": "Accepted"}, "error": None}
    refused = csms.post("/api/call", **{**call, "action": "NoSuchThing", "payload": {"deviceSN": 1}})
    assert refused["error"]["code"] == "NotImplemented"
    assert station.received[-1] == ("NoSuchThing", {"deviceSN": 1})


def test_a_call_to_a_station_that_is_not_there_says_so(csms: Csms) -> None:
    answer = csms.http.post("/api/call", json={"station": "nobody", "action": "ClearCache", "payload": {}})
    assert answer.status_code == 502
    assert answer.json()["detail"] == "nobody is not connected"


def test_frames_are_on_file_without_the_secret(csms: Csms, station: ScriptedStation) -> None:
    secret = station.secret
    station.call("Heartbeat", {}, "a-heartbeat-to-find")
    sent, received = frames(csms, "a-heartbeat-to-find")
    assert (sent["direction"], sent["frame"]) == ("sent", [2, "a-heartbeat-to-find", "Heartbeat", {}])
    assert (received["direction"], received["frame"][0]) == ("received", 3)
    assert 0 < sent["mono_ns"] <= received["mono_ns"]
    assert sent["at"].startswith("2026-06-01T02:")
    assert secret not in csms.trace.read_text()
    assert any("***" in json.dumps(frame) for frame in frames(csms, "SharedSecret"))


def test_the_newest_connection_of_a_station_counts(csms: Csms, connect: Connect) -> None:
    old = connect("twice-connected").boot()
    new = connect("twice-connected", sealer=old.sealer)
    new.status("Occupied")
    new.replies["ClearCache"] = lambda _: {"status": "Accepted"}
    call = {"station": "twice-connected", "action": "ClearCache", "payload": {}}
    assert csms.post("/api/call", **call)["answer"] == {"status": "Accepted"}
    old._reader.join(5)
    assert not old._reader.is_alive(), "the old connection was ended"
