"""Framing: what a frame means, and what is sent back for one that means nothing."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.csms.rpc import (
    BusyError,
    CallReceived,
    ErrorReceived,
    FrameRejected,
    OwnMessageError,
    ResultReceived,
    ResultRefused,
    Rpc,
    SendReceived,
)
from firmware.csms.schemas import Schemas

SCHEMAS = Schemas("ocpp2.1")
START = '{"remoteStartId":1,"idToken":{"idToken":"p","type":"DirectPayment"}}'


@pytest.fixture
def rpc() -> Rpc:
    return Rpc(SCHEMAS, has_types_5_and_6=True)


def answer_to(rpc: Rpc, frame: str | bytes) -> list[object]:
    rejected = rpc.receive(frame)
    assert isinstance(rejected, FrameRejected)
    answer: list[object] = json.loads(rejected.answer) if rejected.answer else []
    return answer


def test_a_call_of_the_backend_is_read(rpc: Rpc) -> None:
    call = rpc.receive(f'[2,"a","RequestStartTransaction",{START}]')
    assert call == CallReceived("a", "RequestStartTransaction", json.loads(START))


def test_numbers_keep_their_digits_in_both_directions(rpc: Rpc) -> None:
    rpc.call("m", "Heartbeat", {})
    result = rpc.receive('[3,"m",{"currentTime":"x","customData":{"vendorId":"v","n":12.340}}]')
    assert isinstance(result, ResultReceived)
    assert str(result.payload["customData"]["n"]) == "12.340"
    data = {"vendorId": "v", "data": {"price": Decimal("0.65000"), "most": Decimal("1234567890123.4567")}}
    assert rpc.call("n", "DataTransfer", data).endswith('"price":0.65000,"most":1234567890123.4567}}]')


@pytest.mark.parametrize(
    ("frame", "code", "word"),
    [
        ("{", "RpcFrameworkError", "truncated"),
        ("hello", "RpcFrameworkError", "malformed"),
        ("[" * 100_000, "RpcFrameworkError", "recursion"),
        ('[2,"a","Heartbeat",{"x":NaN}]', "RpcFrameworkError", "malformed"),
        (b"\x00\x01", "RpcFrameworkError", "binary"),
        ('{"a":1}', "RpcFrameworkError", "array"),
        ("[2]", "RpcFrameworkError", "array"),
        ('[2,7,"Heartbeat",{}]', "RpcFrameworkError", "message id"),
        ('[2,"","Heartbeat",{}]', "RpcFrameworkError", "message id"),
    ],
)
def test_garbage_is_answered_under_the_id_minus_one(
    rpc: Rpc, frame: str | bytes, code: str, word: str
) -> None:
    kind, message_id, answered, description, _ = answer_to(rpc, frame)
    assert (kind, message_id, answered) == (4, "-1", code)
    assert word in str(description)


@pytest.mark.parametrize(
    ("frame", "code", "where"),
    [
        ('[9,"a",{}]', "MessageTypeNotSupported", "9"),
        ('[true,"a",{}]', "MessageTypeNotSupported", "True"),
        ('[2,"a","GetTariffs"]', "FormatViolation", "3 elements"),
        ('[2,"a",5,{}]', "FormatViolation", "action"),
        ('[2,"a","GetTariffs",[]]', "FormatViolation", "object"),
        ('[2,"a","OpenThePodBayDoors",{}]', "NotImplemented", "OpenThePodBayDoors"),
        ('[2,"a","../../../etc/passwd",{}]', "NotImplemented", "not known"),
        ('[2,"a","GetTariffs",{}]', "OccurrenceConstraintViolation", "evseId"),
        ('[2,"a","GetTariffs",{"evseId":"1"}]', "TypeConstraintViolation", "evseId"),
        ('[2,"a","GetTariffs",{"evseId":-1}]', "PropertyConstraintViolation", "evseId"),
        ('[2,"a","GetTariffs",{"evseId":1.5}]', "TypeConstraintViolation", "evseId"),
        ('[2,"a","GetTariffs",{"evseId":1E+999999999}]', "TypeConstraintViolation", "evseId"),
        ('[2,"a","GetTariffs",{"evseId":1,"z":1}]', "FormatViolation", "z"),
        ('[2,"a","RequestStopTransaction",{"transactionId":"' + "x" * 37 + '"}]',
         "PropertyConstraintViolation", "transactionId"),
        ('[2,"a","RequestStartTransaction",{"remoteStartId":1,"idToken":{"idToken":"p"}}]',
         "OccurrenceConstraintViolation", "idToken"),
        ('[2,"a","RequestStartTransaction",' + START[:-1] + ',"transactionLimit":{"maxCost":1}}]',
         "FormatViolation", "transactionLimit"),
    ],
)  # fmt: skip
def test_a_bad_call_is_refused_with_the_field_that_is_wrong(
    rpc: Rpc, frame: str, code: str, where: str
) -> None:
    kind, message_id, answered, description, _ = answer_to(rpc, frame)
    assert (kind, message_id, answered) == (4, "a", code)
    assert where in str(description)


def test_a_refusal_does_not_repeat_the_value(rpc: Rpc) -> None:
    secret = "hunter2" * 500
    item = {"attributeValue": secret, "component": {"name": "W"}, "variable": {"name": "SharedSecret"}}
    refusal = answer_to(rpc, json.dumps([2, "a", "SetVariables", {"setVariableData": [item]}]))
    assert refusal[2] == "PropertyConstraintViolation"
    assert "setVariableData[0].attributeValue" in str(refusal[3])
    assert "hunter2" not in str(refusal)


@pytest.mark.parametrize(
    "frame",
    ['[3,"x",{}]', '[3,"x"]', '[4,"x","InternalError","",{}]', '[4,"x"]', '[5,"x"]', '[6,"x","Nothing",{}]'],
)
def test_answers_to_nothing_are_not_answered(rpc: Rpc, frame: str) -> None:
    assert answer_to(rpc, frame) == []


def test_a_whole_number_written_with_a_point_is_a_whole_number(rpc: Rpc) -> None:
    call = rpc.receive('[2,"a","GetTariffs",{"evseId":1.0}]')
    assert isinstance(call, CallReceived) and isinstance(call.payload["evseId"], int)


def test_one_call_at_a_time(rpc: Rpc) -> None:
    assert rpc.call("1", "Heartbeat", {}) == '[2,"1","Heartbeat",{}]'
    with pytest.raises(BusyError, match="Heartbeat"):
        rpc.call("2", "Heartbeat", {})
    assert isinstance(rpc.receive('[3,"1",{"currentTime":"2026-06-01T10:00:00Z"}]'), ResultReceived)
    rpc.call("2", "Heartbeat", {})


def test_a_late_answer_is_not_taken_for_the_next_call(rpc: Rpc) -> None:
    rpc.call("1", "Heartbeat", {})
    rpc.give_up()
    rpc.call("2", "Heartbeat", {})
    assert isinstance(rpc.receive('[3,"1",{"currentTime":"x"}]'), FrameRejected)
    assert isinstance(rpc.receive('[4,"1","GenericError","",{}]'), FrameRejected)
    assert isinstance(rpc.receive('[3,"2",{"currentTime":"x"}]'), ResultReceived)


def test_a_refused_call(rpc: Rpc) -> None:
    rpc.call("1", "Heartbeat", {})
    assert rpc.receive('[4,"1","SecurityError","go away",{}]') == ErrorReceived("SecurityError", "go away")


def test_a_message_of_ours_that_does_not_fit_is_not_sent(rpc: Rpc) -> None:
    with pytest.raises(OwnMessageError, match="timestamp"):
        rpc.call("1", "TransactionEvent", {"eventType": "Ended"})
    with pytest.raises(OwnMessageError, match="timestamp"):
        status = {"timestamp": "yesterday", "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
        rpc.call("1", "StatusNotification", status)
    with pytest.raises(OwnMessageError, match="status"):
        rpc.result("a", "RequestStartTransaction", {"status": "Perhaps"})


def test_a_bad_answer_is_told_back_in_2_1_only(rpc: Rpc) -> None:
    rpc.call("1", "Heartbeat", {})
    bad = rpc.receive('[3,"1",{"currentTime":5}]')
    assert isinstance(bad, ResultReceived)
    assert bad.violation is not None and bad.violation.where == "currentTime"
    assert json.loads(bad.objection)[:3] == [5, "1", "TypeConstraintViolation"]
    older = Rpc(Schemas("ocpp2.0.1"), has_types_5_and_6=False)
    older.call("1", "Heartbeat", {})
    bad = older.receive('[3,"1",{"currentTime":5}]')
    assert isinstance(bad, ResultReceived) and bad.violation and not bad.objection


def test_an_answer_may_carry_more_than_the_schema_knows(rpc: Rpc) -> None:
    rpc.call("1", "Heartbeat", {})
    answer = rpc.receive('[3,"1",{"currentTime":"no date at all","mood":"fine"}]')
    assert isinstance(answer, ResultReceived) and answer.violation is None


def test_types_5_and_6_belong_to_2_1(rpc: Rpc) -> None:
    refused = rpc.receive('[5,"a","TypeConstraintViolation","status",{}]')
    assert refused == ResultRefused("a", "TypeConstraintViolation", "status")
    assert isinstance(rpc.receive('[6,"a","Heartbeat",{}]'), SendReceived)
    older = Rpc(Schemas("ocpp2.0.1"), has_types_5_and_6=False)
    assert answer_to(older, '[6,"a","Heartbeat",{}]')[2] == "MessageTypeNotSupported"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)
ACTIONS = st.sampled_from(["TransactionEvent", "SetDefaultTariff", "Heartbeat", "", "Nothing"])


@given(st.lists(st.integers(-1, 7) | st.just("m") | ACTIONS | JSON, max_size=6).map(json.dumps) | st.text())
def test_whatever_comes_has_a_meaning_and_a_fitting_answer(frame: str) -> None:
    rpc = Rpc(SCHEMAS, has_types_5_and_6=True)
    rpc.call("m", "Heartbeat", {})
    received = rpc.receive(frame)
    if isinstance(received, FrameRejected) and received.answer:
        answer = json.loads(received.answer)
        assert answer[0] == 4 and len(answer) == 5 and len(answer[3]) <= 255
