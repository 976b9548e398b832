"""Calls of the backend: what reaches the core, and what is answered."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from firmware.core.effects import AnswerCall, AnswerStart, ReportStatus
from firmware.core.events import (
    ClearRequested,
    LinkClosed,
    LinkOpened,
    SettingChanged,
    StartRequested,
    StopRequested,
    TariffsCleared,
    TariffSet,
    WebPaymentStarted,
)
from firmware.core.tariff import Tariff
from tests.csms.bench import Bench, bench, scene
from tests.csms.samples import TARIFF, TX, usage

START = {"remoteStartId": 7, "evseId": 1, "idToken": {"idToken": "psp-4711", "type": "DirectPayment"}}


class Core:
    """What the core would say of itself."""

    def default_tariffs(self) -> Mapping[int, Tariff]:
        return {1: TARIFF}

    def contactor_cycles(self, evse: int) -> int:
        return 4711

    def is_ongoing(self, transaction_id: str) -> bool:
        return transaction_id == TX


@scene
async def test_a_start_is_asked_of_the_core_and_answered_with_its_transaction() -> None:
    async with bench() as here:
        await here.online()
        await here.backend.say(f'[2,"s","RequestStartTransaction",{json.dumps(START)}]')
        asked = await here.event(StartRequested)
        assert (asked.evse, asked.remote_start_id, asked.id_token, asked.token_type) == (
            1, 7, "psp-4711", "DirectPayment",
        )  # fmt: skip
        assert here.backend.raw == [], "answered before the core decided"
        here.answer(AnswerStart(asked.call, True, TX))
        assert await here.backend.answer("s") == [3, "s", {"status": "Accepted", "transactionId": TX}]


@scene
async def test_two_starts_at_once_get_their_own_answers() -> None:
    async with bench() as here:
        await here.online()
        for message_id in ("one", "two"):
            await here.backend.say(f'[2,"{message_id}","RequestStartTransaction",{json.dumps(START)}]')
        first, second = await here.event(StartRequested), await here.event(StartRequested, 2)
        here.answer(AnswerStart(second.call, False, reason_code="TxInProgress", why="EVSE 1 is occupied"))
        here.answer(AnswerStart(first.call, True, TX))
        assert (await here.backend.answer("one"))[2]["transactionId"] == TX
        assert (await here.backend.answer("two"))[2] == {
            "status": "Rejected",
            "statusInfo": {"reasonCode": "TxInProgress", "additionalInfo": "EVSE 1 is occupied"},
        }


@scene
async def test_an_answer_for_a_connection_that_is_gone_goes_nowhere() -> None:
    async with bench() as here:
        await here.online()
        await here.backend.say(f'[2,"s","RequestStartTransaction",{json.dumps(START)}]')
        asked = await here.event(StartRequested)
        await here.backend.connections[-1].close()
        await here.event(LinkClosed)
        await here.event(LinkOpened, 2)
        here.answer(AnswerStart(asked.call, True, TX))
        assert (await here.backend.call("DataTransfer", {"vendorId": "x"}))[2] == {
            "status": "UnknownVendorId"
        }
        assert [frame[1] for frame in here.backend.raw] == ["c1"]


@scene
async def test_a_start_on_an_evse_that_is_not_there() -> None:
    async with bench() as here:
        await here.online()
        answer = await here.backend.call("RequestStartTransaction", {**START, "evseId": 9})
        assert (answer[2]["status"], answer[2]["statusInfo"]["reasonCode"]) == ("Rejected", "UnknownEvse")
        assert not any(isinstance(event, StartRequested) for event in here.events)


@scene
async def test_a_stop_of_an_unknown_transaction_is_the_cores_to_refuse() -> None:
    async with bench() as here:
        await here.online()
        await here.backend.say('[2,"s","RequestStopTransaction",{"transactionId":"nobody"}]')
        asked = await here.event(StopRequested)
        assert asked.transaction_id == "nobody"
        here.answer(AnswerCall(asked.call, "Rejected", "UnknownTransaction", "no such transaction"))
        assert (await here.backend.answer("s"))[2]["statusInfo"]["reasonCode"] == "UnknownTransaction"


@scene
async def test_a_tariff_reaches_the_core_with_exact_prices() -> None:
    tariff = '{"tariffId":"night","currency":"CNY","energy":{"prices":[{"priceKwh":0.65001}]}}'
    async with bench() as here:
        await here.online()
        await here.backend.say(f'[2,"t","SetDefaultTariff",{{"evseId":0,"tariff":{tariff}}}]')
        asked = await here.event(TariffSet)
        assert asked.evse == 0
        assert asked.tariff.energy.prices[0].price_e5 == 65_001
        here.answer(AnswerCall(asked.call, "Accepted"))
        assert (await here.backend.answer("t"))[2] == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("evse", "price", "status"),
    [
        (0, {"priceKwh": 1, "conditions": {"minPower": 3}}, "ConditionNotSupported"),
        (0, {"priceKwh": 0.123456789}, "Rejected"),
        (5, {"priceKwh": 1}, "Rejected"),
    ],
)
def test_a_tariff_that_cannot_be_priced_is_refused(evse: int, price: dict[str, Any], status: str) -> None:
    @scene
    async def script() -> None:
        async with bench() as here:
            await here.online()
            tariff = {"tariffId": "t", "currency": "CNY", "energy": {"prices": [price]}}
            answer = await here.backend.call("SetDefaultTariff", {"evseId": evse, "tariff": tariff})
            assert answer[2]["status"] == status
            assert answer[2]["statusInfo"]["additionalInfo"]

    script()


@scene
async def test_tariffs_are_cleared_and_listed() -> None:
    async with bench(state=Core()) as here:
        await here.online()
        await here.backend.say('[2,"c","ClearTariffs",{"tariffIds":["a","b"]}]')
        asked = await here.event(TariffsCleared)
        assert (asked.evse, asked.tariff_ids) == (None, ("a", "b"))
        here.answer(AnswerCall(asked.call, "NoTariff"))
        results = (await here.backend.answer("c"))[2]["clearTariffsResult"]
        assert results == [{"tariffId": name, "status": "NoTariff"} for name in ("a", "b")]
        listed = await here.backend.call("GetTariffs", {"evseId": 0}, "g")
        assert listed[2]["tariffAssignments"] == [
            {"tariffId": "chu-ac-2026-1", "tariffKind": "DefaultTariff", "evseIds": [1]}
        ]


@scene
async def test_the_state_of_a_transaction() -> None:
    async with bench(state=Core()) as here:
        await here.online()
        ours = await here.backend.call("GetTransactionStatus", {"transactionId": TX}, "1")
        assert ours[2] == {"ongoingIndicator": True, "messagesInQueue": False}
        here.outbox.put(usage())
        other = await here.backend.call("GetTransactionStatus", {"transactionId": "other"}, "2")
        assert other[2] == {"ongoingIndicator": False, "messagesInQueue": True}
        assert (await here.backend.call("GetTransactionStatus", {}, "3"))[2] == {"messagesInQueue": True}


@scene
async def test_a_driver_on_the_pay_page() -> None:
    async with bench() as here:
        await here.online()
        assert (await here.backend.call("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 120}))[2] == {}
        started = await here.event(WebPaymentStarted)
        assert (started.evse, started.timeout_s) == (1, 120)
        refused = await here.backend.call("NotifyWebPaymentStarted", {"evseId": 4, "timeout": 120}, "c2")
        assert (refused[0], refused[2]) == (4, "PropertyConstraintViolation")


@scene
async def test_variables_are_set_through_the_core_and_each_has_its_own_outcome() -> None:
    async with bench() as here:
        await here.online()
        items = [
            _set("WebPaymentsCtrlr", "ValidityTime", "60"),
            _set("WebPaymentsCtrlr", "ValidityTime", "5"),
            _set("WebPaymentsCtrlr", "Colour", "red"),
            _set("PodBayCtrlr", "Open", "true"),
            _set("TxCtrlr", "SupportedLimits", "MaxCost"),
            _set("WebPaymentsCtrlr", "SharedSecret", "secure!Charging!"),
        ]
        await here.backend.say(f'[2,"v","SetVariables",{json.dumps({"setVariableData": items})}]')
        validity, secret = await here.event(SettingChanged), await here.event(SettingChanged, 2)
        assert (validity.component, validity.variable, validity.value) == (
            "WebPaymentsCtrlr",
            "ValidityTime",
            "60",
        )
        here.answer(AnswerCall(secret.call, "Accepted"))
        assert here.backend.raw == [], "answered before every item was decided"
        here.answer(AnswerCall(validity.call, "Accepted"))
        results = (await here.backend.answer("v"))[2]["setVariableResult"]
        assert [result["attributeStatus"] for result in results] == [
            "Accepted", "Rejected", "UnknownVariable", "UnknownComponent", "Rejected", "Accepted",
        ]  # fmt: skip
        assert results[1]["attributeStatusInfo"]["additionalInfo"] == "must be at least 6"
        assert here.settings.value("WebPaymentsCtrlr", "SharedSecret") == "secure!Charging!"


@scene
async def test_variables_are_read_but_not_the_secret() -> None:
    async with bench() as here:
        await here.online()
        here.client.report_status(ReportStatus(1, "Faulted"))
        items = [
            _get("WebPaymentsCtrlr", "Length"),
            _get("WebPaymentsCtrlr", "SharedSecret"),
            _get("ClockCtrlr", "DateTime"),
            {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}},
            {**_get("WebPaymentsCtrlr", "Length"), "attributeType": "MaxSet"},
            {
                "component": {"name": "OCPPCommCtrlr"},
                "variable": {"name": "MessageAttempts", "instance": "TransactionEvent"},
            },
        ]
        answer = await here.backend.call("GetVariables", {"getVariableData": items})
        results = answer[2]["getVariableResult"]
        assert [result.get("attributeValue") for result in results] == [
            "12", None, "2026-06-01T02:00:00.000Z", "Faulted", None, "3",
        ]  # fmt: skip
        assert results[1]["attributeStatus"] == "Rejected"
        assert results[4]["attributeStatus"] == "NotSupportedAttributeType"


@scene
async def test_too_many_items_are_refused() -> None:
    async with bench() as here:
        await here.online()
        items = [_get("WebPaymentsCtrlr", "Length")] * 51
        answer = await here.backend.call("GetVariables", {"getVariableData": items})
        assert answer[2:4] == ["OccurrenceConstraintViolation", "51 items, at most 50 in one GetVariables"]


@scene
async def test_the_inventory_follows_its_answer_in_parts() -> None:
    async with bench() as here:
        await here.online()
        request = {"requestId": 5, "reportBase": "FullInventory"}
        assert (await here.backend.call("GetBaseReport", request))[2] == {"status": "Accepted"}
        await here.until(lambda: _complete(here))
        parts = here.backend.payloads("NotifyReport")
        assert [part["seqNo"] for part in parts] == list(range(len(parts)))
        rows = [row for part in parts for row in part["reportData"]]
        (secret,) = [row for row in rows if row["variable"]["name"] == "SharedSecret"]
        assert secret["variableAttribute"] == [
            {"type": "Actual", "mutability": "WriteOnly", "persistent": True}
        ]
        (limits,) = [row for row in rows if row["variable"]["name"] == "SupportedLimits"]
        assert limits["variableAttribute"][0]["value"] == "MaxCost,MaxEnergy,MaxTime"


@pytest.mark.parametrize("base", ["ConfigurationInventory", "SummaryInventory"])
def test_smaller_inventories(base: str) -> None:
    @scene
    async def script() -> None:
        async with bench() as here:
            await here.online()
            await here.backend.call("GetBaseReport", {"requestId": 5, "reportBase": base})
            await here.until(lambda: _complete(here))

    script()


@scene
async def test_messages_are_triggered() -> None:
    async with bench() as here:
        await here.online()
        assert (await _trigger(here, "Heartbeat", "1")) == "Accepted"
        await here.until(lambda: "Heartbeat" in here.backend.actions())
        assert (await _trigger(here, "StatusNotification", "2")) == "Rejected", "no status is known yet"
        here.client.report_status(ReportStatus(1, "Available"))
        await here.until(lambda: len(here.backend.payloads("StatusNotification")) == 1)
        assert (await _trigger(here, "StatusNotification", "3")) == "Accepted"
        await here.until(lambda: len(here.backend.payloads("StatusNotification")) == 2)
        assert (await _trigger(here, "BootNotification", "4")) == "Rejected"
        assert (await _trigger(here, "SignV2GCertificate", "5")) == "NotImplemented"


@scene
async def test_a_reset_of_an_evse_asks_the_core_to_clear_what_a_backend_may() -> None:
    async with bench() as here:
        await here.online()
        await here.backend.say('[2,"r","Reset",{"type":"Immediate","evseId":1}]')
        asked = await here.event(ClearRequested)
        assert (asked.evse, asked.by) == (1, "backend")
        here.answer(AnswerCall(asked.call, "Rejected", "FaultedEvse", "only an engineer may clear it"))
        assert (await here.backend.answer("r"))[2] == {
            "status": "Rejected",
            "statusInfo": {"reasonCode": "FaultedEvse", "additionalInfo": "only an engineer may clear it"},
        }


@pytest.mark.parametrize(("evse", "reason"), [({"evseId": 9}, "UnknownEvse"), ({}, "UnsupportedRequest")])
def test_a_reset_of_what_cannot_be_reset_is_refused(evse: dict[str, int], reason: str) -> None:
    @scene
    async def script() -> None:
        async with bench() as here:
            await here.online()
            answer = await here.backend.call("Reset", {"type": "Immediate", **evse})
            assert answer[2]["status"] == "Rejected"
            assert answer[2]["statusInfo"]["reasonCode"] == reason

    script()


@pytest.mark.parametrize("action", ["OpenThePodBayDoors", "Heartbeat"])
def test_what_is_not_implemented_is_said(action: str) -> None:
    @scene
    async def script() -> None:
        async with bench() as here:
            await here.online()
            answer = await here.backend.call(action, {})
            assert (answer[0], answer[2]) == (4, "NotImplemented")

    script()


@scene
async def test_a_call_of_2_1_is_not_known_in_2_0_1() -> None:
    async with bench(speaks=("ocpp2.0.1",), versions=("ocpp2.0.1",)) as here:
        await here.online()
        answer = await here.backend.call("GetTariffs", {"evseId": 0})
        assert (answer[0], answer[2]) == (4, "NotImplemented")


def _set(component: str, variable: str, value: str) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}


def _get(component: str, variable: str) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": variable}}


def _complete(here: Bench) -> bool:
    parts = here.backend.payloads("NotifyReport")
    return bool(parts) and not parts[-1]["tbc"]


async def _trigger(here: Bench, message: str, message_id: str) -> str:
    answer = await here.backend.call("TriggerMessage", {"requestedMessage": message}, message_id)
    status: str = answer[2]["status"]
    return status


@scene
async def test_the_backend_can_read_how_often_a_contactor_has_closed() -> None:
    async with bench(state=Core()) as here:
        await here.online()
        wanted = _get("PowerContactor", "Count")
        wanted["component"]["evse"] = {"id": 1}
        answer = await here.backend.call("GetVariables", {"getVariableData": [wanted]})
        assert answer[2]["getVariableResult"][0]["attributeValue"] == "4711"
